package openbroker_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
)

// The golden files in testdata/wire test the fields; the tests here test the rules.

// TestServiceAndPlanBelongTogether also covers update and bind.
func TestServiceAndPlanBelongTogether(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for _, c := range []struct{ service, plan, part string }{
		{"none", planID, `service_id "none" is not in the catalog`},
		{"Service-1", planID, "service_id"},
		{"service-1 ", planID, "service_id"},
		{serviceID, "none", `plan_id "none" is not a plan of the service "database"`},
		{serviceID, foreignPlanID, "plan_id"},
		{otherServiceID, planID, "plan_id"},
		{planID, serviceID, "service_id"},
		{strings.Repeat("x", 10_000), planID, "service_id"},
	} {
		for _, r := range bodyRequests {
			body := strings.NewReplacer(`"`+serviceID+`"`, `"`+c.service+`"`, `"`+planID+`"`, `"`+c.plan+`"`).Replace(r.body)
			a := s.do(r.method, r.path, body)
			a.wantError(t, http.StatusBadRequest, c.part)
			if len(a.body) > 600 {
				t.Errorf("the response has %d bytes", len(a.body))
			}
		}
	}
	wantNoCall(t, broker)
}

// TestProvisionPlace: organization and space are required from Cloud Foundry and from
// platforms that send no context.
func TestProvisionPlace(t *testing.T) {
	t.Parallel()
	const cf = `"context":{"platform":"cloudfoundry","organization_guid":"o","space_guid":"s"}`
	for name, c := range map[string]struct {
		fields       string
		status       int
		part         string
		organization string
		space        string
	}{
		"both":                        {`"organization_guid":"o","space_guid":"s"`, 201, "", "o", "s"},
		"no space":                    {`"organization_guid":"o"`, 400, "space_guid", "", ""},
		"no organization":             {`"space_guid":"s"`, 400, "organization_guid", "", ""},
		"empty":                       {`"organization_guid":"","space_guid":""`, 400, "organization_guid", "", ""},
		"in the context":              {cf, 201, "", "o", "s"},
		"in both":                     {`"organization_guid":"o","space_guid":"s",` + cf, 201, "", "o", "s"},
		"other organization":          {`"organization_guid":"x","space_guid":"s",` + cf, 201, "", "o", "s"},
		"other space":                 {`"organization_guid":"o","space_guid":"x",` + cf, 201, "", "o", "s"},
		"replaced, control character": {`"organization_guid":"\u0000","space_guid":"s",` + cf, 201, "", "o", "s"},
		"context, control character":  {`"context":{"organization_guid":"\u0000","space_guid":"s"}`, 400, "organization_guid", "", ""},
		"half in each":                {`"organization_guid":"o","context":{"platform":"cloudfoundry","space_guid":"s"}`, 201, "", "o", "s"},
		"context without platform":    {`"context":{"organization_guid":"o","space_guid":"s"}`, 201, "", "o", "s"},
		"empty context":               {`"context":{}`, 400, "organization_guid", "", ""},
		"kubernetes without":          {`"context":{"platform":"kubernetes","namespace":"n"}`, 201, "", "", ""},
		"kubernetes with":             {`"organization_guid":"c","space_guid":"n","context":{"platform":"kubernetes"}`, 201, "", "c", "n"},
		"another platform":            {`"context":{"platform":"sapcp","organization_guid":"o","space_guid":"s"}`, 201, "", "o", "s"},
		"another platform, mismatch":  {`"organization_guid":"-","space_guid":"-","context":{"platform":"sapcp","organization_guid":"o","space_guid":["s"]}`, 201, "", "o", "-"},
		"another platform, no guids":  {`"organization_guid":"-","space_guid":"-","context":{"platform":"sapcp","organization_guid":"\u0000","space_guid":""}`, 201, "", "-", "-"},
		"platform last in the object": {`"context":{"organization_guid":7,"platform":"sapcp"}`, 201, "", "", ""},
		"the last context counts":     {cf + `,"organization_guid":"-","context":{"platform":"sapcp"}`, 201, "", "-", ""},
	} {
		broker := &fakeBroker{}
		s := serve(t, broker)
		a := s.do(http.MethodPut, instancePath, `{"service_id":"service-1","plan_id":"plan-small",`+c.fields+`}`)
		if c.status != http.StatusCreated {
			a.wantError(t, c.status, c.part)
			wantNoCall(t, broker)
			continue
		}
		if a.status != c.status {
			t.Errorf("%s: %d %s", name, a.status, a.body)
			continue
		}
		if r := lastReceived[*openbroker.ProvisionRequest](t, broker); r.OrganizationGUID != c.organization || r.SpaceGUID != c.space {
			t.Errorf("%s: got %q and %q", name, r.OrganizationGUID, r.SpaceGUID)
		}
	}
}

