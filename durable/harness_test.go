package durable_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/seal"
)

const (
	serviceID = "service-1"
	planID    = "plan-auto"
)

// patience limits how long a test waits for an event.
const patience = 30 * time.Minute

// testCatalog has a plan for each policy.
func testCatalog() *openbroker.Catalog {
	plan := func(id string) openbroker.Plan {
		return openbroker.Plan{ID: id, Name: id, Description: "A plan", BindingRotatable: true}
	}
	fixed, plain, versioned := plan("plan-fixed"), plan("plan-plain"), plan("plan-versioned")
	no := false
	fixed.PlanUpdateable = &no
	plain.BindingRotatable = false
	versioned.MaintenanceInfo = &openbroker.MaintenanceInfo{Version: "2.0.0"}
	return &openbroker.Catalog{Services: []openbroker.Service{
		{
			ID: serviceID, Name: "service", Description: "A service", Bindable: true, PlanUpdateable: true,
			InstancesRetrievable: true, BindingsRetrievable: true,
			Plans: []openbroker.Plan{
				plan(planID), plan("plan-short"), plan("plan-sync"), plan("plan-async"), plan("plan-parallel"), plan("plan-serial"), plan("plan-queue"), plan("plan-manual"),
				plan("plan-refuse"), fixed, plain, versioned,
			},
		},
		{
			ID: "service-2", Name: "service-hidden", Description: "Bindings cannot be fetched, contexts can be updated", Bindable: true,
			AllowContextUpdates: true, Plans: []openbroker.Plan{plan("plan-hidden")},
		},
	}}
}

func testPolicies() map[string]durable.Policy {
	return map[string]durable.Policy{
		"plan-short":    {SyncWait: time.Millisecond},
		"plan-sync":     {Mode: durable.ModeSynchronous},
		"plan-async":    {Mode: durable.ModeAsynchronous},
		"plan-parallel": {Mode: durable.ModeAsynchronous},
		"plan-serial":   {Mode: durable.ModeAsynchronous, ParallelBindings: new(false), SyncWait: 20 * time.Millisecond},
		"plan-queue":    {ParallelBindings: new(false)},
		"plan-manual":   {Mode: durable.ModeAsynchronous, Cleanup: durable.CleanupManual},
		"plan-refuse":   {RemainingBindings: durable.RemainingBindingsRefuse},
	}
}

// A replica is an engine behind a real HTTP server.
type replica struct {
	*durable.Engine
	t        testing.TB
	url      string
	user     string
	provider *scripted
	store    durable.Store
	logs     *logBuffer
	record   *transcript
	// handler, unless nil, gets the requests directly, because a bubble has no
	// sockets.
	handler http.Handler
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newKeys(tb testing.TB) *seal.Keyring {
	tb.Helper()
	data, err := seal.GenerateKeyset()
	if err != nil {
		tb.Fatal(err)
	}
	keys, err := seal.Parse(data)
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

// users are the platforms of the credentials that tests use.
var users = map[string]string{"": "", "cf-old": "cf", "cf-new": "cf", "k8s": "k8s"}

// authenticator accepts any password.
type authenticator struct{}

func (authenticator) Authenticate(r *http.Request) (openbroker.Principal, error) {
	user, _, _ := r.BasicAuth()
	platform, known := users[user]
	if !known {
		return openbroker.Principal{}, errors.New("unknown user")
	}
	return openbroker.Principal{Name: user, Method: "basic", Platform: platform}, nil
}

func (authenticator) Challenges() []string { return []string{`Basic realm="test"`} }

// fastConfig returns a configuration for tests, whose log goes to logs.
func fastConfig(keys durable.Sealer, logs io.Writer) durable.Config {
	return durable.Config{
		Sealer: keys, Logger: slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug})), Policies: testPolicies(),
		DefaultPolicy: durable.Policy{SyncWait: patience, BackoffMin: time.Millisecond, BackoffMax: 5 * time.Millisecond},
		PollInterval:  5 * time.Millisecond,
	}
}

// start runs a replica. change, if not nil, adapts its configuration.
func start(tb testing.TB, store durable.Store, keys durable.Sealer, provider *scripted, change func(*durable.Config)) *replica {
	tb.Helper()
	r := serve(tb, store, keys, provider, provider, change)
	r.Start(tb.Context())
	return r
}

