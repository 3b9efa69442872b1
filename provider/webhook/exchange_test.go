package webhook_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Each operation is one signed request, and the answer is its result.
func TestOperations(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, result(`{"state":{"n":1},"dashboard_url":"https://d.test"}`), result(`{"state":{"n":2}}`), result(`{"credentials":{"password":"pw"},"state":"x"}`))
	w := open(t, r.server.URL+"/hook?key=k", "headers: {X-Api-Key: gateway}")
	w.succeeds(instance, w.provision())
	w.succeeds(instance, w.begin("PATCH", instance+query, `{`+ids+`,"parameters":{"size":12345678901234567890}}`))
	w.succeeds(binding, w.begin("PUT", binding+query, `{`+ids+`}`))
	if o := w.request("GET", binding, ""); o.status != http.StatusOK || o.body["credentials"].(map[string]any)["password"] != "pw" {
		t.Errorf("the binding is %v", o)
	}
	w.succeeds(binding, w.begin("DELETE", binding+query, ""))
	w.succeeds(instance, w.deprovision())
	if got := r.sequence(); got != "provision, update, bind, unbind, deprovision" {
		t.Errorf("the receiver got %s", got)
	}
	for i, m := range r.messages() {
		if m.path != "/hook" || m.method != "POST" || m.header.Get("Content-Type") != "application/json" || m.header.Get("Idempotency-Key") != m.id() ||
			m.header.Get("X-Api-Key") != "gateway" || m.header.Get("User-Agent") != "openbroker" || !strings.Contains(m.text, `"provider":"hook"`) {
			t.Errorf("message %d is %+v", i, m)
		}
	}
	update := r.messages()[1]
	for _, want := range []string{`"size":12345678901234567890`, `"state":{"n":1}`, `"settings":{}`} {
		if !strings.Contains(update.text, want) {
			t.Errorf("the update has no %s: %s", want, update.text)
		}
	}
	if !strings.Contains(r.messages()[3].text, `"state":"x"`) {
		t.Errorf("the unbind is %s", r.messages()[3].text)
	}
	if strings.Contains(w.log.String(), "open-sesame") || strings.Contains(w.log.String(), "key=k") {
		t.Error("the log has a secret")
	}
}

// A deprovision deletes bindings that are left, with ids of their own.
func TestRemainingBindings(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	w := open(t, r.server.URL, "")
	w.succeeds(instance, w.provision())
	w.succeeds(binding, w.begin("PUT", binding+query, `{`+ids+`}`))
	w.succeeds(instance+"/service_bindings/c", w.begin("PUT", instance+"/service_bindings/c"+query, `{`+ids+`}`))
	w.succeeds(instance, w.deprovision())
	if got := r.sequence(); got != "provision, bind, bind, unbind, unbind, deprovision" {
		t.Fatalf("the receiver got %s", got)
	}
	seen := map[string]bool{}
	for _, m := range r.messages() {
		if seen[m.id()] {
			t.Errorf("the id %s occurs twice", m.id())
		}
		seen[m.id()] = true
	}
}

// A request is repeated while that can help, under the same id, and signed anew each time.
func TestRetries(t *testing.T) {
	t.Parallel()
	hangUp := func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = connection.Close()
		}
	}
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("{"))
	}
	for name, first := range map[string]http.HandlerFunc{
		"500": respond(500, "text/html", "<html>"), "502": respond(502, "", ""), "503": respond(503, "text/plain", "busy"), "429": respond(429, "", ""),
		"408": respond(408, "", ""), "lost connection": hangUp, "cut answer": cut,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t, first, first, first, result(`{"state":1}`))
			var clock ticking
			w := openWith(t, r.server.URL, "", clock.now)
			w.succeeds(instance, w.provision())
			if name == "lost connection" {
				w.awaitLog("the receiver closed the connection before its answer was complete")
			}
			got := r.messages()
			if len(got) != 4 {
				t.Fatalf("the receiver got %s", r.sequence())
			}
			for i, m := range got[1:] {
				if m.id() != got[0].id() || m.text != got[0].text || m.fields.Generation != got[0].fields.Generation {
					t.Errorf("retry %d is another message: %+v", i, m)
				}
				if m.header.Get("Webhook-Timestamp") == got[i].header.Get("Webhook-Timestamp") || m.header.Get("Webhook-Signature") == got[i].header.Get("Webhook-Signature") {
					t.Errorf("retry %d has the signature of the last try", i)
				}
			}
		})
	}
}

