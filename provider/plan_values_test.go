package provider_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

// A callLog has the calls of providers.
type callLog struct {
	mu    sync.Mutex
	calls []string
}

func (l *callLog) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, fmt.Sprintf(format, args...))
}

// take returns the calls since the last time.
func (l *callLog) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.calls
	l.calls = nil
	return taken
}

// An echo is a provider of a third party. It knows nothing of the fields of plans, and
// puts what it gets into credentials.
type echo struct {
	durable.UnimplementedProvider
	calls *callLog
}

func (e echo) call(what string, i *durable.Instance) {
	e.calls.add("%s %s %s", what, i.ID, json.RawMessage(i.Parameters))
}

func (e echo) Provision(_ context.Context, _ *durable.Task, i durable.Instance) (durable.ProvisionResult, error) {
	e.call("provision", &i)
	return durable.ProvisionResult{Metadata: &openbroker.InstanceMetadata{Labels: map[string]any{"engine": "16"}}}, nil
}

func (e echo) Update(_ context.Context, _ *durable.Task, i, previous durable.Instance) (durable.UpdateResult, error) {
	e.call("update", &i)
	e.call("previous", &previous)
	return durable.UpdateResult{}, nil
}

func (e echo) Deprovision(_ context.Context, _ *durable.Task, i durable.Instance) error {
	e.call("deprovision", &i)
	return nil
}

func (e echo) Bind(_ context.Context, _ *durable.Task, b durable.Binding) (durable.BindResult, error) {
	e.call("bind to", &b.Instance)
	return durable.BindResult{Credentials: openbroker.Credentials{
		"host": "db.example", "port": 5432, "name": b.Instance.ResourceName(), "username": "u", "password": "s3cret", "parameters": json.RawMessage(b.Parameters),
	}}, nil
}

func (e echo) Unbind(_ context.Context, _ *durable.Task, b durable.Binding) error {
	e.calls.add("unbind %s %s", b.ID, json.RawMessage(b.Parameters))
	return nil
}

// valuesFile has a service whose plans use all fields. The first plan is that of
// docs/plans.md.
const valuesFile = `services:
  - id: one
    name: one
    description: One.
    bindable: true
    plan_updateable: true
    instances_retrievable: true
    bindings_retrievable: true
    plans:
      - id: p1
        name: eu-small
        description: A small database in Europe.
        parameters:
          defaults: {retention_days: 7}
          fixed: {region: eu-central-1, size: 2, schema: 'app_{{ .context.space_guid | replace "-" "_" }}'}
          rename: {class: instance_class}
          remove: [cost_center]
        binding_parameters: {fixed: {mode: ro}, defaults: {pool: 10}}
        credentials:
          set:
            jdbc-url: 'jdbc:postgresql://{{ .credentials.host }}:{{ .credentials.port }}/{{ .credentials.name }}?currentSchema={{ .parameters.schema | urlencode }}'
            pool: {$integer: '{{ .binding.parameters.pool }}'}
            hosts: ['{{ .credentials.host }}']
          rename: {username: user}
          remove: [host]
        labels:
          team: '{{ .context.space_name | label }}'
          cost-center: '{{ .parameters.cost_center | default "none" }}'
          region: '{{ .parameters.region }}'
        tags: [backup]
        schemas:
          service_instance: {create: {parameters: {$schema: 'http://json-schema.org/draft-04/schema#', type: object, properties: {class: {type: string}, cost_center: {type: string}, retention_days: {type: integer}}}}}
      - id: p2
        name: us
        description: A database in America.
        parameters: {fixed: {region: us}}
        labels: {region: us}
      - {id: p3, name: plain, description: Without any field.}
`

func values(t *testing.T, calls *callLog) (*provider.Set, *provider.Group, *provider.Dispatcher) {
	t.Helper()
	d := provider.Define(provider.Spec[struct{}, struct{}]{
		Name: "echo", Doc: "echoes", Catalog: catalogOf("e"),
		New: func(context.Context, struct{}, provider.Host) (durable.Provider, error) {
			return echo{calls: calls}, nil
		},
	})
	set, err := provider.NewSet(d)
	if err != nil {
		t.Fatal(err)
	}
	g, err := provider.NewGroup(set, provider.Named{Name: "echo", Definition: d, Settings: d.Settings()})
	if err != nil {
		t.Fatal(err)
	}
	dispatcher, err := g.Start(t.Context(), provider.Host{})
	if err != nil {
		t.Fatal(err)
	}
	return set, g, dispatcher
}

