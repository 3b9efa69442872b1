package openbroker_test

import (
	"net/http"
	"testing"

	"github.com/openbroker/openbroker"
)

// TestDeleteRetired: instances and bindings of plans that are no longer in the
// catalog stay deletable.
func TestDeleteRetired(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for _, c := range []struct {
		query           string
		service, plan   bool
		status          int
		serviceID, part string
	}{
		{"?service_id=service-1&plan_id=plan-small", true, true, 200, serviceID, ""},
		{"?service_id=service-1&plan_id=retired", true, false, 200, serviceID, ""},
		{"?service_id=retired&plan_id=retired", false, false, 200, "retired", ""},
		{"?plan_id=plan-unbindable&service_id=service-1&x=y", true, true, 200, serviceID, ""},
		{"?service_id=service-1&plan_id=plan-foreign", false, false, 400, "", `plan of the service "queue"`},
		{"?service_id=retired&plan_id=plan-small", false, false, 400, "", "plan_id"},
	} {
		for _, path := range []string{instancePath, bindingPath} {
			before := len(broker.received())
			a := s.do(http.MethodDelete, path+c.query, "")
			if c.status != http.StatusOK {
				a.wantError(t, c.status, c.part)
				if len(broker.received()) != before {
					t.Errorf("%s: the broker was called", c.query)
				}
				continue
			}
			a.wantBody(t, c.status, "{}")
			var r openbroker.UnbindRequest
			if path == bindingPath {
				r = *lastReceived[*openbroker.UnbindRequest](t, broker)
			} else {
				d := lastReceived[*openbroker.DeprovisionRequest](t, broker)
				r = openbroker.UnbindRequest{InstanceID: d.InstanceID, BindingID: "b-1", ServiceID: d.ServiceID, PlanID: d.PlanID, Service: d.Service, Plan: d.Plan}
			}
			if r.ServiceID != c.serviceID || (r.Service != nil) != c.service || (r.Plan != nil) != c.plan || r.InstanceID != "i-1" || r.BindingID != "b-1" {
				t.Errorf("%s: got %+v", c.query, r)
			}
		}
	}
}

// The handler ignores the body of a DELETE.
func TestDeleteIgnoresBody(t *testing.T) {
	t.Parallel()
	s := serve(t, &fakeBroker{})
	for _, body := range []string{"", "junk", `{"service_id":7}`} {
		s.do(http.MethodDelete, instancePath+deleteQuery, body, "Content-Type: text/plain").wantBody(t, http.StatusOK, "{}")
	}
}

func TestDeleteAcceptsIncomplete(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for query, want := range map[string]bool{"": false, "&accepts_incomplete=true": true, "&accepts_incomplete=True": false, "&accepts_incomplete=1": false, "&accepts_incomplete=false&accepts_incomplete=true": false} {
		s.do(http.MethodDelete, instancePath+deleteQuery+query, "")
		if got := lastReceived[*openbroker.DeprovisionRequest](t, broker).AcceptsIncomplete; got != want {
			t.Errorf("%s: %v", query, got)
		}
	}
}
