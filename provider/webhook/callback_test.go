package webhook_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openbroker/openbroker/provider"
	provided "github.com/openbroker/openbroker/provider/internal/message"
	"github.com/openbroker/openbroker/provider/webhook"
)

const callbacksOn = "callback_url: CALLBACKS"

// A callback is a message of the receiver to the broker.
type callback struct {
	id   string
	by   string
	at   time.Time
	text string
}

var callbackNumber atomic.Int64

// about returns a callback about a message, with an answer or a line.
func about(m message, member, text string) callback {
	return callback{
		id: "callback-" + strconv.FormatInt(callbackNumber.Add(1), 10), by: secret, at: time.Now(),
		text: fmt.Sprintf(`{"message":%q,%q:%s}`, m.id(), member, text),
	}
}

// call sends a callback to the broker, and returns the status and the code of the error.
func (w *world) call(c callback) string {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.callbacks.URL+"/osb/callbacks/hook", strings.NewReader(c.text))
	if err != nil {
		w.t.Fatal(err)
	}
	keys(w.t, c.by).Sign(r.Header, c.id, c.at, []byte(c.text))
	return w.post(r)
}

func (w *world) post(r *http.Request) string {
	w.t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	var fields struct{ Error, Description string }
	if err := json.Unmarshal(text, &fields); err != nil || response.Header.Get("Content-Type") != "application/json" {
		w.t.Errorf("%d %s: %v", response.StatusCode, text, err)
	}
	if again := response.Header.Get("Retry-After") != ""; again != (response.StatusCode == 404 || response.StatusCode == 503) {
		w.t.Errorf("%d with Retry-After: %v", response.StatusCode, again)
	}
	return strings.TrimSpace(fmt.Sprint(response.StatusCode, " ", fields.Error))
}

// is compares the answer to a callback.
func (w *world) is(what, got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s: %s, want %s", what, got, want)
	}
}

// waiting starts a provision whose request was accepted, and returns the request.
func waiting(t *testing.T, more string) (*world, *receiver, string, message) {
	t.Helper()
	r := newReceiver(t, accept("Location", "/jobs/7", "Retry-After", "3000"))
	w := open(t, r.server.URL, callbacksOn+more)
	operation := w.provision()
	m := r.await(1)
	if m.fields.CallbackURL != w.callbacks.URL+"/osb/callbacks/hook" {
		t.Errorf("the callback_url is %q", m.fields.CallbackURL)
	}
	return w, r, operation, m
}

// The answer comes by a callback, after progress and a checkpoint.
func TestCallback(t *testing.T) {
	t.Parallel()
	w, r, operation, m := waiting(t, "")
	w.is("progress", w.call(about(m, "line", `{"description":"half","checkpoint":{"step":1}}`)), "200")
	if o := w.poll(instance, operation); o.text("state") != "in progress" || o.text("description") != "half" {
		t.Errorf("the operation: %v", o.body)
	}
	answer := about(m, "answer", `{"state":{"n":1}}`)
	refused := answer
	refused.text = strings.Replace(answer.text, "state", "status", 1)
	w.is("a misspelt answer", w.call(refused), "400 BadCallback")
	w.is("the answer, under the same id", w.call(answer), "200")
	w.succeeds(instance, operation)
	w.is("another answer", w.call(about(m, "answer", `{}`)), "410 Ended")
	w.is("progress after the end", w.call(about(m, "line", `{"description":"done"}`)), "410 Ended")
	w.succeeds(instance, w.deprovision())
	if got := r.sequence(); got != "provision, deprovision" || !strings.Contains(r.messages()[1].text, `"state":{"n":1}`) {
		t.Errorf("the receiver got %s", got)
	}
}

// Errors come by callbacks too.
func TestCallbackWithError(t *testing.T) {
	t.Parallel()
	w, _, operation, m := waiting(t, "")
	w.is("the answer", w.call(about(m, "answer", `{"error":{"status":422,"description":"Too many."}}`)), "200")
	if o := w.end(instance, operation); o.text("description") != "Too many." {
		t.Errorf("the operation: %v", o.body)
	}
}

// A receiver may call back before it answers the request, which then need not end.
func TestCallbackBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	w := open(t, r.server.URL, callbacksOn)
	operation := w.provision()
	w.is("the answer", w.call(about(r.await(1), "answer", `{}`)), "200")
	w.succeeds(instance, operation)
}

