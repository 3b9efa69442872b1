package openbroker_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
)

type observedKey struct{}

// TestRequestObserver: each request is reported once, with its route and status, and
// the broker has the context of the observer.
func TestRequestObserver(t *testing.T) {
	t.Parallel()
	outcomes := make(chan openbroker.RequestOutcome, 1)
	observer := func(r *http.Request) (context.Context, func(openbroker.RequestOutcome)) {
		return context.WithValue(r.Context(), observedKey{}, true), func(o openbroker.RequestOutcome) { outcomes <- o }
	}
	now := testTime()
	var failure error
	broker := &fakeBroker{provision: func(ctx context.Context, _ *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
		if ctx.Value(observedKey{}) == nil {
			t.Error("the broker does not have the context of the observer")
		}
		if failure != nil {
			return nil, failure
		}
		return &openbroker.ProvisionResponse{Outcome: openbroker.Completed}, nil
	}}
	s := serve(t, broker, openbroker.WithRequestObserver(observer), openbroker.WithAuthenticator(authenticatorFunc(basicAuth)),
		openbroker.WithClock(func() time.Time { now = now.Add(time.Second); return now }))
	const route = "/v2/service_instances/{instance_id}"
	caller := openbroker.Caller{Principal: openbroker.Principal{Name: "p", Method: "basic", Platform: "p"}, Platform: "p"}
	versioned := caller
	versioned.APIVersion = openbroker.Version{Major: 2, Minor: 17}
	for _, test := range []struct {
		name, method, path, password string
		failure                      error
		want                         openbroker.RequestOutcome
	}{
		{"success", http.MethodPut, instancePath + "?accepts_incomplete=true", "secret", nil, openbroker.RequestOutcome{Route: route, Status: 201, Caller: versioned, InstanceID: "i-1"}},
		{"failure", http.MethodPut, instancePath + "?accepts_incomplete=true", "secret", errors.New("disk full"), openbroker.RequestOutcome{Route: route, Status: 500, Caller: versioned, InstanceID: "i-1"}},
		{"refusal", http.MethodPut, instancePath + "?accepts_incomplete=true", "secret", openbroker.ErrConcurrency, openbroker.RequestOutcome{Route: route, Status: 422, Caller: versioned, InstanceID: "i-1", Code: "ConcurrencyError"}},
		{"login", http.MethodPut, instancePath, "wrong", nil, openbroker.RequestOutcome{Status: 401, Caller: openbroker.Caller{Platform: openbroker.DefaultPlatform}}},
		{"path", http.MethodGet, "/nowhere", "secret", nil, openbroker.RequestOutcome{Status: 404, Caller: caller}},
		{"method", http.MethodPost, instancePath, "secret", nil, openbroker.RequestOutcome{Status: 405, Caller: caller, InstanceID: "i-1"}},
	} {
		failure = test.failure
		s.do(test.method, test.path, provisionBody, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte("p:"+test.password)))
		test.want.Duration = time.Second
		got := <-outcomes
		got.Caller.RequestIdentity = "" // The handler makes one for a fault of the broker.
		wantEqual(t, test.name, got, test.want)
	}
}