// TestDeprecatedFieldDiffers: the handler uses the newer field and logs the difference
// at level debug.
func TestDeprecatedFieldDiffers(t *testing.T) {
	t.Parallel()
	for body, line := range map[string]map[string]any{
		`"organization_guid":"old","context":{"organization_guid":"o","space_guid":"s"}`: {"deprecated": "organization_guid", "ignored": "old", "field": "context.organization_guid", "value": "o"},
		`"space_guid":"old","context":{"organization_guid":"o","space_guid":"s"}`:        {"deprecated": "space_guid", "ignored": "old", "field": "context.space_guid", "value": "s"},
		`"app_guid":"old","bind_resource":{"app_guid":"a"}`:                              {"deprecated": "app_guid", "ignored": "old", "field": "bind_resource.app_guid", "value": "a"},
		`"organization_guid":"o","space_guid":"s","app_guid":"a","bind_resource":{}`:     nil,
	} {
		log := new(lockedBuffer)
		s := serve(t, &fakeBroker{}, openbroker.WithLogger(slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
		path := instancePath
		if strings.Contains(body, "app_guid") {
			path = bindingPath
		}
		s.do(http.MethodPut, path, `{"service_id":"service-1","plan_id":"plan-small",`+body+`}`).wantBody(t, http.StatusCreated, "{}")
		var got map[string]any
		for text := range strings.Lines(log.String()) {
			var record map[string]any
			if err := json.Unmarshal([]byte(text), &record); err != nil {
				t.Fatal(err)
			}
			if record["level"] == "DEBUG" {
				got = record
			}
		}
		if line == nil {
			if got != nil {
				t.Errorf("%s: logged %v", body, got)
			}
			continue
		}
		delete(got, "time")
		line["level"], line["instance_id"] = "DEBUG", "i-1"
		line["msg"] = "a deprecated field is ignored: it differs from its replacement"
		wantEqual(t, body, got, line)
	}
}

func TestProvisionMaintenanceInfo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plan, info string
		status     int
		code       string
	}{
		"same":                  {otherPlanID, `{"version":"1.2.3"}`, 201, ""},
		"same, rest ignored":    {otherPlanID, `{"version":"1.2.3","description":5,"x":[]}`, 201, ""},
		"null":                  {otherPlanID, `null`, 201, ""},
		"other":                 {otherPlanID, `{"version":"1.2.4"}`, 422, "MaintenanceInfoConflict"},
		"other build":           {otherPlanID, `{"version":"1.2.3+b"}`, 422, "MaintenanceInfoConflict"},
		"plan without":          {planID, `{"version":"1.2.3"}`, 422, "MaintenanceInfoConflict"},
		"empty":                 {otherPlanID, `{}`, 201, ""},
		"empty, plan without":   {planID, `{}`, 201, ""},
		"nothing but null":      {otherPlanID, `{"version":null,"description":null}`, 201, ""},
		"empty strings":         {otherPlanID, `{"version":"","description":""}`, 201, ""},
		"without version":       {otherPlanID, `{"description":"x"}`, 400, ""},
		"empty version":         {otherPlanID, `{"version":"","description":"x"}`, 400, ""},
		"version of other case": {otherPlanID, `{"Version":"1.2.3"}`, 400, ""},
	} {
		broker := &fakeBroker{}
		s := serve(t, broker)
		for _, r := range bodyRequests[:2] {
			body := strings.Replace(strings.TrimSuffix(r.body, "}")+`,"maintenance_info":`+c.info+"}", planID, c.plan, 1)
			a := s.do(r.method, r.path, body)
			if c.status == http.StatusCreated {
				if a.status >= 300 {
					t.Errorf("%s: %d %s", name, a.status, a.body)
				} else if got := maintenanceOf(broker); (got != nil) != strings.Contains(c.info, "1.2.3") {
					t.Errorf("%s: the broker got %v", name, got)
				}
				continue
			}
			a.wantCode(t, c.status, c.code, "aintenance")
			wantNoCall(t, broker)
		}
	}
}