// serve is like start, for a provider that wraps a scripted one. It does not call
// Start.
func serve(tb testing.TB, store durable.Store, keys durable.Sealer, provider durable.Provider, script *scripted, change func(*durable.Config)) *replica {
	tb.Helper()
	r := build(tb, store, keys, provider, script, change)
	server := httptest.NewServer(r.handler)
	tb.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		r.stopNow()
	})
	r.url, r.handler = server.URL, nil
	return r
}

// build is like serve, without a server: requests go to the handler. It is for tests
// in a bubble, whose clock is fake.
func build(tb testing.TB, store durable.Store, keys durable.Sealer, provider durable.Provider, script *scripted, change func(*durable.Config)) *replica {
	tb.Helper()
	logs := &logBuffer{}
	config := fastConfig(keys, logs)
	if change != nil {
		change(&config)
	}
	engine, err := durable.New(tb.Context(), testCatalog(), provider, store, config)
	if err != nil {
		tb.Fatal(err)
	}
	handler := openbroker.NewHandler(engine, openbroker.WithLogger(slog.New(slog.NewTextHandler(logs, nil))), openbroker.WithAuthenticator(authenticator{}))
	return &replica{Engine: engine, t: tb, url: "http://broker.test", provider: script, store: store, logs: logs, handler: handler}
}

// stopNow stops the engine without waiting for its operations.
func (r *replica) stopNow() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.t.Context()), 100*time.Millisecond)
	defer cancel()
	r.Stop(ctx)
}

// startInBubble is like start, for tests in a bubble. PollInterval is a second, because
// each tick of a fake clock takes real time.
func startInBubble(tb testing.TB, store durable.Store, keys durable.Sealer, provider *scripted, change func(*durable.Config)) *replica {
	tb.Helper()
	r := build(tb, store, keys, provider, provider, func(c *durable.Config) {
		c.PollInterval = time.Second
		if change != nil {
			change(c)
		}
	})
	r.Start(tb.Context())
	tb.Cleanup(r.stopNow)
	return r
}

// as sends the requests with another credential.
func (r *replica) as(user string) *replica {
	other := *r
	other.user = user
	return &other
}

// An answer is a response of the broker.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	text   string
}

func (a answer) operation() string { s, _ := a.body["operation"].(string); return s }
func (a answer) state() string     { s, _ := a.body["state"].(string); return s }
func (a answer) code() string      { s, _ := a.body["error"].(string); return s }

// is fails the test unless the answer has the status and the error code.
func (a answer) is(tb testing.TB, status int, code string) answer {
	tb.Helper()
	if a.status != status || a.code() != code {
		tb.Fatalf("the answer is %d %s, want %d %q", a.status, a.text, status, code)
	}
	return a
}

// send makes a request of a platform.
func (r *replica) send(method, path, body string) answer {
	r.t.Helper()
	a, err := r.try(r.t.Context(), method, path, body)
	if err != nil {
		r.t.Fatal(err)
	}
	return a
}

// try is like send, for other goroutines and for requests that may fail.
func (r *replica) try(ctx context.Context, method, path, body string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, r.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set(openbroker.HeaderAPIVersion, "2.17")
	request.SetBasicAuth(r.user, "x")
	response, err := r.do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: response.StatusCode, header: response.Header, text: string(data)}
	if err := json.Unmarshal(data, &a.body); err != nil {
		return a, errors.New(method + " " + path + ": the body is no JSON object: " + a.text)
	}
	if r.record != nil {
		r.record.add(method, path, body, a)
	}
	return a, nil
}

func (r *replica) do(request *http.Request) (*http.Response, error) {
	if r.handler == nil {
		return http.DefaultClient.Do(request)
	}
	recorder := httptest.NewRecorder()
	r.handler.ServeHTTP(recorder, request)
	return recorder.Result(), nil
}

// later sends a request in the background.
func (r *replica) later(method, path, body string) <-chan answer {
	answers := make(chan answer, 1)
	go func() {
		a, err := r.try(r.t.Context(), method, path, body)
		if err != nil {
			a.text += err.Error()
		}
		answers <- a
	}()
	return answers
}

const incomplete = "accepts_incomplete=true"

func hints(plan string) string { return "service_id=" + serviceID + "&plan_id=" + plan }

