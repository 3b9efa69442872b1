package provider_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/seal"
)

// A provider of a third party gets what the plans say, through the engine and HTTP,
// without knowing of it. Changed templates concern new operations; no template concerns a
// deletion.
func TestPlanValuesOnTheWire(t *testing.T) {
	t.Parallel()
	var calls callLog
	set, _, dispatcher := values(t, &calls)
	offer, err := source(t, valuesFile).Catalog()
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	store, err := sqlitestore.Open(t.Context(), filepath.Join(directory, "broker.db"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.LoadOrCreate(filepath.Join(directory, "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := durable.New(t.Context(), offer, dispatcher, store, durable.Config{Sealer: keys, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	engine.Start(t.Context())
	t.Cleanup(func() {
		engine.Stop(t.Context())
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if set.Public(offer) == offer {
		t.Error("the catalog has no field to hide")
	}
	handler := openbroker.NewHandler(engine, openbroker.WithLogger(slog.New(slog.DiscardHandler)))
	var wire strings.Builder
	send := func(method, path, body string) {
		t.Helper()
		request := httptest.NewRequestWithContext(t.Context(), method, "/v2/service_instances/i"+path, strings.NewReader(body))
		request.Header.Set("X-Broker-API-Version", "2.17")
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		response := recorder.Result()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		wire.WriteString(method + " " + path + " " + body + "\n" + response.Status + " " + strings.TrimSpace(string(text)) + "\n")
		all := calls.take()
		tick, late := time.NewTicker(time.Millisecond), time.After(5*time.Minute)
		defer tick.Stop()
		for response.StatusCode == http.StatusInternalServerError && len(all) < 2 { // The clean-up.
			select {
			case <-tick.C:
				all = append(all, calls.take()...)
			case <-late:
				t.Fatal("nothing is cleaned up")
			}
		}
		for _, call := range all {
			wire.WriteString("  " + call + "\n")
		}
	}
	const (
		of      = `"service_id":"one","plan_id":"p1"`
		context = `"context":{"platform":"cloudfoundry","organization_guid":"o","space_guid":"s-1","space_name":"Team Blue"}`
		query   = "?service_id=one&plan_id=p1"
	)
	send(http.MethodPut, "", `{`+of+`,`+context+`,"parameters":{"class":"m5","cost_center":"12345678","more":12345678901234567890}}`)
	send(http.MethodGet, "", "")
	send(http.MethodPatch, "", `{`+of+`,"parameters":{"region":"us"}}`)
	send(http.MethodPatch, "", `{`+of+`,"parameters":{"class":"m6","more":null}}`)
	send(http.MethodPut, "/service_bindings/a", `{`+of+`,"parameters":{"pool":3}}`)
	send(http.MethodGet, "/service_bindings/a", "")

	// The templates change, and some need what is not there.
	changed, err := source(t, strings.NewReplacer("{{ .credentials.port }}", "{{ .credentials.prt }}", "{{ .context.space_guid |", "{{ .context.namespace |", "region: eu-central-1", "region: eu-west-1").Replace(valuesFile)).Catalog()
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.SetCatalog(changed); err != nil {
		t.Fatal(err)
	}
	send(http.MethodGet, "", "")
	send(http.MethodPatch, "", `{`+of+`,"parameters":{"class":"m7"}}`)
	send(http.MethodPut, "/service_bindings/b", `{`+of+`}`)
	send(http.MethodGet, "/service_bindings/a", "")
	send(http.MethodDelete, "/service_bindings/a"+query, "")
	send(http.MethodPatch, "", `{"service_id":"one","plan_id":"p2"}`)
	send(http.MethodDelete, query, "")
	golden(t, filepath.Join("testdata", "plan_wire.txt"), wire.String())
}