// A message has an effect once, for as long as its signature is valid.
func TestReplay(t *testing.T) {
	t.Parallel()
	w, _, operation, m := waiting(t, "")
	first := about(m, "line", `{"description":"first"}`)
	first.at = first.at.Add(4 * time.Minute) // The clock of the receiver is wrong.
	w.is("the first", w.call(first), "200")
	w.is("the second", w.call(about(m, "line", `{"description":"second"}`)), "200")
	w.is("the first again", w.call(first), "200")
	if got := w.poll(instance, operation).text("description"); got != "second" {
		t.Errorf("the replay has changed the description to %q", got)
	}
	answer := about(m, "answer", `{}`)
	w.is("the answer", w.call(answer), "200")
	w.succeeds(instance, operation)
	w.is("the answer again", w.call(answer), "200")
	// The next instance with the id has another operation.
	w.succeeds(instance, w.deprovision())
	operation = w.provision()
	w.is("the answer to an earlier operation", w.call(about(m, "answer", `{}`)), "410 Ended")
	w.is("the answer again", w.call(answer), "200")
	if state := w.end(instance, operation).text("state"); state != "succeeded" { // The receiver has answered it itself.
		t.Errorf("the second provision is %s", state)
	}
}

// Callbacks that are not genuine, or for nothing that waits, have no effect.
func TestCallbackRefused(t *testing.T) {
	t.Parallel()
	w, r, operation, m := waiting(t, "")
	change := func(change func(*callback)) callback {
		c := about(m, "answer", `{"state":"forged"}`)
		change(&c)
		return c
	}
	older := strings.Replace(m.id(), strconv.FormatInt(m.fields.Generation, 10)+"_", strconv.FormatInt(m.fields.Generation-1, 10)+"_", 1)
	if m.fields.Generation == 1 {
		older = "" // Generations begin with 1.
	}
	for name, c := range map[string]struct {
		callback callback
		want     string
	}{
		"wrong secret":       {change(func(c *callback) { c.by = another }), "401 Unauthorized"},
		"clock behind":       {change(func(c *callback) { c.at = c.at.Add(-6 * time.Minute) }), "401 Unauthorized"},
		"clock before":       {change(func(c *callback) { c.at = c.at.Add(6 * time.Minute) }), "401 Unauthorized"},
		"HTML":               {change(func(c *callback) { c.text = "<html>" }), "400 BadCallback"},
		"no message":         {change(func(c *callback) { c.text = `{"answer":{}}` }), "400 BadCallback"},
		"both":               {change(func(c *callback) { c.text = strings.Replace(c.text, "{", `{"line":{"description":"x"},`, 1) }), "400 BadCallback"},
		"an answer to bind":  {about(m, "answer", `{"credentials":{}}`), "400 BadCallback"},
		"an empty line":      {about(m, "line", `{}`), "400 BadCallback"},
		"too large":          {about(m, "answer", `{"state":"`+strings.Repeat("x", provided.MaxCallback)+`"}`), "413 TooLarge"},
		"the request":        {change(func(c *callback) { c.text = m.text }), "400 BadCallback"},
		"unknown operation":  {change(func(c *callback) { c.text = strings.Replace(c.text, m.fields.ID, "ANOTHER", 1) }), "404 UnknownMessage"},
		"no id of a message": {change(func(c *callback) { c.text = `{"message":"x","answer":{}}` }), "404 UnknownMessage"},
		"later generation":   {change(func(c *callback) { c.text = strings.Replace(c.text, m.id(), "9"+m.id(), 1) }), "409 UnknownGeneration"},
		"older generation":   {change(func(c *callback) { c.text = strings.Replace(c.text, m.id(), older, 1) }), "409 OlderGeneration"},
	} {
		if name == "older generation" && older == "" {
			continue // TestCallbackOfOlderGeneration has it.
		}
		w.is(name, w.call(c.callback), c.want)
	}
	for _, method := range []string{"GET", "PUT"} {
		request, err := http.NewRequestWithContext(t.Context(), method, w.callbacks.URL+"/osb/callbacks/hook", nil)
		if err != nil {
			t.Fatal(err)
		}
		w.is(method, w.post(request), "405 MethodNotAllowed")
	}
	if o := w.poll(instance, operation); o.text("state") != "in progress" || o.text("description") != "" {
		t.Errorf("the operation: %v", o.body)
	}
	w.is("the answer", w.call(about(m, "answer", `{}`)), "200")
	w.succeeds(instance, operation)
	if strings.Contains(r.sequence(), "GET") {
		t.Error("it was polled")
	}
}