// What is wrong with the fields of plans, with and without the configuration.
func TestPlanValueFindings(t *testing.T) {
	t.Parallel()
	var calls callLog
	set, g, _ := values(t, &calls)
	if findings := g.Lint(source(t, valuesFile)); len(findings) > 0 {
		t.Errorf("the valid catalog has findings: %v", findings)
	}
	for name, change := range map[string][]string{
		"plan_template":          {"| replace", "| replce", "{{ .parameters.region }}", "{{ .parameter.region }}", "{{ .binding.parameters.pool }}", "{{ .binding.parameters.pool"},
		"plan_block":             {"team: '{{ .context.space_name | label }}'", "team: |\n            {{ .context.space_name\n            | lable }}"},
		"plan_values":            {"defaults: {retention_days: 7}", "defaults: {retention_days: null}", "fixed: {mode: ro}", "fix: {mode: ro}", "remove: [host]", "remove: [user]", "tags: [backup]", "tags: [region]"},
		"plan_misspelt":          {"        credentials:", "        credentals:", "        tags: [backup]", "        tag: [backup]", "        labels: {region: us}", "        label: {region: us}"},
		"plan_misplaced":         {"    plan_updateable", "    parameters: {}\n    plan_updateable", "services:", "labels: {a: b}\nservices:"},
		"plan_parameter_unknown": {"defaults: {retention_days: 7}", "defaults: {retention_day: 7}", ".parameters.cost_center |", ".parameters.cost_centre |"},
		"plan_parameter_offered": {"properties: {class:", "properties: {region: {}, class:"},
		"credential_key":         {"jdbc-url:", "jdbcUrl:", "username: user", "username: User"},
		"label_syntax":           {"tags: [backup]", "tags: [every day]", "{region: us}\n      - {id: p3", "{-region: us of a}\n      - {id: p3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i := 0; i < len(change); i += 2 {
				if !strings.Contains(valuesFile, change[i]) {
					t.Fatalf("there is no %s", change[i])
				}
			}
			s := source(t, strings.NewReplacer(change...).Replace(valuesFile))
			var got strings.Builder
			wrong := false
			for _, f := range g.Lint(s) {
				_, rest, _ := strings.Cut(f.Text(), "catalog.yaml")
				got.WriteString("catalog.yaml" + rest + "\n")
				wrong = wrong || f.Severity == catalog.SeverityError
			}
			golden(t, filepath.Join("testdata", name+".txt"), got.String())
			if with, without := len(g.Lint(s)), len(set.Lint(s)); with != without || with == 0 {
				t.Errorf("%d findings with the configuration, %d without", with, without)
			}
			var warned int
			err := g.CheckSource(s, func(catalog.Finding) { warned++ })
			if (err != nil) != wrong || strings.HasPrefix(name, "plan_parameter") != (warned > 0) {
				t.Errorf("the error is %v, with %d warnings", err, warned)
			}
		})
	}
}

// Platforms see none of the fields.
func TestPlanValuesAreHidden(t *testing.T) {
	t.Parallel()
	var calls callLog
	set, _, d := values(t, &calls)
	c, err := source(t, valuesFile).Catalog()
	if err != nil {
		t.Fatal(err)
	}
	for _, plan := range set.Public(c).Services[0].Plans {
		if plan.Extensions != nil {
			t.Errorf("platforms see %v", plan.Extensions)
		}
	}
	if len(c.Services[0].Plans[0].Extensions) != 5 || !d.ChecksCreation(&c.Services[0]) {
		t.Error("the catalog has changed, or its creations are not prepared")
	}
	c.Services[0].Plans = c.Services[0].Plans[2:]
	if d.ChecksCreation(&c.Services[0]) {
		t.Error("a service without fields needs a check")
	}
	for _, name := range []string{"parameters", "binding_parameters", "credentials", "labels", "tags"} {
		_, err := provider.NewSet(provider.Define(provider.Spec[struct{}, struct{}]{Name: name}))
		if err == nil || !strings.Contains(err.Error(), "the name") {
			t.Errorf("a definition can be named %s", name)
		}
	}
}

