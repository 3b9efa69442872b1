package openbroker_test

import (
	"net/http"
	"testing"

	"github.com/openbroker/openbroker"
)

func TestUpdatePlanChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
		part   string
	}{
		"to another plan":                  {`{"service_id":"service-1","plan_id":"plan-large","previous_values":{"plan_id":"plan-small"}}`, 200, "", ""},
		"to the same plan":                 {`{"service_id":"service-1","plan_id":"plan-frozen","previous_values":{"plan_id":"plan-frozen"}}`, 200, "", ""},
		"to a frozen plan":                 {`{"service_id":"service-1","plan_id":"plan-frozen","previous_values":{"plan_id":"plan-small"}}`, 200, "", ""},
		"from a frozen plan, as claimed":   {`{"service_id":"service-1","plan_id":"plan-small","previous_values":{"plan_id":"plan-frozen"}}`, 200, "", ""},
		"from an unknown plan":             {`{"service_id":"service-1","plan_id":"plan-small","previous_values":{"plan_id":"plan-retired"}}`, 200, "", ""},
		"of a frozen service, as claimed":  {`{"service_id":"service-2","plan_id":"plan-foreign","previous_values":{"plan_id":"plan-other"}}`, 200, "", ""},
		"without previous values":          {`{"service_id":"service-1","plan_id":"plan-small"}`, 200, "", ""},
		"without plan":                     {`{"service_id":"service-1","parameters":{}}`, 200, "", ""},
		"empty plan":                       {`{"service_id":"service-1","plan_id":""}`, 200, "", ""},
		"without service":                  {`{"plan_id":"plan-small"}`, 400, "", "service_id"},
		"unknown service, no plan":         {`{"service_id":"none"}`, 400, "", "service_id"},
		"retired plan, not named":          {`{"service_id":"service-1","previous_values":{"plan_id":"plan-retired"},"maintenance_info":{"version":"7"}}`, 200, "", ""},
		"maintenance of the present plan":  {`{"service_id":"service-1","previous_values":{"plan_id":"plan-large"},"maintenance_info":{"version":"1.2.3"}}`, 200, "", ""},
		"maintenance of a claimed plan":    {`{"service_id":"service-1","previous_values":{"plan_id":"plan-large"},"maintenance_info":{"version":"1.2.2"}}`, 200, "", ""},
		"maintenance, other":               {`{"service_id":"service-1","plan_id":"plan-large","maintenance_info":{"version":"1.2.2"}}`, 422, "MaintenanceInfoConflict", ""},
		"maintenance, empty":               {`{"service_id":"service-1","previous_values":{"plan_id":"plan-large","maintenance_info":{}},"maintenance_info":{}}`, 200, "", ""},
		"maintenance of the plan to go to": {`{"service_id":"service-1","plan_id":"plan-large","previous_values":{"plan_id":"plan-small","maintenance_info":{"version":"0"}},"maintenance_info":{"version":"1.2.3"}}`, 200, "", ""},
	} {
		broker := &fakeBroker{}
		a := serve(t, broker).do(http.MethodPatch, instancePath, c.body)
		if c.status == http.StatusOK {
			if a.status != c.status || a.body != "{}" {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
			continue
		}
		a.wantCode(t, c.status, c.code, c.part)
		wantNoCall(t, broker)
	}
}

// TestUpdateKeepsAbsentFields: a broker can distinguish an absent field from an empty
// one.
func TestUpdateKeepsAbsentFields(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	s.do(http.MethodPatch, instancePath, `{"service_id":"service-1"}`)
	r := lastReceived[*openbroker.UpdateRequest](t, broker)
	if r.Parameters != nil || r.PlanID != "" || r.Plan != nil || r.PreviousValues != nil || r.MaintenanceInfo != nil || r.Context.Raw != nil || r.Service == nil {
		t.Errorf("got %+v", r)
	}
	s.do(http.MethodPatch, instancePath, `{"service_id":"service-1","parameters":{},"context":{},"previous_values":{}}`)
	r = lastReceived[*openbroker.UpdateRequest](t, broker)
	if string(r.Parameters) != "{}" || string(r.Context.Raw) != "{}" || r.PreviousValues == nil {
		t.Errorf("got %+v", r)
	}
}
