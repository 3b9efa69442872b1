package openbroker_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
)

func TestBindNeedsBindablePlan(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	s.do(http.MethodPut, bindingPath, strings.Replace(bindBody, planID, unbindablePlanID, 1)).wantError(t, http.StatusBadRequest, "plan_id", "not bindable")
	wantNoCall(t, broker)
}

func TestBindAppGUID(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for fields, want := range map[string]string{
		`"app_guid":"a"`:                                  "a",
		`"bind_resource":{"app_guid":"a"}`:                "a",
		`"app_guid":"a","bind_resource":{"app_guid":"a"}`: "a",
		`"app_guid":"","bind_resource":{"app_guid":""}`:   "",
		`"app_guid":"a","bind_resource":{}`:               "a",
		`"bind_resource":{"app_guid":"a"},"app_guid":""`:  "a",
		`"bind_resource":{"route":"r"}`:                   "",
		`"app_guid":"a","bind_resource":{"app_guid":"b"}`: "b",
	} {
		s.do(http.MethodPut, bindingPath, strings.Replace(bindBody, "{", "{"+fields+",", 1)).wantBody(t, http.StatusCreated, "{}")
		if got := lastReceived[*openbroker.BindRequest](t, broker).AppGUID; got != want {
			t.Errorf("%s: %q", fields, got)
		}
	}
}

func TestBindRotation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body   string
		status int
		part   string
	}{
		"without ids":         {`{"predecessor_binding_id":"b-0"}`, 201, ""},
		"with ids":            {`{"predecessor_binding_id":"b-0","service_id":"service-1","plan_id":"plan-large"}`, 201, ""},
		"with parameters":     {`{"predecessor_binding_id":"b-0","parameters":{"a":1},"context":{"platform":"cloudfoundry"}}`, 201, ""},
		"only a service":      {`{"predecessor_binding_id":"b-0","service_id":"service-1"}`, 400, "plan_id"},
		"only a plan":         {`{"predecessor_binding_id":"b-0","plan_id":"plan-large"}`, 400, "service_id"},
		"plan not rotatable":  {`{"predecessor_binding_id":"b-0","service_id":"service-1","plan_id":"plan-small"}`, 400, "rotation"},
		"of itself":           {`{"predecessor_binding_id":"b-1"}`, 400, "predecessor_binding_id"},
		"empty":               {`{"predecessor_binding_id":""}`, 400, "predecessor_binding_id"},
		"empty, with ids":     {`{"predecessor_binding_id":"","service_id":"service-1","plan_id":"plan-large"}`, 400, "predecessor_binding_id"},
		"null":                {`{"predecessor_binding_id":null}`, 400, "service_id"},
		"null is no rotation": {`{"predecessor_binding_id":null,"service_id":"service-1","plan_id":"plan-small"}`, 201, ""},
		"dots":                {`{"predecessor_binding_id":".."}`, 400, "predecessor_binding_id"},
	} {
		broker := &fakeBroker{}
		a := serve(t, broker).do(http.MethodPut, bindingPath, c.body)
		if c.status != http.StatusCreated {
			a.wantError(t, c.status, c.part)
			wantNoCall(t, broker)
			continue
		}
		if a.status != c.status {
			t.Errorf("%s: %d %s", name, a.status, a.body)
			continue
		}
		if r := lastReceived[*openbroker.BindRequest](t, broker); (r.PredecessorBindingID == "b-0") != (c.body[2] == 'p' && !strings.Contains(c.body, "null")) || (r.Service == nil) != (r.ServiceID == "") {
			t.Errorf("%s: got %+v", name, r)
		}
	}
}

// TestBindAcceptedSendsNoCredentials: an accepted bind sends no credentials. The
// service must have bindings_retrievable, or the credentials would be lost.
func TestBindAcceptedSendsNoCredentials(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{bind: func(context.Context, *openbroker.BindRequest) (*openbroker.BindResponse, error) {
		return &openbroker.BindResponse{
			Outcome: openbroker.Accepted, Operation: "op", Credentials: openbroker.Credentials{"a": 1}, SyslogDrainURL: "x", RouteServiceURL: "x",
			VolumeMounts: []openbroker.VolumeMount{{}}, Endpoints: []openbroker.Endpoint{{}}, Metadata: &openbroker.BindingMetadata{},
		}, nil
	}}
	s := serve(t, broker)
	s.do(http.MethodPut, bindingPath+"?accepts_incomplete=true", bindBody).wantBody(t, http.StatusAccepted, `{"operation":"op"}`)
	a := s.do(http.MethodPut, bindingPath+"?accepts_incomplete=true", `{"service_id":"service-2","plan_id":"plan-foreign"}`, requestOne)
	wantProgrammingError(t, s, a, "bindings_retrievable")
}

