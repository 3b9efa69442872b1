package openbroker_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
)

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]openbroker.Version{
		"2.17":          {Major: 2, Minor: 17},
		"0.0":           {},
		"2.013":         {Major: 2, Minor: 13},
		"999999.999999": {Major: 999999, Minor: 999999},
	} {
		got, err := openbroker.ParseVersion(text)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "2", "2.", ".17", "2.17.1", "v2.17", "2,17", " 2.17", "2.17 ", "2.x", "-2.17", "+2.17", "2.-1", "2.1e1", "２.17",
		"1000000.0", "99999999999999999999.1", "\x00",
	} {
		if got, err := openbroker.ParseVersion(text); err == nil || got != (openbroker.Version{}) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestVersionCompare(t *testing.T) {
	t.Parallel()
	ordered := []openbroker.Version{{Major: 1, Minor: 99}, {Major: 2, Minor: 9}, {Major: 2, Minor: 13}, {Major: 3}}
	for i, a := range ordered {
		for j, b := range ordered {
			if got := a.Compare(b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%v and %v: %d", a, b, got)
			}
		}
	}
}

func TestVersionHeader(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for _, c := range []struct {
		header string
		status int
		part   string
	}{
		{"X-Broker-API-Version: 2.13", http.StatusCreated, ""},
		{"X-Broker-API-Version:    2.17   ", http.StatusCreated, ""},
		{"x-broker-api-version: 2.14", http.StatusCreated, ""},
		{"X-Broker-API-Version: 2.99", http.StatusCreated, ""},
		{"-X-Broker-API-Version", http.StatusBadRequest, "required"},
		{"X-Broker-API-Version:", http.StatusBadRequest, "required"},
		{"X-Broker-API-Version: junk", http.StatusBadRequest, "malformed"},
		{"X-Broker-API-Version: 2", http.StatusBadRequest, "malformed"},
		{"X-Broker-API-Version: 2.17, 2.16", http.StatusBadRequest, "malformed"},
		{"X-Broker-API-Version: 2.17.0", http.StatusBadRequest, "malformed"},
		{"X-Broker-API-Version: " + strings.Repeat("9", 10_000) + ".1", http.StatusBadRequest, "malformed"},
		{"X-Broker-API-Version: 2.12", http.StatusPreconditionFailed, "2.13"},
		{"X-Broker-API-Version: 1.17", http.StatusPreconditionFailed, "2.13"},
		{"X-Broker-API-Version: 3.0", http.StatusPreconditionFailed, "2.13"},
	} {
		before := len(broker.received())
		a := s.do(http.MethodPut, instancePath, provisionBody, c.header)
		if c.status == http.StatusCreated {
			a.wantBody(t, c.status, "{}")
			continue
		}
		a.wantError(t, c.status, c.part, "X-Broker-API-Version")
		if len(broker.received()) != before {
			t.Errorf("%s: the broker was called", c.header)
		}
	}
}

func TestVersionIsCheckedOnEveryEndpoint(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for _, r := range endpointRequests {
		s.do(r.method, r.path, r.body, "-X-Broker-API-Version").wantError(t, http.StatusBadRequest)
		s.do(r.method, r.path, r.body, "X-Broker-API-Version: 2.1").wantError(t, http.StatusPreconditionFailed)
	}
	wantNoCall(t, broker)
}

func TestVersionOptions(t *testing.T) {
	t.Parallel()
	s := serve(t, &fakeBroker{}, openbroker.WithMinimumVersion(openbroker.Version{Major: 2, Minor: 16}), openbroker.WithMissingVersionAsUnsupported())
	s.do(http.MethodGet, "/v2/catalog", "", "X-Broker-API-Version: 2.15").wantError(t, http.StatusPreconditionFailed, "2.16")
	s.do(http.MethodGet, "/v2/catalog", "", "-X-Broker-API-Version").wantError(t, http.StatusPreconditionFailed, "required")
	s.do(http.MethodGet, "/v2/catalog", "", "X-Broker-API-Version: x").wantError(t, http.StatusBadRequest)

	broker := &fakeBroker{}
	s = serve(t, broker, openbroker.WithoutVersionCheck())
	for header, want := range map[string]openbroker.Version{
		"-X-Broker-API-Version":      {},
		"X-Broker-API-Version: junk": {},
		"X-Broker-API-Version: 1.0":  {Major: 1},
	} {
		s.do(http.MethodPut, instancePath, provisionBody, header).wantBody(t, http.StatusCreated, "{}")
		if got := lastReceived[*openbroker.ProvisionRequest](t, broker).Caller.APIVersion; got != want {
			t.Errorf("%s: version is %v", header, got)
		}
	}
}
