package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/webhook"
	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/server/config"
)

// patience limits how long a test waits for an event on a busy machine.
const patience = 30 * time.Minute

const (
	serviceID = "7c1f0d0e-52c7-4f7d-9d0d-6f3b8c2f4a11"
	planID    = "3b9a6f52-0c4e-4a43-8f3b-1d2f6f0a7c25"
	instance  = "/v2/service_instances/i"
	binding   = instance + "/service_bindings/b"
	ids       = `"service_id":"` + serviceID + `","plan_id":"` + planID + `"`
	query     = "?accepts_incomplete=true&service_id=" + serviceID + "&plan_id=" + planID
	body      = `{` + ids + `,"organization_guid":"o","space_guid":"s","parameters":{"password":"open-sesame"}}`
)

// A message is a request that the receiver got.
type message struct {
	method, path string
	header       http.Header
	text         string
	fields       struct {
		Operation   string          `json:"operation"`
		ID          string          `json:"id"`
		Attempt     int             `json:"attempt"`
		Generation  int64           `json:"generation"`
		CallbackURL string          `json:"callback_url"`
		Message     string          `json:"message"`
		Checkpoint  json.RawMessage `json:"checkpoint"`
	}
}

func (m message) id() string { return m.header.Get("Webhook-Id") }

// A receiver answers as a test says: the n-th message gets the n-th answer, and later
// ones an empty result.
type receiver struct {
	t  *testing.T
	mu sync.Mutex
	// got are the messages; answers those that are left.
	got     []message
	answers []http.HandlerFunc
	server  *httptest.Server
}

func newReceiver(t *testing.T, answers ...http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{t: t, answers: answers}
	r.server = httptest.NewServer(r)
	t.Cleanup(r.server.Close)
	return r
}

// newReceiverAt is newReceiver at an address that is free.
func newReceiverAt(t *testing.T, address string) *receiver {
	t.Helper()
	r := &receiver{t: t}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	r.server = httptest.NewUnstartedServer(r)
	_ = r.server.Listener.Close()
	r.server.Listener = listener
	r.server.Start()
	t.Cleanup(r.server.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	m := message{method: request.Method, path: request.URL.Path, header: request.Header.Clone()}
	text, err := io.ReadAll(request.Body)
	if err == nil && len(text) > 0 {
		err = json.Unmarshal(text, &m.fields)
	}
	if err == nil {
		_, _, err = keys(r.t, secret).Verify(m.header, text, time.Now(), time.Hour)
	}
	if err != nil {
		r.t.Errorf("the receiver got %s %s %q: %v", request.Method, request.URL, text, err)
	}
	m.text = string(text)
	request.Body = io.NopCloser(bytes.NewReader(text)) // For answers that look at it.
	answer := result("{}")
	r.mu.Lock()
	r.got = append(r.got, m)
	if len(r.answers) > 0 && m.fields.Operation != "cancel" {
		answer, r.answers = r.answers[0], r.answers[1:]
	}
	r.mu.Unlock()
	answer(w, request)
}

func (r *receiver) messages() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// sequence lists the messages: the operation, or the method and the path of a poll.
func (r *receiver) sequence() string {
	var all []string
	for _, m := range r.messages() {
		if m.method == http.MethodPost {
			all = append(all, m.fields.Operation)
		} else {
			all = append(all, m.method+" "+m.path)
		}
	}
	return strings.Join(all, ", ")
}

// last waits for the n-th message, from 1.
func (r *receiver) await(n int) message {
	r.t.Helper()
	await(r.t, fmt.Sprintf("message %d", n), func() bool { return len(r.messages()) >= n })
	return r.messages()[n-1]
}

// respond returns an answer with a status.
func respond(status int, media, text string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if media != "" {
			w.Header().Set("Content-Type", media)
		}
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

func result(text string) http.HandlerFunc {
	return respond(http.StatusOK, "application/json; charset=utf-8", text)
}

func accept(headers ...string) http.HandlerFunc {
	return respond(http.StatusAccepted, "", "", headers...)
}

// A world is a broker with a webhook provider, in this process.
type world struct {
	t *testing.T
	// directory has the records.
	directory string
	settings  string
	keys      *seal.Keyring
	log       *log
	engine    *durable.Engine
	provider  *provider.Dispatcher
	// clock, unless nil, is that of the provider.
	clock   func() time.Time
	handler http.Handler
	// callbacks is the server for them.
	callbacks *httptest.Server
	store     durable.Store
}

type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// open starts a broker for a receiver. more are lines of the settings; "policy" in them
// is one of the engine.
func open(t *testing.T, url, more string) *world {
	t.Helper()
	return openWith(t, url, more, nil)
}

// openWith is open with a clock for the provider.
func openWith(t *testing.T, url, more string, clock func() time.Time) *world {
	t.Helper()
	data, err := seal.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	keyring, err := seal.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, directory: t.TempDir(), keys: keyring, log: new(log), clock: clock}
	w.callbacks = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		path, _ := strings.CutPrefix(r.URL.Path, "/osb")
		if handler := w.provider.Callbacks()[path]; handler != nil {
			handler.ServeHTTP(rw, r)
			return
		}
		http.NotFound(rw, r)
	}))
	policy := "{mode: asynchronous, backoff_min: 1ms, backoff_max: 5ms, attempts: 3}"
	var lines []string
	for line := range strings.SplitSeq(more, "\n") {
		if given, found := strings.CutPrefix(line, "policy: "); found {
			policy = given
		} else if line != "" {
			lines = append(lines, "      "+strings.ReplaceAll(line, "CALLBACKS", w.callbacks.URL+"/osb"))
		}
	}
	w.settings = fmt.Sprintf("policies: {default: %s}\nproviders:\n  hook:\n    webhook:\n      url: %s\n      secrets: [%s]\n%s\n",
		policy, url, secret, strings.Join(lines, "\n"))
	w.start()
	t.Cleanup(func() {
		w.stop()
		w.callbacks.Close()
		if t.Failed() {
			t.Logf("%s\n%s", w.settings, w.log)
		}
	})
	return w
}

