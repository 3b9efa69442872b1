package catalog_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
)

func parsed(tb testing.TB, text string) *openbroker.Catalog {
	tb.Helper()
	s, err := catalog.ParseSource("catalog.yaml", []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	c, err := s.Catalog()
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func readText(tb testing.TB, path string) string {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

// inOneLine formats a change in one line.
func inOneLine(c catalog.Change) string {
	return fmt.Sprintf("%s %s %s %s%s: %s", c.Impact, c.Kind, strings.TrimSuffix(c.ServiceName+"/"+c.PlanName, "/"), c.Pointer, map[bool]string{true: " (!)"}[c.Breaking()], c.Message)
}

// Each edit of before.yaml causes the changes in its golden file.
func TestDiff(t *testing.T) {
	t.Parallel()
	before := readText(t, "testdata/diff/before.yaml")
	_, lastService, _ := strings.Cut(before, "x-quota: {bytes: 64}\n")
	for name, edits := range map[string][]string{
		"service_removed":        {lastService, ""},
		"service_added":          {"services:\n", "services:\n  - {id: s-new, name: new, description: New., bindable: false, plans: [{id: p-new, name: new, description: New.}]}\n"},
		"service_reidentified":   {"id: s-queue", "id: s-queue-2"},
		"service_renamed":        {"name: queue", "name: messages"},
		"plan_removed":           {"      - id: p-large\n        name: large\n        description: A large one.\n        free: false\n        x-quota: {bytes: 64}\n", ""},
		"plan_added":             {"      - id: p-large\n", "      - {id: p-tiny, name: tiny, description: Tiny.}\n      - id: p-large\n"},
		"plan_reidentified":      {"id: p-large", "id: p-large-2"},
		"plan_renamed":           {"name: large", "name: big"},
		"plan_moved":             {"      - {id: p-queue, name: standard, description: The only one.}\n", "      - {id: p-other, name: other, description: Another.}\n", "      - id: p-large\n", "      - {id: p-queue, name: standard, description: The only one.}\n      - id: p-large\n"},
		"plan_moved_replaced":    {"      - {id: p-queue, name: standard, description: The only one.}\n", "      - {id: p-other, name: standard, description: Another.}\n", "      - id: p-large\n", "      - {id: p-queue, name: standard, description: The only one.}\n      - id: p-large\n"},
		"ids_swapped":            {"id: p-large", "id: p-tmp", "id: p-small", "id: p-large", "id: p-tmp", "id: p-small"},
		"service_default":        {"    bindable: true\n    plan_updateable: true", "    bindable: false\n    plan_updateable: false"},
		"service_default_unused": {"    bindable: true\n    plans:\n      - {id: p-queue,", "    bindable: false\n    plans:\n      - {bindable: true, id: p-queue,"},
		"plan_bindable":          {"        free: false\n", "        free: false\n        bindable: false\n        plan_updateable: false\n"},
		"retrievable":            {"instances_retrievable: true\n    bindings_retrievable: true\n    allow_context_updates: true\n", "instances_retrievable: false\n"},
		"granted":                {"name: queue\n", "name: queue\n    plan_updateable: true\n    instances_retrievable: true\n"},
		"rotation":               {"        binding_rotatable: true\n", ""},
		"requires":               {"[syslog_drain]", "[volume_mount]"},
		"tags":                   {"[sql, relational]", "[relational, mysql]"},
		"free":                   {"free: true", "free: false", "free: false\n        x-quota", "free: true\n        x-quota"},
		"costs":                  {"{eur: 1.5}", "{eur: 2, usd: 2.25}"},
		"polling_lower":          {"maximum_polling_duration: 600", "maximum_polling_duration: 60"},
		"polling_higher":         {"maximum_polling_duration: 600", "maximum_polling_duration: 601"},
		"polling_gone":           {"        maximum_polling_duration: 600\n", ""},
		"maintenance_raised":     {"version: 1.2.0", "version: 1.10.0"},
		"maintenance_lowered":    {"version: 1.2.0", "version: 1.2.0-rc.1"},
		"maintenance_incomparable": {
			"version: 1.2.0", "version: next",
		},
		"maintenance_gone":     {"        maintenance_info: {version: 1.2.0, description: OS}\n", ""},
		"maintenance_new":      {"name: large\n", "name: large\n        maintenance_info: {version: 1.0.0}\n"},
		"dashboard_secret":     {"hunter2", "hunter3"},
		"dashboard_other":      {"id: dash,", "id: dashboard,", "https://dash.", "https://dashboard."},
		"dashboard_gone":       {"    dashboard_client: {id: dash, secret: hunter2, redirect_uri: https://dash.example.com}\n", ""},
		"texts":                {"A database.", "One database.", "displayName: SQL", "displayName: sql", "[1 GB]", "[2 GB]", "description: OS", "description: Linux"},
		"shareable":            {", shareable: true", ""},
		"extensions":           {"x-owner: databases", "x-team: databases", "{bytes: 64}", "{bytes: 128}"},
		"update_narrowed":      {"update: {parameters: {$schema: http://json-schema.org/draft-04/schema#, type: object, properties: {size: {type: integer, maximum: 10}}", "update: {parameters: {$schema: http://json-schema.org/draft-04/schema#, type: object, properties: {size: {type: integer, maximum: 5}}"},
		"create_narrowed":      {"maximum: 10, default: 1", "maximum: 5, default: 1"},
		"create_widened":       {"maximum: 10, default: 1", "maximum: 20, default: 2"},
		"create_undeclared":    {"{size: {type: integer, maximum: 10, default: 1}}", "{size: {type: integer, maximum: 10, default: 1}, zone: {type: string}}"},
		"binding_narrowed":     {"[rw, ro]", "[rw]"},
		"binding_unproven":     {"{mode: {enum: [rw, ro]}}", "{mode: {type: string, anyOf: [{pattern: '^(rw|ro)$'}]}}"},
		"binding_schema_gone":  {readLine(before, "          service_binding:") + readLine(before, "            create: {parameters: {$schema: http://json-schema.org/draft-04/schema#, type: object, properties: {mode"), ""},
		"schema_new":           {"name: large\n", "name: large\n        schemas: {service_instance: {update: {parameters: {$schema: http://json-schema.org/draft-04/schema#}}}}\n"},
		"schema_written_other": {"{mode: {enum: [rw, ro]}}", "{mode: {enum: [ro, rw]}}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after := before
			for i := 0; i < len(edits); i += 2 {
				if !strings.Contains(after, edits[i]) {
					t.Fatalf("before.yaml has no %q", edits[i])
				}
				after = strings.Replace(after, edits[i], edits[i+1], 1)
			}
			var lines strings.Builder
			for _, change := range catalog.Diff(parsed(t, before), parsed(t, after)) {
				fmt.Fprintln(&lines, inOneLine(change))
			}
			if strings.Contains(lines.String(), "hunter") {
				t.Error("a secret is shown")
			}
			golden(t, filepath.Join("testdata", "diff", name+".txt"), lines.String())
		})
	}
}

// readLine returns the line of a text with the given prefix.
func readLine(text, beginning string) string {
	_, rest, _ := strings.Cut(text, beginning)
	end, _, _ := strings.Cut(rest, "\n")
	return beginning + end + "\n"
}

// A different spelling of the same catalog is not a change.
func TestDiffOfTheSame(t *testing.T) {
	t.Parallel()
	c := parsed(t, readText(t, "testdata/diff/before.yaml"))
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	other := parsed(t, strings.NewReplacer("1.5", "15e-1", `"maximum":10`, `"maximum":10.0`).Replace(string(encoded)))
	slices.Reverse(other.Services)
	for i := range other.Services {
		slices.Reverse(other.Services[i].Plans)
		slices.Reverse(other.Services[i].Tags)
		for j := range other.Services[i].Plans {
			plan := &other.Services[i].Plans[j]
			bindable, free := other.Services[i].PlanBindable(plan), plan.IsFree()
			plan.Bindable, plan.Free = &bindable, &free
		}
	}
	if changes := catalog.Diff(c, other); len(changes) > 0 {
		t.Errorf("changes: %+v", changes)
	}
	if changes := catalog.Diff(nil, nil); len(changes) > 0 {
		t.Errorf("changes without catalogs: %+v", changes)
	}
}

// Diff bounds the work for hostile schemas, for all plans together. Schemas that it
// does not compare count as narrower.
func TestDiffOfHostilePlans(t *testing.T) {
	t.Parallel()
	hostile := func(leaf string) *openbroker.Catalog {
		schema := strings.Repeat(`{"anyOf":[{"minLength":1},`, 200) + `{"type":"` + leaf + `"}` + strings.Repeat(`]}`, 200)
		service := openbroker.Service{ID: "s", Name: "s", Description: "A service."}
		for i := range 200 {
			service.Plans = append(service.Plans, openbroker.Plan{ID: fmt.Sprint("p", i), Name: fmt.Sprint("p", i), Description: "A plan.", Schemas: &openbroker.Schemas{
				ServiceBinding: &openbroker.BindingSchemas{Create: &openbroker.InputParametersSchema{Parameters: []byte(schema)}},
			}})
		}
		return &openbroker.Catalog{Services: []openbroker.Service{service}}
	}
	ended := make(chan []catalog.Change, 1)
	go func() { ended <- catalog.Diff(hostile("string"), hostile("object")) }()
	select {
	case changes := <-ended:
		if len(changes) < 200 || slices.ContainsFunc(changes, func(c catalog.Change) bool { return !c.Breaking() }) {
			t.Errorf("%d changes", len(changes))
		}
	case <-time.After(watchPatience):
		t.Fatal("the comparison takes too long")
	}
}

// Diff reports the change of each of many plans.
func TestDiffOfManyPlans(t *testing.T) {
	t.Parallel()
	many := func(limit string) *openbroker.Catalog {
		c := &openbroker.Catalog{}
		for i := range 100 {
			service := openbroker.Service{ID: fmt.Sprint("s", i), Name: fmt.Sprint("s", i), Description: limit, Bindable: true}
			for j := range 10 {
				parameters := `{"$schema":"http://json-schema.org/draft-04/schema#","properties":{"a":{"type":"integer","maximum":` + limit + `}}}`
				service.Plans = append(service.Plans, openbroker.Plan{ID: fmt.Sprintf("p%d-%d", i, j), Name: fmt.Sprint("p", j), Description: "A plan.", Schemas: &openbroker.Schemas{
					ServiceBinding: &openbroker.BindingSchemas{Create: &openbroker.InputParametersSchema{Parameters: []byte(parameters)}},
				}})
			}
			c.Services = append(c.Services, service)
		}
		return c
	}
	if changes := catalog.Diff(many("2"), many("1")); len(changes) != 1_100 {
		t.Errorf("%d changes", len(changes))
	}
}
