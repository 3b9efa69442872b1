package openbroker_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
)

// Every response echoes the request identity.
func TestRequestIdentityIsEchoed(t *testing.T) {
	t.Parallel()
	s := serve(t, failing(fmt.Errorf("unknown")), openbroker.WithAuthenticator(authenticatorFunc(basicAuth)))
	const credentials = "Authorization: Basic Y2Y6c2VjcmV0"
	for _, identity := range []string{"req-1", "a b, c; d=\"e\"", strings.Repeat("x", 10_000)} {
		for _, headers := range [][]string{{credentials}, {}, {credentials, "-X-Broker-API-Version"}, {credentials, openbroker.HeaderOriginatingIdentity + ": x"}} {
			for _, r := range append(endpointRequests, struct{ name, method, path, body string }{"unknown", "BREW", "/v2/catalog", ""}) {
				a := s.do(r.method, r.path, r.body, append(headers, openbroker.HeaderRequestIdentity+": "+identity)...)
				if got := a.header.Get(openbroker.HeaderRequestIdentity); got != identity {
					t.Errorf("%s: %d echoes %.50q", r.name, a.status, got)
				}
				if len(a.body) > 2000 {
					t.Errorf("%s: the body repeats the identity: %d bytes", r.name, len(a.body))
				}
			}
		}
	}
}

func TestRequestIdentityAbsentOrEmpty(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for _, header := range []string{"-X-Broker-API-Request-Identity", "X-Broker-API-Request-Identity:"} {
		a := s.do(http.MethodPut, instancePath, provisionBody, header)
		if values := a.header.Values(openbroker.HeaderRequestIdentity); len(values) > 0 {
			t.Errorf("%s: the response has %q", header, values)
		}
	}
	s.do(http.MethodPut, instancePath, provisionBody, "x-broker-api-request-identity: r")
	if got := lastReceived[*openbroker.ProvisionRequest](t, broker).Caller.RequestIdentity; got != "r" {
		t.Errorf("the broker sees %q", got)
	}
}
