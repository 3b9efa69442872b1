package openbroker_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
)

func TestAuthenticationOnEveryPath(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker, openbroker.WithAuthenticator(authenticatorFunc(basicAuth)))
	paths := []string{"/", "/v2/nothing", "/v2/service_instances/", "/v2/service_instances/%2e%2e"}
	for _, r := range endpointRequests {
		paths = append(paths, r.path)
	}
	for _, path := range paths {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodOptions} {
			// The response is the same for every request, so it reveals nothing.
			a := s.do(method, path, `{"junk"`, "-X-Broker-API-Version", openbroker.HeaderOriginatingIdentity+": junk")
			a.wantBody(t, http.StatusUnauthorized, `{"description":"Authentication is required: the request carries no credentials, or wrong ones."}`)
			if got := a.header.Values("WWW-Authenticate"); len(got) != 1 || got[0] != `Basic realm="test"` {
				t.Errorf("%s: WWW-Authenticate is %q", path, got)
			}
		}
	}
	wantNoCall(t, broker)
}

func TestAuthenticatorErrors(t *testing.T) {
	t.Parallel()
	var typedNil *openbroker.Error
	for name, c := range map[string]struct {
		err    error
		status int
	}{
		"plain":          {errors.New("password hunter2 is wrong"), http.StatusUnauthorized},
		"unauthorized":   {openbroker.ErrUnauthorized.WithDescription("The token has expired."), http.StatusUnauthorized},
		"typed nil":      {typedNil, http.StatusUnauthorized},
		"without status": {openbroker.ErrInstanceDoesNotExist, http.StatusUnauthorized},
		"a success":      {openbroker.NewError(http.StatusOK, "", "welcome"), http.StatusUnauthorized},
		"forbidden":      {openbroker.NewError(http.StatusForbidden, "", "A scope is missing."), http.StatusForbidden},
		"key server":     {openbroker.ErrUnavailable, http.StatusServiceUnavailable},
	} {
		broker := &fakeBroker{}
		s := serve(t, broker, openbroker.WithAuthenticator(authenticatorFunc(func(*http.Request) (openbroker.Principal, error) {
			return openbroker.Principal{}, c.err
		})))
		a := s.do(http.MethodPut, instancePath, provisionBody)
		a.wantError(t, c.status)
		if (a.header.Get("WWW-Authenticate") != "") != (c.status == http.StatusUnauthorized) {
			t.Errorf("%s: WWW-Authenticate is %q", name, a.header.Get("WWW-Authenticate"))
		}
		wantNoCall(t, broker)
	}
	s := serve(t, &fakeBroker{}, openbroker.WithAuthenticator(authenticatorFunc(func(*http.Request) (openbroker.Principal, error) {
		panic("no keys")
	})))
	s.do(http.MethodGet, "/v2/catalog", "").wantError(t, http.StatusInternalServerError)
}

// TestOwnRefusal: an authenticator can set the text, headers and challenge of a 401,
// but not the headers that the handler owns.
func TestOwnRefusal(t *testing.T) {
	t.Parallel()
	refusal := openbroker.ErrUnauthorized.WithDescription("Log in at https://login.example.com.").
		WithHeader("www-authenticate", `Basic realm="billing"`).WithHeader("X-Login", "a").WithHeader("X-Login", "https://login.example.com").
		WithHeader("Content-Type", "text/html").WithHeader("Content-Length", "3").WithHeader("connection", "close").
		WithHeader(openbroker.HeaderRequestIdentity, "other")
	authenticator := authenticatorFunc(func(*http.Request) (openbroker.Principal, error) { return openbroker.Principal{}, refusal })
	s := serve(t, &fakeBroker{}, openbroker.WithAuthenticator(authenticator))
	mux := httptest.NewServer(openbroker.Middleware(discardLog(), openbroker.WithAuthenticator(authenticator))(http.NotFoundHandler()))
	t.Cleanup(mux.Close)
	for _, s := range []*testServer{s, {Server: mux, t: t}} {
		a := s.do(http.MethodGet, "/v2/catalog", "", openbroker.HeaderRequestIdentity+": req-1")
		a.wantBody(t, http.StatusUnauthorized, `{"description":"Log in at https://login.example.com."}`)
		for name, want := range map[string]string{
			"WWW-Authenticate": `Basic realm="billing"`, "X-Login": "https://login.example.com", "Connection": "", openbroker.HeaderRequestIdentity: "req-1",
		} {
			if got := strings.Join(a.header.Values(name), "|"); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	}
	if !errors.Is(refusal, openbroker.ErrUnauthorized) || openbroker.ErrUnauthorized.Header != nil {
		t.Error("deriving an error changes the original")
	}
	if derived := refusal.WithHeader("X-Login", "b"); refusal.Header.Get("X-Login") == derived.Header.Get("X-Login") {
		t.Error("WithHeader changes the error")
	}
}

func TestPrincipalReachesTheBroker(t *testing.T) {
	t.Parallel()
	principal := openbroker.Principal{Name: "alice", Method: "bearer", Scopes: []string{"osb"}}
	broker := &fakeBroker{}
	s := serve(t, broker, openbroker.WithAuthenticator(authenticatorFunc(func(*http.Request) (openbroker.Principal, error) { return principal, nil })))
	for platform, want := range map[string]string{"": openbroker.DefaultPlatform, "cf": "cf"} {
		principal.Platform = platform
		s.do(http.MethodPut, instancePath, provisionBody)
		caller := lastReceived[*openbroker.ProvisionRequest](t, broker).Caller
		wantEqual(t, "the caller", caller, openbroker.Caller{Principal: principal, Platform: want, APIVersion: openbroker.Version{Major: 2, Minor: 17}})
	}
}