// prepared is the instance as the engine records it.
func prepared(t *testing.T, d *provider.Dispatcher, i durable.Instance, previous *durable.Instance) (durable.Instance, string, error) {
	t.Helper()
	i.GivenParameters = i.Parameters
	made, err := d.PrepareInstance(t.Context(), i, previous)
	if made.Parameters != nil {
		i.Parameters = made.Parameters
	}
	labels := ""
	if made.Metadata != nil {
		labels = fmt.Sprint(made.Metadata.Labels)
	}
	return i, labels, err
}

func description(err error) string {
	var answer *openbroker.Error
	if !errors.As(err, &answer) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%d %s %s", answer.Status, answer.Code, answer.Description)
}

func TestPrepareInstance(t *testing.T) {
	t.Parallel()
	var calls callLog
	_, _, d := values(t, &calls)
	c, err := source(t, valuesFile).Catalog()
	if err != nil {
		t.Fatal(err)
	}
	with := func(plan, parameters string) durable.Instance {
		i := instance(c, "i", "one", plan, "echo")
		if err := i.Context.UnmarshalJSON([]byte(`{"platform":"cloudfoundry","space_guid":"s-1","space_name":"Team Blue"}`)); err != nil {
			t.Fatal(err)
		}
		if parameters != "" {
			i.Parameters = openbroker.Parameters(parameters)
		}
		return i
	}
	eu, labels, err := prepared(t, d, with("p1", `{"class":"m5","cost_center":"12"}`), nil)
	if got := string(json.RawMessage(eu.Parameters)); err != nil || got != `{"instance_class":"m5","region":"eu-central-1","retention_days":7,"schema":"app_s_1","size":2}` ||
		labels != "map[backup: cost-center:12 region:eu-central-1 team:Team-Blue]" {
		t.Errorf("got %s, %s, %v", got, labels, err)
	}
	if plain, labels, err := prepared(t, d, with("p3", ""), nil); err != nil || plain.Parameters != nil || labels != "" {
		t.Errorf("the plain plan: %s, %s, %v", json.RawMessage(plain.Parameters), labels, err)
	}
	for given, want := range map[string]string{
		`{"region":"us"}`:            "400 InvalidParameters parameters: 1 violation: /region: the plan sets this parameter: leave it out",
		`{"size":2,"schema":"x"}`:    "400 InvalidParameters parameters: 2 violations: /schema: the plan sets this parameter: leave it out; /size: the plan sets this parameter: leave it out",
		`{"cost_center":["secret"]}`: "400 InvalidParameters Parameters cannot be computed: the plan's template labels.cost-center cannot be computed: a text is needed, not a list; json makes one.",
	} {
		if _, _, err := prepared(t, d, with("p1", given), nil); description(err) != want {
			t.Errorf("%s: %s, want %s", given, description(err), want)
		}
	}
	without := with("p1", "")
	without.Context = openbroker.PlatformContext{}
	if _, _, err := prepared(t, d, without, nil); description(err) != "400 InvalidParameters Parameters cannot be computed: the plan's template parameters.fixed.schema needs .context.space_guid, which is missing." {
		t.Errorf("without a context: %s", description(err))
	}

	// An update has the parameters of all requests. What was given before the plan set it
	// is overridden, and what is given now is refused.
	own, _, err := prepared(t, d, with("p3", `{"region":"asia"}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if moved, labels, err := prepared(t, d, with("p2", `{"region":"asia","more":1}`), &own); err != nil || string(json.RawMessage(moved.Parameters)) != `{"more":1,"region":"us"}` || labels != "map[region:us]" {
		t.Errorf("moved to us: %s, %s, %v", json.RawMessage(moved.Parameters), labels, err)
	}
	if _, _, err := prepared(t, d, with("p2", `{"region":"eu"}`), &own); description(err) != "400 InvalidParameters parameters: 1 violation: /region: the plan sets this parameter: leave it out" {
		t.Errorf("moved to us, with another region: %s", description(err))
	}
	if back, labels, err := prepared(t, d, with("p3", `{"class":"m5"}`), &eu); err != nil || string(json.RawMessage(back.Parameters)) != `{"class":"m5"}` || labels != "" {
		t.Errorf("back to the plain plan: %s, %s, %v", json.RawMessage(back.Parameters), labels, err)
	}

	// A plan that the catalog has lost can no longer compute parameters.
	gone := with("p9", `{"class":"m6"}`)
	if _, _, err := prepared(t, d, gone, &eu); description(err) != "400  The plan of the service instance is no longer offered, and it computes parameters: change the plan." {
		t.Errorf("without the plan: %s", description(err))
	}
	if _, _, err := prepared(t, d, gone, &own); err != nil {
		t.Errorf("without the plan, which computed nothing: %v", err)
	}
}

func TestPrepareBinding(t *testing.T) {
	t.Parallel()
	var calls callLog
	_, _, d := values(t, &calls)
	c, err := source(t, valuesFile).Catalog()
	if err != nil {
		t.Fatal(err)
	}
	binding := func(plan, parameters string) durable.Binding {
		b := durable.Binding{ID: "b", Instance: instance(c, "i", "one", plan, "echo"), GivenParameters: openbroker.Parameters(parameters), Parameters: openbroker.Parameters(parameters)}
		b.Instance.Parameters, b.Instance.GivenParameters = openbroker.Parameters(`{"schema":"app"}`), openbroker.Parameters(`{"class":"m5"}`)
		return b
	}
	for given, want := range map[string]string{
		`{"pool":3}`:    `{"mode":"ro","pool":3}`,
		`{}`:            `{"mode":"ro","pool":10}`,
		`{"mode":"rw"}`: "400 InvalidParameters parameters: 1 violation: /mode: the plan sets this parameter: leave it out",
	} {
		got, err := d.PrepareBinding(t.Context(), binding("p1", given))
		if text := string(json.RawMessage(got)); err == nil && text != want || err != nil && description(err) != want {
			t.Errorf("%s: %s, %v, want %s", given, text, err, want)
		}
	}
	successor := binding("p1", `{"mode":"rw"}`)
	successor.PredecessorID = "a"
	if got, err := d.PrepareBinding(t.Context(), successor); err != nil || string(json.RawMessage(got)) != `{"mode":"ro","pool":10}` {
		t.Errorf("a successor: %s, %v", json.RawMessage(got), err)
	}
	if got, err := d.PrepareBinding(t.Context(), binding("p3", `{"mode":"rw"}`)); got != nil || err != nil {
		t.Errorf("the plain plan: %s, %v", json.RawMessage(got), err)
	}

	bound := binding("p1", `{"pool":3}`)
	bound.Parameters = openbroker.Parameters(`{"mode":"ro","pool":3}`)
	result, err := d.Bind(t.Context(), nil, bound)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(result.Credentials)
	name := bound.Instance.ResourceName()
	if want := `{"hosts":["db.example"],"jdbc-url":"jdbc:postgresql://db.example:5432/` + name + `?currentSchema=app","name":"` + name + `","parameters":{"mode":"ro","pool":3},"password":"s3cret","pool":3,"port":5432,"user":"u"}`; err != nil || string(encoded) != want {
		t.Errorf("got  %s, %v\nwant %s", encoded, err, want)
	}
	// An instance that is older than the plan's fields lacks the computed schema.
	bound.Instance.Parameters = bound.Instance.GivenParameters
	_, err = d.Bind(t.Context(), nil, bound)
	if want := "500  The credentials cannot be made: the plan's template credentials.set.jdbc-url needs .parameters.schema, which is missing."; description(err) != want {
		t.Errorf("the error is %s, want %s", description(err), want)
	}
	if err := errors.Join(d.Unbind(t.Context(), nil, bound), d.Deprovision(t.Context(), nil, bound.Instance)); err != nil {
		t.Errorf("a deletion fails: %v", err)
	}
}

// The examples of the documentation are valid.
func TestPlansPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/plans.md")
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		fields = append(fields, block[1])
	}
	if len(fields) < 4 {
		t.Fatalf("the page has %d examples", len(fields))
	}
	var calls callLog
	_, g, _ := values(t, &calls)
	var got []string
	for _, f := range g.Lint(source(t, "services:\n  - id: one\n    name: one\n    description: One.\n    bindable: true\n    "+strings.ReplaceAll(strings.TrimSuffix(strings.Join(fields, ""), "\n"), "\n", "\n    "))) {
		got = append(got, f.Rule+": "+f.Message)
	}
	if want := `credential-key: the credential "jdbcUrl" cannot become a file: Cloud Foundry refuses applications with file-based bindings`; strings.Join(got, "\n") != want {
		t.Errorf("the findings are\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}
