package openbroker_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
)

type smokeBroker struct{ openbroker.Unimplemented }

func (smokeBroker) Catalog(context.Context) (*openbroker.Catalog, error) {
	return &openbroker.Catalog{Services: []openbroker.Service{{
		ID: "s", Name: "s", Description: "d", Bindable: true,
		Plans: []openbroker.Plan{{ID: "p", Name: "p", Description: "d"}},
	}}}, nil
}

func (smokeBroker) Provision(context.Context, *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	return &openbroker.ProvisionResponse{DashboardURL: "http://x"}, nil
}

func TestSmoke(t *testing.T) {
	t.Parallel()
	h := openbroker.NewHandler(smokeBroker{})
	for _, c := range []struct{ method, path, body string }{
		{"GET", "//v2/catalog", ""},
		{"GET", "/x/v2/catalog", ""},
		{"PUT", "/v2/service_instances/a%2Fb", `{"service_id":"s","plan_id":"p","organization_guid":"o","space_guid":"s","parameters":null}`},
		{"PUT", "/v2/service_instances/a", `{"service_id":5}`},
		{"PUT", "/v2/service_instances/a", `{"service_id":"s","plan_id":"p","parameters":[]}`},
		{"PUT", "/v2/service_instances/", `{}`},
		{"PUT", "/v2/service_instances/..", `{}`},
		{"POST", "/v2/catalog", `{}`},
		{"PATCH", "/v2/service_instances/x", `{"service_id":"s"}`},
		{"DELETE", "/v2/service_instances/x", ``},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.body))
		r.Header.Set("X-Broker-API-Version", "2.17")
		h.ServeHTTP(w, r)
		t.Log(c.method, c.path, w.Code, w.Body.String(), w.Header())
		if w.Code >= http.StatusInternalServerError && w.Code != http.StatusNotImplemented {
			t.Error(w.Code)
		}
	}
}
