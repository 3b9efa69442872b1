package openbroker_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
)

// TestFetchHints: service_id and plan_id are hints that need not be in the catalog.
func TestFetchHints(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for query, want := range map[string][2]string{
		"": {}, "?service_id=s": {"s", ""}, "?plan_id=p": {"", "p"}, "?service_id=&plan_id=": {}, "?service_id=a%20b&plan_id=c%2Fd&x=y": {"a b", "c/d"},
	} {
		s.do(http.MethodGet, instancePath+query, "").wantBody(t, http.StatusOK, "{}")
		if r := lastReceived[*openbroker.GetInstanceRequest](t, broker); r.ServiceID != want[0] || r.PlanID != want[1] || r.InstanceID != "i-1" {
			t.Errorf("%s: %+v", query, r)
		}
		s.do(http.MethodGet, bindingPath+query, "").wantBody(t, http.StatusOK, "{}")
		if r := lastReceived[*openbroker.GetBindingRequest](t, broker); r.ServiceID != want[0] || r.PlanID != want[1] || r.InstanceID != "i-1" || r.BindingID != "b-1" {
			t.Errorf("%s: %+v", query, r)
		}
	}
}

// TestFetchParameters: the parameters are an object or absent, never null.
func TestFetchParameters(t *testing.T) {
	t.Parallel()
	var parameters openbroker.Parameters
	s := serve(t, &fakeBroker{
		getInstance: func(context.Context, *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
			return &openbroker.GetInstanceResponse{Parameters: parameters}, nil
		},
		getBinding: func(context.Context, *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
			return &openbroker.GetBindingResponse{Parameters: parameters}, nil
		},
	})
	for _, path := range []string{instancePath, bindingPath} {
		for raw, want := range map[string]string{"": "{}", "{}": `{"parameters":{}}`, `{"a": 1 }`: `{"parameters":{"a":1}}`} {
			parameters = openbroker.Parameters(raw)
			s.do(http.MethodGet, path, "").wantBody(t, http.StatusOK, want)
		}
		for raw, logged := range map[string]string{"null": "parameters", "[1]": "parameters", `"hunter2"`: "parameters", `{"a":`: "encoded"} {
			parameters = openbroker.Parameters(raw)
			wantProgrammingError(t, s, s.do(http.MethodGet, path, "", requestOne), logged)
		}
	}
}

// TestFetchBindingPermissions: a hint of the platform does not change the response.
// The log names a permission only if the catalog certainly lacks it.
func TestFetchBindingPermissions(t *testing.T) {
	t.Parallel()
	const (
		hinted   = "?service_id=service-2"
		demand   = "add the permission to the service's requires"
		drain    = `{"syslog_drain_url":"syslog://x"}`
		route    = `{"route_service_url":"https://x"}`
		mounts   = `{"volume_mounts":[{"driver":"","container_dir":"","mode":"","device_type":"","device":{"volume_id":""}}]}`
		permits  = true
		nowhere  = false
		requires = `"requires":"`
	)
	for name, c := range map[string]struct {
		query    string
		permits  bool // whether service-1 requires all permissions
		binding  openbroker.GetBindingResponse
		body     string
		requires string // the permission that the log names
	}{
		"drain, hinted":       {hinted, permits, openbroker.GetBindingResponse{SyslogDrainURL: "syslog://x"}, drain, "syslog_drain"},
		"drain, not hinted":   {"", permits, openbroker.GetBindingResponse{SyslogDrainURL: "syslog://x"}, drain, ""},
		"drain, of service-1": {"?service_id=service-1", permits, openbroker.GetBindingResponse{SyslogDrainURL: "syslog://x"}, drain, ""},
		"drain, nowhere":      {"", nowhere, openbroker.GetBindingResponse{SyslogDrainURL: "syslog://x"}, drain, "syslog_drain"},
		"drain, unknown hint": {"?service_id=none", nowhere, openbroker.GetBindingResponse{SyslogDrainURL: "syslog://x"}, drain, "syslog_drain"},
		"route, hinted":       {hinted, permits, openbroker.GetBindingResponse{RouteServiceURL: "https://x"}, route, "route_forwarding"},
		"mounts, hinted":      {hinted, permits, openbroker.GetBindingResponse{VolumeMounts: []openbroker.VolumeMount{{}}}, mounts, "volume_mount"},
		"mounts, nowhere":     {"", nowhere, openbroker.GetBindingResponse{VolumeMounts: []openbroker.VolumeMount{{}}}, mounts, "volume_mount"},
		"nothing, hinted":     {hinted, nowhere, openbroker.GetBindingResponse{}, "{}", ""},
		"nothing, not hinted": {"", nowhere, openbroker.GetBindingResponse{}, "{}", ""},
	} {
		s := serve(t, &fakeBroker{
			catalog: func(context.Context) (*openbroker.Catalog, error) {
				catalog := testCatalog()
				if !c.permits {
					catalog.Services[0].Requires = nil
				}
				return catalog, nil
			},
			getBinding: func(context.Context, *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
				return &c.binding, nil
			},
		})
		s.do(http.MethodGet, bindingPath+c.query, "").wantBody(t, http.StatusOK, c.body)
		log := s.log.String()
		if strings.Contains(log, demand) != (c.requires != "") || c.requires != "" && !strings.Contains(log, requires+c.requires+`"`) {
			t.Errorf("%s: logged %s", name, log)
		}
	}
}

// TestFetchBindingWithoutCatalog: a fetch works without a catalog, with any hint.
func TestFetchBindingWithoutCatalog(t *testing.T) {
	t.Parallel()
	s := serve(t, &fakeBroker{
		catalog: func(context.Context) (*openbroker.Catalog, error) { return nil, nil }, //nolint:nilnil // That is the fault.
		getBinding: func(context.Context, *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
			return &openbroker.GetBindingResponse{SyslogDrainURL: "syslog://x"}, nil
		},
	})
	for _, query := range []string{"", "?service_id=service-1"} {
		s.do(http.MethodGet, bindingPath+query, "").wantBody(t, http.StatusOK, `{"syslog_drain_url":"syslog://x"}`)
	}
}