func instancePath(id string) string { return "/v2/service_instances/" + id }

func bindingPath(id, binding string) string { return instancePath(id) + "/service_bindings/" + binding }

func provisionBody(plan, extra string) string {
	return `{"service_id":"` + serviceID + `","plan_id":"` + plan + `","organization_guid":"o","space_guid":"s"` + extra + `}`
}

func bindBody(plan, extra string) string {
	return `{"service_id":"` + serviceID + `","plan_id":"` + plan + `"` + extra + `}`
}

func (r *replica) provision(id, plan, extra string) answer {
	r.t.Helper()
	return r.send(http.MethodPut, instancePath(id)+"?"+incomplete, provisionBody(plan, extra))
}

func (r *replica) update(id, extra string) answer {
	r.t.Helper()
	return r.send(http.MethodPatch, instancePath(id)+"?"+incomplete, `{"service_id":"`+serviceID+`"`+extra+`}`)
}

func (r *replica) deprovision(id, plan string) answer {
	r.t.Helper()
	return r.send(http.MethodDelete, instancePath(id)+"?"+incomplete+"&"+hints(plan), "")
}

func (r *replica) bind(id, binding, plan, extra string) answer {
	r.t.Helper()
	return r.send(http.MethodPut, bindingPath(id, binding)+"?"+incomplete, bindBody(plan, extra))
}

func (r *replica) unbind(id, binding, plan string) answer {
	r.t.Helper()
	return r.send(http.MethodDelete, bindingPath(id, binding)+"?"+incomplete+"&"+hints(plan), "")
}

// lastOperation polls once, for the given operation or, if empty, for the last one.
func (r *replica) lastOperation(path, operation string) answer {
	r.t.Helper()
	if operation != "" {
		operation = "?operation=" + operation
	}
	return r.send(http.MethodGet, "/v2/service_instances/"+path+"/last_operation"+operation, "")
}

// poll polls the operation until it has ended. Like a platform, it repeats a poll
// that the broker answers with a 5xx.
func (r *replica) poll(path, operation string) answer {
	r.t.Helper()
	var a answer
	quiet := *r
	quiet.record = nil
	eventually(r.t, "the operation of "+path+" ends", func() bool {
		a = quiet.lastOperation(path, operation)
		return a.status < http.StatusInternalServerError && a.state() != string(openbroker.OperationInProgress)
	})
	if r.record == nil {
		return a
	}
	return r.lastOperation(path, operation)
}

// done waits until the operation of an accepted request has ended, and fails the
// test unless it succeeded.
func (r *replica) done(path string, a answer) answer {
	r.t.Helper()
	if a.status == http.StatusAccepted {
		a = r.poll(path, a.operation())
		if a.state() != string(openbroker.OperationSucceeded) {
			r.t.Fatalf("the operation on %s ended with %s; log:\n%s", path, a.text, r.logs)
		}
		return a
	}
	if a.status >= http.StatusBadRequest {
		r.t.Fatalf("the request for %s was answered with %d %s", path, a.status, a.text)
	}
	return a
}

// status waits until the stored instance or binding has the status and no open
// operation.
func (r *replica) status(id, binding string, want durable.RecordStatus) {
	r.t.Helper()
	eventually(r.t, id+"/"+binding+" is "+string(want), func() bool {
		snapshot, err := r.store.Load(r.t.Context(), durable.Key{Platform: openbroker.DefaultPlatform, InstanceID: id, BindingID: binding})
		switch {
		case err != nil:
			r.t.Fatal(err)
		case len(snapshot.Open) > 0:
			return false
		case binding != "":
			return snapshot.Binding != nil && snapshot.Binding.Status == want
		}
		return snapshot.Instance != nil && snapshot.Instance.Status == want
	})
}

func newTimeout(tb testing.TB) <-chan time.Time {
	tb.Helper()
	timer := time.NewTimer(patience)
	tb.Cleanup(func() { timer.Stop() })
	return timer.C
}

// eventually waits until a condition holds.
func eventually(tb testing.TB, what string, condition func() bool) {
	tb.Helper()
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	timeout := newTimeout(tb)
	for !condition() {
		select {
		case <-ticker.C:
		case <-timeout:
			tb.Fatalf("the wait had no effect: %s", what)
		}
	}
}
