package sqlitefile_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/sqlitefile"
)

func quotaPlan(id, field string) *openbroker.Plan {
	plan := &openbroker.Plan{ID: id, Name: "custom", Description: "A plan."}
	if field != "" {
		plan.Extensions = openbroker.Extensions{"sqlitefile": json.RawMessage(field)}
	}
	return plan
}

// withQuota gives an instance a plan with settings, as a dispatcher does.
func withQuota(instance durable.Instance, planID, settings string) durable.Instance {
	instance.PlanID, instance.Plan, instance.PlanSettings = planID, quotaPlan(planID, settings), json.RawMessage(settings)
	return instance
}

func group(t *testing.T) *provider.Group {
	t.Helper()
	set, err := provider.NewSet(sqlitefile.Definition)
	if err != nil {
		t.Fatal(err)
	}
	g, err := provider.NewGroup(set, provider.Named{Name: "sqlitefile", Definition: sqlitefile.Definition, Settings: new(sqlitefile.Settings)})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestCheckCatalog(t *testing.T) {
	t.Parallel()
	g := group(t)
	if err := g.CheckCatalog(sqlitefile.Catalog()); err != nil {
		t.Error(err)
	}
	const limits = "sqlitefile.max_bytes must be a whole number from 4096 to 17592186036224"
	for name, c := range map[string]struct{ id, field, want string }{
		"quota":        {"p", `{"max_bytes":1048576}`, ""},
		"minimum":      {"p", `{"max_bytes":4096}`, ""},
		"known id":     {sqlitefile.SmallPlanID, "", ""},
		"other quota":  {sqlitefile.SmallPlanID, `{"max_bytes":8192}`, ""},
		"no quota":     {"p", "", `the plan "custom" cannot be served: it has no quota: add sqlitefile: {max_bytes: NUMBER}`},
		"too small":    {"p", `{"max_bytes":4095}`, limits},
		"negative":     {"p", `{"max_bytes":-4096}`, limits},
		"too large":    {"p", `{"max_bytes":17592186040320}`, limits},
		"text":         {"p", `{"max_bytes":"1 MiB"}`, limits},
		"empty object": {"p", `{}`, "it has no quota"},
		"misspelt":     {"p", `{"max_byte":4096}`, `"max_byte" is unknown: did you mean "max_bytes"?`},
		"known, wrong": {sqlitefile.LargePlanID, `{"max_bytes":1}`, limits},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := g.CheckCatalog(&openbroker.Catalog{Services: []openbroker.Service{{ID: "s", Name: "s", Plans: []openbroker.Plan{*quotaPlan(c.id, c.field)}}}})
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// The quota is that of the plan in the catalog, or the last known one if the plan
// was removed from the catalog.
func TestQuotaOfPlan(t *testing.T) {
	t.Parallel()
	p, _ := newProvider(t)
	instance := small("quota")
	instance = withQuota(instance, "p", `{"max_bytes":40960}`)
	provisioned, err := p.Provision(t.Context(), task, instance)
	if err != nil {
		t.Fatal(err)
	}
	instance.State = provisioned.State
	pages := func(instance durable.Instance, want string) {
		t.Helper()
		bound, err := p.Bind(t.Context(), task, durable.Binding{Instance: instance, ID: "b"})
		if err != nil {
			t.Fatal(err)
		}
		if dsn, _ := bound.Credentials["dsn"].(string); !strings.Contains(dsn, "max_page_count("+want+")") {
			t.Errorf("the DSN is %q, want %s pages", dsn, want)
		}
	}
	pages(instance, "10")
	retired := instance
	retired.Service, retired.Plan = nil, nil
	pages(retired, "10")
	instance = withQuota(instance, "p", `{"max_bytes":81920}`)
	pages(instance, "20")

	// A move to a plan that is too small is refused. A move to another plan stores its
	// quota.
	other := instance
	other = withQuota(other, "q", `{"max_bytes":4096}`)
	dsn, _ := bind(t, p, durable.Binding{Instance: instance, ID: "b"})["dsn"].(string)
	open(t, dsn).exec(t, "CREATE TABLE t AS SELECT zeroblob(20000) AS x")
	if _, err := p.Update(t.Context(), task, other, instance); err == nil {
		t.Error("the instance moved to a plan that is too small")
	}
	other = withQuota(other, "q", `{"max_bytes":409600}`)
	updated, err := p.Update(t.Context(), task, other, instance)
	if err != nil {
		t.Fatal(err)
	}
	other.State, other.Plan = updated.State, nil
	pages(other, "100")

	if _, err := p.Bind(t.Context(), task, durable.Binding{Instance: durable.Instance{Platform: "default", ID: "quota", PlanID: "p"}, ID: "b"}); err == nil || !strings.Contains(err.Error(), `the plan "p" has no quota`) {
		t.Errorf("without plan and state: %v", err)
	}
	if err := p.Deprovision(t.Context(), task, retired); err != nil {
		t.Error(err)
	}
}
