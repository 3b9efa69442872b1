package sqlitefile_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/sqlitefile"
)

func quotaPlan(id, field string) *openbroker.Plan {
	plan := &openbroker.Plan{ID: id, Name: "custom", Description: "A plan."}
	if field != "" {
		plan.Extensions = openbroker.Extensions{sqlitefile.QuotaField: json.RawMessage(field)}
	}
	return plan
}

func TestCheckCatalog(t *testing.T) {
	t.Parallel()
	if err := sqlitefile.Check(sqlitefile.Catalog()); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct{ id, field, want string }{
		"quota":        {"p", `{"max_bytes":1048576}`, ""},
		"minimum":      {"p", `{"max_bytes":4096}`, ""},
		"known id":     {sqlitefile.SmallPlanID, "", ""},
		"other quota":  {sqlitefile.SmallPlanID, `{"max_bytes":8192}`, ""},
		"no quota":     {"p", "", `the plan "custom" (p) of the service "s" has no quota: add sqlitefile: {max_bytes: NUMBER} to the plan`},
		"too small":    {"p", `{"max_bytes":4095}`, "max_bytes of 4095 in sqlitefile: it must be from 4096 to 17592186036224"},
		"negative":     {"p", `{"max_bytes":-4096}`, "max_bytes of -4096"},
		"too large":    {"p", `{"max_bytes":17592186040320}`, "max_bytes of 17592186040320"},
		"text":         {"p", `{"max_bytes":"1 MiB"}`, "is not {max_bytes: NUMBER}"},
		"empty object": {"p", `{}`, "is not {max_bytes: NUMBER}"},
		"known, wrong": {sqlitefile.LargePlanID, `{"max_bytes":1}`, "max_bytes of 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := sqlitefile.Check(&openbroker.Catalog{Services: []openbroker.Service{{ID: "s", Name: "s", Plans: []openbroker.Plan{*quotaPlan(c.id, c.field)}}}})
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
	instance.PlanID = "p"
	instance.Plan = quotaPlan("p", `{"max_bytes":40960}`)
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
	instance.Plan = quotaPlan("p", `{"max_bytes":81920}`)
	pages(instance, "20")

	// A move to a plan that is too small is refused. A move to another plan stores its
	// quota.
	other := instance
	other.PlanID, other.Plan = "q", quotaPlan("q", `{"max_bytes":4096}`)
	dsn, _ := bind(t, p, durable.Binding{Instance: instance, ID: "b"})["dsn"].(string)
	open(t, dsn).exec(t, "CREATE TABLE t AS SELECT zeroblob(20000) AS x")
	if _, err := p.Update(t.Context(), task, other, instance); err == nil {
		t.Error("the instance moved to a plan that is too small")
	}
	other.Plan = quotaPlan("q", `{"max_bytes":409600}`)
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
