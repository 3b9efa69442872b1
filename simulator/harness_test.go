package simulator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/simulator"
)

const (
	// patience limits how long a test waits for an event.
	patience = 30 * time.Minute
	username = "tester"
	password = "hunter2"
)

// A clock advances only when a test advances it. It starts at the system time
// because the store uses its own clock for the expiry of bindings.
type clock struct {
	mu       sync.Mutex
	now      time.Time
	sleepers map[chan struct{}]time.Time
	// asleep receives the duration of each Sleep.
	asleep chan time.Duration
}

func newClock() *clock {
	return &clock{now: time.Now().UTC().Truncate(time.Second), sleepers: map[chan struct{}]time.Time{}, asleep: make(chan time.Duration, 1000)}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	over := make(chan struct{})
	c.mu.Lock()
	c.sleepers[over] = c.now.Add(d)
	c.mu.Unlock()
	c.asleep <- d
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.sleepers, over)
	}()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for over, until := range c.sleepers {
		if !until.After(c.now) {
			close(over)
			delete(c.sleepers, over)
		}
	}
}

// awaitSleep waits for a Sleep and returns its duration.
func (c *clock) awaitSleep(t *testing.T) time.Duration {
	t.Helper()
	select {
	case d := <-c.asleep:
		return d
	case <-time.After(patience):
		t.Fatal("no operation sleeps")
		return 0
	}
}

// A broker is a simulator behind a real HTTP server.
type broker struct {
	*simulator.Simulator
	t     *testing.T
	url   string
	clock *clock
	logs  *logs
	stop  func()
}

type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs a simulator on a new store.
func start(t *testing.T) *broker {
	t.Helper()
	return startWith(t, nil)
}

// startWith runs a simulator with a changed configuration.
func startWith(t *testing.T, change func(*simulator.Config)) *broker {
	t.Helper()
	return startAt(t, t.TempDir(), newClock(), change)
}

// startIn runs a simulator on the store in a directory.
func startIn(t *testing.T, directory string) *broker {
	t.Helper()
	return startAt(t, directory, newClock(), nil)
}

// startAt runs a simulator on the store in a directory, with a clock and a
// changed configuration.
func startAt(t *testing.T, directory string, c *clock, change func(*simulator.Config)) *broker {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), filepath.Join(directory, "simulator.db"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.LoadOrCreate(filepath.Join(directory, "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	return startOn(t, store, keys, c, change)
}

func startOn(t *testing.T, store durable.Store, keys durable.Sealer, c *clock, change func(*simulator.Config)) *broker {
	t.Helper()
	basic, err := auth.NewBasic(auth.Credential{Username: username, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	b := &broker{t: t, clock: c, logs: &logs{}}
	config := simulator.Config{
		Engine:        durable.Config{Sealer: keys, PollInterval: 5 * time.Millisecond},
		Authenticator: basic, Clock: b.clock,
		Logger: slog.New(slog.NewTextHandler(b.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&config)
	}
	b.Simulator, err = simulator.New(t.Context(), store, config)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(b)
	b.url = server.URL
	b.stop = sync.OnceFunc(func() {
		server.CloseClientConnections()
		server.Close()
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		cancel()
		b.Stop(ctx)
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		b.stop()
		if t.Failed() {
			t.Logf("the log:\n%s", b.logs)
		}
	})
	return b
}

// An answer is a response, or the error of the request.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any // nil if the body is not an object
	err    error
}

func (a answer) field(name string) string {
	text, _ := a.body[name].(string)
	return text
}

// do sends a request like a platform.
func (b *broker) do(method, path, body string, headers ...string) (a answer) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	request.SetBasicAuth(username, password)
	request.Header.Set(openbroker.HeaderAPIVersion, "2.17")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	a.status, a.header = response.StatusCode, response.Header
	text, err := io.ReadAll(response.Body)
	a.text, a.err = string(text), err
	_ = json.Unmarshal(text, &a.body)
	return a
}

// expect sends a request and checks the status of the response.
func (b *broker) expect(status int, method, path, body string) answer {
	b.t.Helper()
	a := b.do(method, path, body)
	if a.status != status || a.err != nil {
		b.t.Fatalf("%s %s %s: %d %q %v, want %d", method, path, body, a.status, a.text, a.err, status)
	}
	return a
}

const async = "accepts_incomplete=true"

func instance(id string) string { return "/v2/service_instances/" + id }

func binding(id string) string { return instance(id) + "/service_bindings/b" }

// bodyOf returns a request body with the service, a plan and more members.
func bodyOf(planID, more string) string {
	if more != "" {
		more = "," + more
	}
	return `{"service_id":"` + simulator.ServiceID + `","plan_id":"` + planID + `","organization_guid":"o","space_guid":"s"` + more + `}`
}

// deletion returns the query of a deletion.
func deletion(planID string) string {
	return "?service_id=" + simulator.ServiceID + "&plan_id=" + planID
}

// poll waits until an operation has ended.
func (b *broker) poll(path, operation string) answer {
	b.t.Helper()
	late := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		a := b.expect(http.StatusOK, "GET", path+"/last_operation?operation="+operation, "")
		if a.field("state") != "in progress" {
			return a
		}
		select {
		case <-tick.C:
		case <-late:
			b.t.Fatalf("%s does not end", operation)
		}
	}
}

// finish polls the operation of a 202 to its end.
func (b *broker) finish(path string, accepted answer) answer {
	b.t.Helper()
	if accepted.status != http.StatusAccepted {
		return accepted
	}
	return b.poll(path, accepted.field("operation"))
}

// await waits until a condition holds.
func (b *broker) await(what string, holds func() bool) {
	b.t.Helper()
	late := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			b.t.Fatalf("timed out waiting for %s", what)
		}
	}
}