// After its retries, an attempt ends. The next one has another generation.
func TestAttempts(t *testing.T) {
	t.Parallel()
	busy := respond(503, "text/plain", "busy because of open-sesame")
	r := newReceiver(t, busy, busy, busy, busy, result("{}"))
	w := open(t, r.server.URL, "retries: 1")
	w.succeeds(instance, w.provision())
	got := r.messages()
	if len(got) != 5 || got[0].id() != got[1].id() || got[1].id() == got[2].id() || got[2].fields.Generation <= got[1].fields.Generation || got[4].fields.Attempt != 3 || got[0].fields.ID != got[4].fields.ID {
		t.Errorf("the receiver got %+v", got)
	}
	w.awaitLog(`the receiver answers 503 Service Unavailable; it says \"busy because of [redacted]\"`)
}

// A receiver that is away does not cost attempts.
func TestReceiverAway(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	address := strings.TrimPrefix(r.server.URL, "http://")
	r.server.Close()
	w := open(t, r.server.URL, "retries: 0")
	operation := w.provision()
	await(t, "some attempts", func() bool { return strings.Count(w.log.String(), "attempt failed") > 5 })
	if check := w.provider.HealthChecks()[0].Run(t.Context()); check == nil || !strings.Contains(check.Error(), "connection refused") {
		t.Errorf("the receiver is healthy: %v", check)
	}
	again := newReceiverAt(t, address)
	w.succeeds(instance, operation)
	if check := w.provider.HealthChecks()[0].Run(t.Context()); check != nil {
		t.Error(check)
	}
	if got := again.messages()[0]; got.fields.Attempt < 5 {
		t.Errorf("the receiver got attempt %d", got.fields.Attempt)
	}
}

// The pause is the one that the receiver asks for.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, respond(429, "", "", "Retry-After", "1"), accept("Retry-After", "1"), result("{}"))
	w := open(t, r.server.URL, "")
	begin := time.Now()
	w.succeeds(instance, w.provision())
	if took := time.Since(begin); took < 2*time.Second {
		t.Errorf("it took %v", took)
	}
	// A longer pause is one of the engine, which counts the attempt.
	r = newReceiver(t, respond(503, "", "", "Retry-After", "1800"))
	w = open(t, r.server.URL, "")
	w.provision()
	w.awaitLog("delay=30m0s")
	w.deprovision()
}

// Long work: the receiver accepts the request, and the broker asks for the answer.
func TestPolling(t *testing.T) {
	t.Parallel()
	progress := respond(202, "application/json", `{"description":"half","checkpoint":{"step":1}}`)
	for name, c := range map[string]struct {
		answers []http.HandlerFunc
		want    string
	}{
		"at a location": {
			[]http.HandlerFunc{accept("Location", "/jobs/7?x=1"), accept(), accept("Location", "../jobs/8"), result(`{"state":1}`)},
			"provision, GET /jobs/7, GET /jobs/7, GET /jobs/8",
		},
		"by the request itself": {[]http.HandlerFunc{accept(), progress, result(`{"state":1}`)}, "provision, provision, provision"},
		"the receiver forgets it": {
			[]http.HandlerFunc{accept("Location", "/jobs/7"), respond(404, "text/html", "<html>"), accept("Location", "/jobs/8"), respond(410, "", ""), result(`{"state":1}`)},
			"provision, GET /jobs/7, provision, GET /jobs/8, provision",
		},
		"a poll fails":   {[]http.HandlerFunc{accept("Location", "/jobs/7"), respond(500, "", ""), result(`{"state":1}`)}, "provision, GET /jobs/7, GET /jobs/7"},
		"nothing to say": {[]http.HandlerFunc{accept("Location", "/jobs/7"), respond(204, "", "")}, "provision, GET /jobs/7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t, c.answers...)
			w := open(t, r.server.URL+"/hook/", "")
			w.succeeds(instance, w.provision())
			if got := r.sequence(); got != c.want {
				t.Errorf("the receiver got %s, want %s", got, c.want)
			}
			for _, m := range r.messages() {
				if m.id() != r.messages()[0].id() {
					t.Error("the ids differ")
				}
			}
		})
	}
}

// Where an attempt polled, there is only the answer to it: the next one sends the request
// again.
func TestPollAfterAnError(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"retry after": result(`{"retry_after":0}`),
		"error":       result(`{"error":{"status":500,"description":"No."}}`),
		"HTML":        respond(200, "text/html", "<html>"),
		"busy":        respond(500, "", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t, result("{}"), accept("Location", "/jobs/7"), answer, accept("Location", "/jobs/8"), result("{}"))
			w := open(t, r.server.URL, "retries: 0")
			w.succeeds(instance, w.provision())
			w.succeeds(instance, w.deprovision())
			if got := r.sequence(); got != "provision, deprovision, GET /jobs/7, deprovision, GET /jobs/8" {
				t.Errorf("the receiver got %s", got)
			}
			if got := r.messages(); got[3].fields.Generation <= got[1].fields.Generation || got[4].id() != got[3].id() {
				t.Errorf("the ids are %q, %q, %q", got[1].id(), got[3].id(), got[4].id())
			}
		})
	}
}