// maintenanceOf returns the maintenance_info of the last request.
func maintenanceOf(b *fakeBroker) *openbroker.MaintenanceInfo {
	requests := b.received()
	switch r := requests[len(requests)-1].(type) {
	case *openbroker.ProvisionRequest:
		return r.MaintenanceInfo
	case *openbroker.UpdateRequest:
		return r.MaintenanceInfo
	default:
		return nil
	}
}

// TestBodyReachesTheBroker: the broker receives parameters and extension fields
// unchanged, also the digits of numbers and the order of members.
func TestBodyReachesTheBroker(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	const parameters = `{"z":"\"}","b":1.50,"a":12345678901234567890, "c":[{"x":null,"}":"\"]}"}],"d":"\\","e":"\\\"","\u00fc":"<&>"}`
	body := strings.TrimSuffix(provisionBody, "}") + `,"parameters":` + parameters + `,"x-vendor":{"a":1},"Service_ID":7,"PLAN_ID":[],"Parameters":[]}`
	s.do(http.MethodPut, instancePath, body+"\r\n ").wantBody(t, http.StatusCreated, "{}")
	r := lastReceived[*openbroker.ProvisionRequest](t, broker)
	if string(r.Parameters) != parameters || string(r.Body) != body || r.ServiceID != serviceID || r.Service.Name != "database" || r.Plan.ID != planID {
		t.Errorf("got %s and %s", []byte(r.Parameters), []byte(r.Body))
	}
	if r.AcceptsIncomplete {
		t.Error("accepts_incomplete is set")
	}
	// Names may be escaped. Of equal names, the last one counts.
	s.do(http.MethodPut, instancePath+"?accepts_incomplete=true", strings.Replace(body, `"service_id":"`, `"service_id":"none","service_\u0069d":"`, 1)).wantBody(t, http.StatusCreated, "{}")
	if r := lastReceived[*openbroker.ProvisionRequest](t, broker); !r.AcceptsIncomplete || r.ServiceID != serviceID {
		t.Errorf("got %+v", r)
	}
}

// TestRepeatedRequests: the handler keeps no state and passes repeated requests on to
// the broker.
func TestRepeatedRequests(t *testing.T) {
	t.Parallel()
	outcome := openbroker.Completed
	broker := &fakeBroker{provision: func(context.Context, *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
		return &openbroker.ProvisionResponse{Outcome: outcome}, nil
	}}
	s := serve(t, broker)
	for _, c := range []struct {
		outcome openbroker.Outcome
		status  int
	}{{openbroker.Accepted, 202}, {openbroker.Accepted, 202}, {openbroker.AlreadyExists, 200}, {openbroker.Completed, 201}} {
		outcome = c.outcome
		s.do(http.MethodPut, instancePath+"?accepts_incomplete=true", provisionBody).wantBody(t, c.status, "{}")
	}
	if len(broker.received()) != 4 {
		t.Errorf("%d calls", len(broker.received()))
	}
}
