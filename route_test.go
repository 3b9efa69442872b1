package openbroker_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
)

func TestRouteUnderAnyPrefix(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for _, prefix := range []string{"", "/", "//", "/prefix", "/a/b/", "/a%2Fb", "/v2", "/%2e%2e", "/v2/v2/other"} {
		for _, r := range endpointRequests {
			a := s.do(r.method, prefix+r.path, r.body)
			if a.status != http.StatusOK && a.status != http.StatusCreated {
				t.Errorf("%s %s%s: %d %s", r.method, prefix, r.path, a.status, a.body)
			}
		}
	}
}

// TestRouteMounted: the handler works below a path of another router.
func TestRouteMounted(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	mux := http.NewServeMux()
	mux.Handle("/osb/", http.StripPrefix("/osb", openbroker.NewHandler(broker, discardLog())))
	w := newRecorder()
	mux.ServeHTTP(w, newRequest(t, http.MethodPut, "/osb/v2/service_instances/a%2Fb", provisionBody))
	if w.Code != http.StatusCreated {
		t.Fatal(w.Code, w.Body)
	}
	if got := lastReceived[*openbroker.ProvisionRequest](t, broker).InstanceID; got != "a/b" {
		t.Errorf("instance id is %q", got)
	}
}

// TestRouteKeepsEncodedIDs: an id with an escaped slash stays one path segment.
func TestRouteKeepsEncodedIDs(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for escaped, id := range map[string]string{
		"a%2Fb":                "a/b",
		"%2Fv2%2Fcatalog":      "/v2/catalog",
		"a%2F..%2Fb":           "a/../b",
		"a%20b+c":              "a b+c",
		"%C3%BC":               "ü",
		"~a.b-c_d":             "~a.b-c_d",
		"...":                  "...",
		"last_operation":       "last_operation",
		"service_bindings":     "service_bindings",
		"%7B%7D%3F%23%25":      "{}?#%",
		"a;b=c":                "a;b=c",
		strings.Repeat("i", 9): "iiiiiiiii",
	} {
		s.do(http.MethodPut, "/v2/service_instances/"+escaped+"/service_bindings/"+escaped, bindBody).wantBody(t, http.StatusCreated, "{}")
		r := lastReceived[*openbroker.BindRequest](t, broker)
		if r.InstanceID != id || r.BindingID != id {
			t.Errorf("%s: ids are %q and %q, want %q", escaped, r.InstanceID, r.BindingID, id)
		}
	}
}

func TestRouteUnknownPaths(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for _, path := range []string{
		"", "/", "/v2", "/v2/", "/v1/catalog", "/catalog", "/v2/catalog/", "/v2/catalog/x", "/V2/catalog", "/v2/Catalog", "/v2//catalog",
		"/v2/service_instances", "/v2/service_instances/i/", "/v2/service_instances/i/x", "/v2/service_instances/i/service_bindings",
		"/v2/service_instances/i/last_operation/", "/v2/service_instances/i/service_bindings/b/x", "/v2/service_instances/i/service_bindings/b/",
		"/v2/service_instances/i/service_bindings/b/last_operation/x", "/v2/service_instances/../catalog", "/v2%2Fcatalog", "/%76%32%2Fcatalog",
		"/v2/catalog;x", "/v2/catalog%00",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPost, "BREW"} {
			s.do(method, path, "").wantError(t, http.StatusNotFound, "/v2/catalog")
		}
	}
	wantNoCall(t, broker)
}

func TestRouteUnknownMethods(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for _, c := range []struct {
		path, allow string
		methods     []string
	}{
		{"/v2/catalog", "GET, HEAD", []string{"PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "BREW"}},
		{instancePath, "PUT, PATCH, DELETE, GET, HEAD", []string{"POST", "OPTIONS", "TRACE", "put", "BREW"}},
		{bindingPath, "PUT, DELETE, GET, HEAD", []string{"POST", "PATCH", "OPTIONS", "BREW"}},
		{instancePath + "/last_operation", "GET, HEAD", []string{"PUT", "POST", "PATCH", "DELETE"}},
		{bindingPath + "/last_operation", "GET, HEAD", []string{"PUT", "POST", "PATCH", "DELETE"}},
	} {
		for _, method := range c.methods {
			a := s.do(method, c.path, provisionBody)
			a.wantError(t, http.StatusMethodNotAllowed, c.allow)
			if got := a.header.Get("Allow"); got != c.allow {
				t.Errorf("%s %s: Allow is %q", method, c.path, got)
			}
		}
	}
	wantNoCall(t, broker)
}

func TestPlatformPrefix(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker, openbroker.WithPlatformPrefix(), openbroker.WithAuthenticator(authenticatorFunc(func(r *http.Request) (openbroker.Principal, error) {
		if r.Header.Get("Authorization") == "" {
			return openbroker.Principal{Name: "anyone"}, nil
		}
		return basicAuth(r)
	})))
	const ofCF = "Authorization: Basic Y2Y6c2VjcmV0" // cf:secret
	for _, c := range []struct {
		prefix, authorization string
		status                int
		platform              string
	}{
		{"/cf", ofCF, http.StatusCreated, "cf"},
		{"/cf/", ofCF, http.StatusCreated, "cf"},
		{"/broker/cf", ofCF, http.StatusCreated, "cf"},
		{"/c%66", ofCF, http.StatusCreated, "cf"},
		{"/k8s", "-Authorization", http.StatusCreated, "k8s"},
		{"/a%2Fb", "-Authorization", http.StatusCreated, "a/b"},
		{"/k8s", ofCF, http.StatusUnauthorized, ""},
		// Only the first /v2/ counts, so that a path names one platform.
		{"/k8s/v2/cf", ofCF, http.StatusNotFound, ""},
		{"/cf/v2/k8s", "-Authorization", http.StatusNotFound, ""},
		{"/cf/v2/service_instances", "-Authorization", http.StatusNotFound, ""},
		{"/v2/cf", ofCF, http.StatusNotFound, ""},
		{"/k8s%2Fv2%2Fcf", "-Authorization", http.StatusCreated, "k8s/v2/cf"},
		{"", ofCF, http.StatusNotFound, ""},
		{"/", ofCF, http.StatusNotFound, ""},
		{"//", ofCF, http.StatusNotFound, ""},
		{"/..", "-Authorization", http.StatusNotFound, ""},
		{"/a%00b", "-Authorization", http.StatusNotFound, ""},
		{"/" + strings.Repeat("p", 2000), "-Authorization", http.StatusNotFound, ""},
	} {
		before := len(broker.received())
		a := s.do(http.MethodPut, c.prefix+instancePath, provisionBody, c.authorization)
		if c.status != http.StatusCreated {
			a.wantError(t, c.status)
			if (a.header.Get("WWW-Authenticate") != "") != (c.status == http.StatusUnauthorized) {
				t.Errorf("%s: WWW-Authenticate is %q", c.prefix, a.header.Get("WWW-Authenticate"))
			}
			if len(broker.received()) != before {
				t.Errorf("%s: the broker was called", c.prefix)
			}
			continue
		}
		a.wantBody(t, c.status, "{}")
		if got := lastReceived[*openbroker.ProvisionRequest](t, broker).Caller.Platform; got != c.platform {
			t.Errorf("%s: platform is %q, want %q", c.prefix, got, c.platform)
		}
	}
}
