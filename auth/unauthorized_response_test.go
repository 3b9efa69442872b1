package auth_test

import (
	"net/http"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
)

func TestWithUnauthorizedResponse(t *testing.T) {
	t.Parallel()
	respond := func(a openbroker.Authenticator, config auth.UnauthorizedResponse) openbroker.Authenticator {
		t.Helper()
		r, err := auth.WithUnauthorizedResponse(a, config)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	config := auth.UnauthorizedResponse{Realm: "Billing", Description: "Log in at https://login.example.com.", Header: http.Header{"X-Login": {"https://login.example.com"}}}
	s := serve(t, respond(newBasic(t, auth.Credential{Username: "cc", Password: "right"}), config))
	mustAccept(t, s.provision(t, basicHeader("cc", "right")), "cc", "basic", "")
	a := s.provision(t, basicHeader("cc", "wrong"))
	mustRefuse(t, a, `Basic realm="Billing", charset="UTF-8"`)
	if a.body["description"] != config.Description || a.header.Get("X-Login") != "https://login.example.com" {
		t.Errorf("got %v %v", a.body, a.header)
	}
	// Specific descriptions, other statuses and the error's own headers are kept.
	for _, c := range []struct {
		err           error
		status        int
		text, X, name string
	}{
		{http.ErrNoCookie, 401, config.Description, "https://login.example.com", "no *Error"},
		{(*openbroker.Error)(nil), 401, config.Description, "https://login.example.com", "typed nil"},
		{openbroker.ErrUnauthorized.WithDescription("expired").WithHeader("X-Login", "own"), 401, "expired", "own", "its own"},
		{openbroker.NewError(403, "", "no"), 403, "no", "", "403"},
		{openbroker.ErrUnavailable, 503, openbroker.ErrUnavailable.Description, "", "503"},
	} {
		a := serve(t, respond(fixed{c.err}, config)).provision(t)
		if a.status != c.status || a.body["description"] != c.text || a.header.Get("X-Login") != c.X {
			t.Errorf("%s: %d %v %v", c.name, a.status, a.body, a.header)
		}
	}
	// Unset fields change nothing.
	mustRefuse(t, serve(t, respond(newBasic(t, auth.Credential{Username: "cc", Password: "right"}), auth.UnauthorizedResponse{})).provision(t), basicChallenge)
	for _, c := range []struct {
		a     openbroker.Authenticator
		realm string
	}{{nil, ""}, {auth.NewNone(new(logBuffer).logger()), ""}, {fixed{}, `a"b`}, {fixed{}, `a\`}, {fixed{}, "a\r\nX: y"}, {fixed{}, "ü"}} {
		if _, err := auth.WithUnauthorizedResponse(c.a, auth.UnauthorizedResponse{Realm: c.realm}); err == nil {
			t.Errorf("%T with the realm %q was accepted", c.a, c.realm)
		}
	}
}
