package console_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/openbroker/openbroker/durable"
)

// TestScreenshots makes a picture of each page: light, dark and narrow. Set SCREENSHOTS
// to the directory for them; make screenshots does.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	directory := os.Getenv("SCREENSHOTS")
	if directory == "" {
		t.Skip("make screenshots makes the pictures; this tests nothing")
	}
	ok(t, os.MkdirAll(directory, 0o755))
	w := newWorld(t)
	w.decorate()
	store, _, stop := w.run()
	t.Cleanup(stop)
	f := open(t, store, w.keys, nil)
	tab := startBrowser(t).open(f.url, "ada")
	pages := map[string]string{
		"overview": "/", "instances": "/instances", "instance": "/instance?platform=default&id=shop-orders",
		"operations": "/operations", "operation": "/operation?id=" + f.operationOf("reports-archive"),
		"act": "/act?act=retry&operation=" + f.operationOf("reports-archive"), "catalog": "/catalog", "audit": "/audit", "health": "/health",
	}
	for _, look := range []struct {
		name, scheme  string
		width, height int64
	}{{"light", "light", 1280, 800}, {"dark", "dark", 1280, 800}, {"narrow", "light", 390, 844}, {"narrow-dark", "dark", 390, 844}} {
		tab.size(look.width, look.height)
		tab.scheme(look.scheme)
		for name, path := range pages {
			tab.visit(path)
			tab.look(filepath.Join(directory, name+"-"+look.name+".png"))
		}
	}
}

// decorate makes records that look like those of a broker that has run for some days.
func (w *world) decorate() {
	w.t.Helper()
	_, s, stop := w.run()
	defer stop()
	for i, name := range []string{
		"shop-orders", "shop-carts", "shop-users", "billing-ledger", "billing-invoices", "reports-daily", "reports-weekly", "search-index",
		"mail-queue", "mail-templates", "auth-sessions", "auth-tokens", "metrics-raw", "metrics-rollup", "images-originals", "images-thumbs",
	} {
		plan := []string{"sync", "small", "async"}[i%3]
		if plan == "small" {
			plan = "sync"
		}
		call(w.t, s, http.MethodPut, "/v2/service_instances/"+name+"?accepts_incomplete=true", provision(plan, `{"size":3,"backup":"daily"}`))
		w.await(name, durable.OperationSucceeded)
		for b := range i % 4 {
			call(w.t, s, http.MethodPut, fmt.Sprintf("/v2/service_instances/%s/service_bindings/%s-app-%d", name, name, b), provision(plan, `{"role":"reader"}`))
		}
	}
	for _, app := range []string{"web", "worker"} {
		call(w.t, s, http.MethodPut, "/v2/service_instances/shop-orders/service_bindings/shop-"+app, provision("sync", `{"role":"writer"}`))
	}
	call(w.t, s, http.MethodPut, "/v2/service_instances/search-replica?accepts_incomplete=true", provision("async", `{"fault":{"state":"failed","description":"The quota of the volume group is exhausted."}}`))
	w.await("search-replica", durable.OperationFailed)
	for _, name := range []string{"reports-archive", "mail-archive", "images-archive", "billing-archive"} {
		call(w.t, s, http.MethodPut, "/v2/service_instances/"+name+"?accepts_incomplete=true", provision("async", `{"delay":"30m"}`))
	}
	stop()
	const hour = "3600000000"
	w.exec(
		`UPDATE instances SET created_at = created_at - (rowid % 11) * 17 * `+hour+`, updated_at = updated_at - (rowid % 7) * `+hour,
		`UPDATE operations SET created_at = created_at - (seq % 11) * 9 * `+hour+`, updated_at = updated_at - (seq % 11) * 9 * `+hour+`, finished_at = finished_at - (seq % 11) * 9 * `+hour+` WHERE finished_at <> 0 AND state = 'succeeded'`,
		`UPDATE instances SET status = 'create failed' WHERE instance_id = 'metrics-raw'`,
		`UPDATE operations SET created_at = created_at - 7 * `+hour+`, updated_at = updated_at - 5 * `+hour+`, attempt = 6, failures = 5, not_before = updated_at + 30 * `+hour+`, owner = '', lease_until = 0, description = 'waiting for the volume' WHERE instance_id = 'reports-archive'`,
		`UPDATE operations SET created_at = created_at - `+hour+` / 5, attempt = 3, failures = 2, not_before = updated_at + `+hour+` / 4, owner = '', lease_until = 0, description = 'the service does not answer' WHERE instance_id IN ('mail-archive', 'images-archive')`,
	)
}