// The request that was sent again has a later generation. Callbacks about the first one
// are refused, and those about the last one work in the next process.
func TestCallbackOfOlderGeneration(t *testing.T) {
	t.Parallel()
	hold := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	r := newReceiver(t, hold, hold)
	w := open(t, r.server.URL, callbacksOn)
	operation := w.provision()
	first := r.await(1)
	w.stop()
	w.is("a stopped broker", w.call(about(first, "answer", `{}`)), "404 UnknownMessage")
	w.start()
	second := r.await(2)
	w.is("the first request", w.call(about(first, "answer", `{}`)), "409 OlderGeneration")
	w.is("the second request", w.call(about(second, "answer", `{}`)), "200")
	w.succeeds(instance, operation)
}

// A process that polls where the last one did still gets callbacks about the request that
// was accepted.
func TestCallbackAfterRestart(t *testing.T) {
	t.Parallel()
	hold := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	r := newReceiver(t, accept("Location", "/jobs/7", "Retry-After", "0"), hold, hold)
	w := open(t, r.server.URL, callbacksOn)
	operation := w.provision()
	r.await(2)
	w.stop()
	w.start()
	r.await(3)
	w.is("the answer", w.call(about(r.messages()[0], "answer", `{}`)), "200")
	w.succeeds(instance, operation)
	if got := r.sequence(); got != "provision, GET /jobs/7, GET /jobs/7" {
		t.Errorf("the receiver got %s", got)
	}
}

// A callback that reaches another replica has no effect there, and the poll gets the
// answer.
func TestCallbackAtAnotherReplica(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, accept("Location", "/jobs/7", "Retry-After", "1"), result("{}"))
	w := open(t, r.server.URL, callbacksOn)
	other := open(t, r.server.URL, callbacksOn)
	operation := w.provision()
	w.is("the other replica", other.call(about(r.await(1), "answer", `{}`)), "404 UnknownMessage")
	w.succeeds(instance, operation)
}

// Without a callback_url, nothing is served.
func TestWithoutCallbacks(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	w := open(t, r.server.URL, "")
	w.succeeds(instance, w.provision())
	if len(w.provider.Callbacks()) != 0 || strings.Contains(r.messages()[0].text, "callback_url") {
		t.Error("the receiver can call back")
	}
}

// No body and no header makes the handler panic or accept an answer.
func FuzzCallback(f *testing.F) {
	f.Add("m", "1800000000", "v1,AAAA", `{"message":"1_x","answer":{}}`, true)
	f.Add("m.", "", "", `{"message":"_","line":{}}`, false)
	f.Add("m", "-1", "v1a,", `{"message":"9223372036854775808_x","line":{"description":"x"}}`, true)
	set, err := provider.NewSet(webhook.Definition)
	if err != nil {
		f.Fatal(err)
	}
	settings := &webhook.Settings{
		URL: "http://127.0.0.1:1", CallbackURL: "http://127.0.0.1:1", Secrets: []provider.Secret{secret}, Concurrency: 1, Tolerance: provider.Duration(time.Minute),
	}
	group, err := provider.NewGroup(set, provider.Named{Name: "hook", Definition: webhook.Definition, Settings: settings})
	if err != nil {
		f.Fatal(err)
	}
	started, err := group.Start(f.Context(), provider.Host{})
	if err != nil {
		f.Fatal(err)
	}
	handler := started.Callbacks()["/callbacks/hook"]
	f.Fuzz(func(t *testing.T, id, timestamp, signature, text string, genuine bool) {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/callbacks/hook", strings.NewReader(text))
		r.Header["Webhook-Id"], r.Header["Webhook-Timestamp"], r.Header["Webhook-Signature"] = []string{id}, []string{timestamp}, []string{signature}
		if genuine {
			keys(t, secret).Sign(r.Header, id, time.Now(), []byte(text))
		}
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, r)
		if !genuine && recorder.Code != 401 || recorder.Code == 200 || recorder.Code >= 500 {
			t.Errorf("%d %s", recorder.Code, recorder.Body)
		}
	})
}