func (w *world) start() {
	w.t.Helper()
	set, err := provider.NewSet(webhook.Define(func(p *webhook.Provider) {
		p.SetPauses(time.Millisecond)
		if w.clock != nil {
			p.SetClock(w.clock)
		}
	}))
	if err != nil {
		w.t.Fatal(err)
	}
	settings, err := config.Parse("openbroker.yaml", []byte(w.settings), func(string) (string, bool) { return "", false }, set)
	if err != nil {
		w.t.Fatal(err)
	}
	group, err := settings.Group()
	if err != nil {
		w.t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if w.provider, err = group.Start(w.t.Context(), provider.Host{Data: w.directory, Logger: logger}); err != nil {
		w.t.Fatal(err)
	}
	catalog, err := settings.ReadCatalog(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	engine, err := settings.EngineConfig(catalog)
	if err != nil {
		w.t.Fatal(err)
	}
	engine.Sealer, engine.Logger, engine.PollInterval = w.keys, logger, 5*time.Millisecond
	store, err := sqlitestore.Open(w.t.Context(), filepath.Join(w.directory, "openbroker.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.store = store
	if w.engine, err = durable.New(w.t.Context(), catalog, w.provider, w.store, engine); err != nil {
		w.t.Fatal(err)
	}
	w.engine.Start(w.t.Context())
	w.handler = openbroker.NewHandler(w.engine, openbroker.WithLogger(slog.New(slog.DiscardHandler)))
}

// stop ends the broker as at once, without waiting for operations.
func (w *world) stop() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	cancel()
	w.engine.Stop(ctx)
	if err := w.store.Close(); err != nil {
		w.t.Error(err)
	}
}

// An osb is a response of the broker.
type osb struct {
	status int
	body   map[string]any
}

func (o osb) text(key string) string { text, _ := o.body[key].(string); return text }

func (w *world) request(method, path, text string) osb {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, strings.NewReader(text))
	r.Header.Set("X-Broker-API-Version", "2.17")
	r.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	o := osb{status: recorder.Code}
	if err := json.Unmarshal(recorder.Body.Bytes(), &o.body); err != nil {
		w.t.Fatalf("%s %s: %v in %s", method, path, err, recorder.Body)
	}
	return o
}

// begin sends a request, and returns the id of the operation.
func (w *world) begin(method, path, text string) string {
	w.t.Helper()
	o := w.request(method, path, text)
	if o.status != http.StatusAccepted || o.text("operation") == "" {
		w.t.Fatalf("%s %s: %d %v", method, path, o.status, o.body)
	}
	return o.text("operation")
}

func (w *world) provision() string { return w.begin("PUT", instance+query, body) }

func (w *world) deprovision() string { return w.begin("DELETE", instance+query, "") }

// poll returns the state of an operation.
func (w *world) poll(of, operation string) osb {
	return w.request("GET", of+"/last_operation?operation="+operation, "")
}

// end waits until an operation has ended, and returns its state.
func (w *world) end(of, operation string) osb {
	w.t.Helper()
	var o osb
	await(w.t, "the end of the operation", func() bool {
		o = w.poll(of, operation)
		return o.text("state") != "in progress"
	})
	return o
}

// succeeds waits for the success of an operation.
func (w *world) succeeds(of, operation string) {
	w.t.Helper()
	if o := w.end(of, operation); o.text("state") != "succeeded" {
		w.t.Fatalf("the operation: %d %v", o.status, o.body)
	}
}

// await waits until a condition holds.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !so() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited too long for %s", what)
		}
	}
}

// awaitLog waits for a text in the log.
func (w *world) awaitLog(text string) {
	w.t.Helper()
	await(w.t, fmt.Sprintf("%q in the log", text), func() bool { return strings.Contains(w.log.String(), text) })
}

// ticking is a clock that grows by two seconds with each look at it.
type ticking struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *ticking) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += 2 * time.Second
	return time.Now().Add(c.ahead)
}