// The receiver gets its checkpoint, and users its description.
func TestProgress(t *testing.T) {
	t.Parallel()
	block := make(chan struct{})
	r := newReceiver(t,
		respond(202, "application/json", `{"description":"half","checkpoint":{"step":12345678901234567890}}`),
		func(w http.ResponseWriter, r *http.Request) { <-block; respond(500, "", "")(w, r) }, result("{}"))
	w := open(t, r.server.URL, "retries: 0")
	operation := w.provision()
	await(t, "the description", func() bool { return w.poll(instance, operation).text("description") == "half" })
	close(block)
	w.succeeds(instance, operation)
	got := r.messages()
	for i, want := range []string{"", `{"step":12345678901234567890}`, `{"step":12345678901234567890}`} {
		if string(got[i].fields.Checkpoint) != want {
			t.Errorf("message %d has the checkpoint %s", i, got[i].fields.Checkpoint)
		}
	}
	if got[2].fields.Attempt != 2 {
		t.Error("the last message is not of a second attempt")
	}
}

// Another process continues where the last one polled, under the same id.
func TestResume(t *testing.T) {
	t.Parallel()
	held := make(chan struct{})
	t.Cleanup(func() { close(held) })
	hold := func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-held:
		case <-r.Context().Done():
		}
	}
	for name, c := range map[string]struct {
		first, second http.HandlerFunc
		want          string
	}{
		"a poll":              {accept("Location", "/jobs/7"), result("{}"), "provision, GET /jobs/7, GET /jobs/7"},
		"the request":         {accept(), result("{}"), "provision, provision, provision"},
		"a poll that is lost": {accept("Location", "/jobs/7"), respond(404, "", ""), "provision, GET /jobs/7, GET /jobs/7, provision"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t, c.first, hold, c.second)
			w := open(t, r.server.URL, "")
			operation := w.provision()
			r.await(2)
			w.stop()
			w.start()
			w.succeeds(instance, operation)
			if got := r.sequence(); got != c.want {
				t.Errorf("the receiver got %s, want %s", got, c.want)
			}
			got := r.messages()
			if samePoll := got[2].id() == got[0].id(); samePoll != (got[2].method == "GET") {
				t.Errorf("the ids are %q, %q, %q", got[0].id(), got[1].id(), got[2].id())
			}
			if last := got[len(got)-1]; last.method == "POST" && (last.fields.Generation <= got[0].fields.Generation || last.id() == got[0].id()) {
				t.Errorf("the request was sent again as %+v", last)
			}
		})
	}
}

// The receiver learns that the broker no longer waits, and gets the clean-up.
func TestCancel(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		policy string
		accept http.HandlerFunc
		end    func(w *world)
		want   string
	}{
		"a deletion, while it works":  {"{mode: asynchronous}", accept("Location", "/jobs/7"), func(w *world) { w.deprovision() }, "The operation was cancelled"},
		"a deletion, while it thinks": {"{mode: asynchronous}", nil, func(w *world) { w.deprovision() }, "The operation was cancelled"},
		"the deadline":                {"{mode: asynchronous, deadline: 5s}", accept("Location", "/jobs/7"), func(*world) {}, "The operation took too long."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wait := func(rw http.ResponseWriter, r *http.Request) {
				<-r.Context().Done()
				result("{}")(rw, r)
			}
			answers := []http.HandlerFunc{wait}
			if c.accept != nil {
				answers = []http.HandlerFunc{c.accept, wait}
			}
			r := newReceiver(t, answers...)
			w := open(t, r.server.URL, "policy: "+c.policy)
			operation := w.provision()
			r.await(len(answers))
			c.end(w)
			if o := w.end(instance, operation); o.text("state") != "failed" || !strings.Contains(o.text("description"), c.want) {
				t.Errorf("the operation: %v", o.body)
			}
			r.await(len(answers) + 2)
			got := r.messages()[len(answers):]
			if got[0].fields.Operation != "cancel" || got[0].fields.Message != r.messages()[0].id() || got[0].fields.ID != operation || got[0].id() == r.messages()[0].id() ||
				got[1].fields.Operation != "deprovision" {
				t.Errorf("the receiver got %s", r.sequence())
			}
			await(t, "the end of the instance", func() bool {
				return w.request("GET", instance, "").status == http.StatusNotFound && !strings.Contains(w.log.String(), "again=true")
			})
		})
	}
}
