package webhook_test

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// With check, the receiver can refuse requests before they are accepted.
func TestCheck(t *testing.T) {
	t.Parallel()
	const text = `{"error":{"status":422,"error":"QuotaExceeded","description":"Too many."}}`
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		status int
		want   string
		// timeout is that of the check, or empty.
		timeout string
	}{
		"accepted":    {result("{}"), 202, "", ""},
		"refused":     {result(text), 422, "Too many.", ""},
		"as a status": {respond(422, "application/json", text), 422, "Too many.", ""},
		"later":       {result(`{"retry_after":3}`), 503, "", ""},
		"busy":        {respond(503, "", ""), 503, "", "3s"},
		"slow":        {hang, 503, "", "3s"},
		"HTML":        {respond(200, "text/html", "<html>"), 500, "", ""},
		"a 202":       {accept(), 500, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t, c.answer)
			w := open(t, r.server.URL, "check: true\ncheck_timeout: "+cmp.Or(c.timeout, patience.String())+"\ncallback_url: CALLBACKS")
			o := w.request("PUT", instance+query, body)
			if o.status != c.status || !strings.Contains(o.text("description"), c.want) {
				t.Errorf("%d %v", o.status, o.body)
			}
			first := r.await(1)
			if first.fields.Operation != "check" || first.fields.ID != "" || first.fields.CallbackURL != "" || !strings.HasPrefix(first.id(), "check_") || !strings.Contains(first.text, `"parameters":{"password":"open-sesame"}`) {
				t.Errorf("the receiver got %+v", first)
			}
			if c.status != 202 {
				if got := r.sequence(); got != "check" || w.request("GET", instance, "").status != http.StatusNotFound {
					t.Errorf("the receiver got %s", got)
				}
				return
			}
			w.succeeds(instance, o.text("operation"))
			w.succeeds(instance, w.begin("PATCH", instance+query, `{`+ids+`,"parameters":{"size":2}}`))
			w.succeeds(binding, w.begin("PUT", binding+query, `{`+ids+`}`))
			if got := r.sequence(); got != "check, provision, check, update, check, bind" {
				t.Errorf("the receiver got %s", got)
			}
		})
	}
}

// With list, the receiver lists its instances.
func TestList(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, respond(503, "", ""), result(`{"resources":["ob-a","ob-b"]}`), result(`{"error":{"status":500,"description":"No."}}`), respond(404, "", ""), result(`{"resources":["ob-a","ob-b"]}`))
	w := open(t, r.server.URL, "list: true\ncheck: true")
	lister, ok := w.provider.Lister("hook")
	if !ok {
		t.Fatal("the provider lists nothing")
	}
	list := func() string {
		var got []string
		for name, err := range lister.Resources(t.Context()) {
			got = append(got, fmt.Sprint(name, err))
		}
		return strings.Join(got, " ")
	}
	for _, want := range []string{"ob-a<nil> ob-b<nil>", "500 No.", "the receiver answers 404 Not Found"} {
		if got := list(); !strings.Contains(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for name := range lister.Resources(t.Context()) {
		if name != "ob-a" {
			t.Error(name)
		}
		break
	}
	plain := open(t, r.server.URL, "")
	if _, ok := plain.provider.Lister("hook"); ok {
		t.Error("a provider without list lists")
	}
}

// The receiver gets a limited number of requests at a time.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int32
	slow := func(w http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		select { // Others have the time to come.
		case <-time.After(10 * time.Millisecond):
		case <-r.Context().Done():
		}
		result("{}")(w, r)
	}
	var answers []http.HandlerFunc
	for range 20 {
		answers = append(answers, slow)
	}
	r := newReceiver(t, answers...)
	w := open(t, r.server.URL, "concurrency: 1")
	operations := map[string]string{}
	for i := range 20 {
		at := fmt.Sprintf("/v2/service_instances/i%d", i)
		operations[at] = w.begin("PUT", at+query, body)
	}
	for at, operation := range operations {
		w.succeeds(at, operation)
	}
	if most.Load() != 1 {
		t.Errorf("%d requests at a time", most.Load())
	}
}