// TestBindingFields: fields that platforms refuse are a fault of the broker, in a
// new binding and in a fetched one. Missing permissions are a fault only in a new
// binding, whose service is certain; see TestFetchBindingPermissions.
func TestBindingFields(t *testing.T) {
	t.Parallel()
	now := testTime()
	for name, c := range map[string]struct {
		binding openbroker.GetBindingResponse
		logged  string
	}{
		"syslog_drain_url":  {openbroker.GetBindingResponse{SyslogDrainURL: "syslog://x"}, "syslog_drain"},
		"route_service_url": {openbroker.GetBindingResponse{RouteServiceURL: "https://x"}, "route_forwarding"},
		"volume_mounts":     {openbroker.GetBindingResponse{VolumeMounts: []openbroker.VolumeMount{{}}}, "volume_mount"},
		"renew_before":      {openbroker.GetBindingResponse{Metadata: &openbroker.BindingMetadata{ExpiresAt: now, RenewBefore: now.Add(1)}}, "renew_before"},
		"endpoint host":     {openbroker.GetBindingResponse{Endpoints: []openbroker.Endpoint{{Host: "h", Ports: []string{"1"}}, {Ports: []string{"1"}}}}, "endpoints[1]"},
		"endpoint ports":    {openbroker.GetBindingResponse{Endpoints: []openbroker.Endpoint{{Host: "h"}}}, "endpoints[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := c.binding
			s := serve(t, &fakeBroker{
				bind: func(context.Context, *openbroker.BindRequest) (*openbroker.BindResponse, error) {
					return &openbroker.BindResponse{
						Metadata: b.Metadata, SyslogDrainURL: b.SyslogDrainURL, RouteServiceURL: b.RouteServiceURL, VolumeMounts: b.VolumeMounts, Endpoints: b.Endpoints,
					}, nil
				},
				getBinding: func(context.Context, *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
					return &b, nil
				},
			})
			wantProgrammingError(t, s, s.do(http.MethodPut, bindingPath, `{"service_id":"service-2","plan_id":"plan-foreign"}`, requestOne), c.logged)
			if len(b.VolumeMounts) > 0 || b.SyslogDrainURL != "" || b.RouteServiceURL != "" {
				return
			}
			for _, query := range []string{"", "?service_id=service-2&plan_id=plan-foreign"} {
				wantProgrammingError(t, s, s.do(http.MethodGet, bindingPath+query, "", requestOne), c.logged)
			}
		})
	}
}

func TestBindingMetadata(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("x", -3600)
	for want, m := range map[string]openbroker.BindingMetadata{
		`{}`: {},
		`{"expires_at":"2026-01-02T03:04:05.0Z"}`: {ExpiresAt: testTime()},
		`{"expires_at":"2026-01-01T01:00:00.9Z","renew_before":"2026-01-01T01:00:00.9Z"}`: {
			ExpiresAt: time.Date(2026, 1, 1, 0, 0, 0, 999_999_999, zone), RenewBefore: time.Date(2026, 1, 1, 1, 0, 0, 900_000_000, time.UTC),
		},
	} {
		got, err := json.Marshal(m)
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
		var back openbroker.BindingMetadata
		if err := json.Unmarshal(got, &back); err != nil || !back.ExpiresAt.Equal(m.ExpiresAt.Truncate(100*time.Millisecond)) {
			t.Errorf("%s reads as %v, %v", got, back, err)
		}
	}
	for _, text := range []string{`{"expires_at":"tomorrow"}`, `{"renew_before":"2026-13-01T00:00:00.0Z"}`, `{"expires_at":7}`, `[]`} {
		if err := json.Unmarshal([]byte(text), new(openbroker.BindingMetadata)); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}
