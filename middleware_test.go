package openbroker_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"testing"

	"github.com/openbroker/openbroker"
)

// own returns a handler of a program with its own router. It records callers.
func own(seen *[]openbroker.Caller) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*seen = append(*seen, openbroker.CallerFrom(r.Context()))
		_, _ = io.WriteString(w, "own response")
	})
}

func TestMiddleware(t *testing.T) {
	t.Parallel()
	var seen []openbroker.Caller
	h := openbroker.Middleware(discardLog(), openbroker.WithAuthenticator(authenticatorFunc(basicAuth)))(own(&seen))
	for _, c := range []struct {
		user, version, identity string
		status                  int
	}{
		{"", "", "junk", http.StatusUnauthorized},
		{"cf", "", "junk", http.StatusBadRequest},
		{"cf", "2.1", "junk", http.StatusPreconditionFailed},
		{"cf", "2.17", "junk", http.StatusBadRequest},
		{"cf", "2.17", "cf e30=", http.StatusOK},
	} {
		r := newRequest(t, "BREW", "/anywhere", "anything")
		r.Header.Set(openbroker.HeaderAPIVersion, c.version)
		r.Header.Set(openbroker.HeaderOriginatingIdentity, c.identity)
		r.Header.Set(openbroker.HeaderRequestIdentity, "req-1")
		if c.user != "" {
			r.SetBasicAuth(c.user, "secret")
		}
		w := newRecorder()
		h.ServeHTTP(w, r)
		a := httpResponse{w.Code, w.Header(), w.Body.String()}
		if a.header.Get(openbroker.HeaderRequestIdentity) != "req-1" {
			t.Errorf("%+v: the request identity is not echoed", c)
		}
		if (a.header.Get("WWW-Authenticate") != "") != (c.status == http.StatusUnauthorized) {
			t.Errorf("%+v: WWW-Authenticate is %q", c, a.header.Get("WWW-Authenticate"))
		}
		if c.status != http.StatusOK {
			a.wantError(t, c.status)
		} else if a.status != http.StatusOK || a.body != "own response" {
			t.Errorf("got %d %s", a.status, a.body)
		}
	}
	if len(seen) != 1 {
		t.Fatalf("%d requests passed", len(seen))
	}
	caller := seen[0]
	if caller.Principal.Name != "cf" || caller.Platform != "cf" || caller.Identity.Platform != "cf" || caller.RequestIdentity != "req-1" || caller.APIVersion.Minor != 17 {
		t.Errorf("got %+v", caller)
	}
}

func TestCallerFromAnyContext(t *testing.T) {
	t.Parallel()
	wantEqual(t, "the caller", openbroker.CallerFrom(context.Background()), openbroker.Caller{})
	var seen []openbroker.Caller
	h := openbroker.Middleware(discardLog())(own(&seen))
	for i := range 2 {
		r := newRequest(t, http.MethodGet, "/", "")
		r.Header.Set(openbroker.HeaderRequestIdentity, strconv.Itoa(i))
		h.ServeHTTP(newRecorder(), r)
	}
	if len(seen) != 2 || seen[0].RequestIdentity != "0" || seen[1].RequestIdentity != "1" || seen[0].Platform != openbroker.DefaultPlatform {
		t.Errorf("got %+v", seen)
	}
}
