package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/server"
)

// patience is how long a test waits for an event.
const patience = 30 * time.Minute

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(runChild()) //nolint:forbidigo // The child process reports by its exit code.
	}
	m.Run()
}

var _ openbroker.Broker = (*testBroker)(nil)

// A testBroker creates instances immediately, except those whose id starts with
// "slow": they wait for release.
type testBroker struct {
	openbroker.Unimplemented
	name     string
	entered  chan string
	canceled chan string
	release  chan struct{}
}

func newBroker(name string) *testBroker {
	return &testBroker{
		name: name, entered: make(chan string, 10), canceled: make(chan string, 10), release: make(chan struct{}),
	}
}

func (b *testBroker) Catalog(context.Context) (*openbroker.Catalog, error) {
	return &openbroker.Catalog{Services: []openbroker.Service{{
		ID: b.name + "-service", Name: b.name, Description: "A service.",
		Plans: []openbroker.Plan{{ID: b.name + "-plan", Name: "small", Description: "A plan."}},
	}}}, nil
}

func (b *testBroker) Provision(ctx context.Context, r *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	if !strings.HasPrefix(r.InstanceID, "slow") {
		return &openbroker.ProvisionResponse{}, nil
	}
	b.entered <- r.InstanceID
	select {
	case <-b.release:
		return &openbroker.ProvisionResponse{}, nil
	case <-ctx.Done():
		b.canceled <- r.InstanceID
		return nil, ctx.Err()
	}
}

// provisionBody creates an instance of a testBroker named "one".
const provisionBody = `{"service_id":"one-service","plan_id":"one-plan","organization_guid":"o","space_guid":"s"}`

// A running is a running server with its log.
type running struct {
	*server.Server
	log    *recorder
	url    string
	result chan error
}

// start starts a server for broker on a free port. It runs until the test ends.
func start(t *testing.T, broker openbroker.Broker, config server.Config) *running {
	t.Helper()
	config.Address = "127.0.0.1:0"
	log := newRecorder()
	config.Logger = log.logger()
	s, err := server.New(broker, config)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, t.Context(), s, log)
}

func run(t *testing.T, ctx context.Context, s *server.Server, log *recorder) *running { //nolint:revive // t comes first.
	t.Helper()
	r := &running{Server: s, log: log, result: make(chan error, 1)}
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		r.result <- s.Serve(ctx)
	}()
	t.Cleanup(func() {
		s.Close()
		<-finished
	})
	select {
	case <-s.Ready():
		r.url = s.URL()
	case err := <-r.result:
		t.Fatalf("Serve returned before the server was ready: %v", err)
	case <-time.After(patience):
		t.Fatal("the server does not become ready")
	}
	return r
}

// wait returns what Serve returned.
func (r *running) wait(t *testing.T) error {
	t.Helper()
	return receive(t, r.result, "Serve to return")
}

func receive[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case value := <-c:
		return value
	case <-time.After(patience):
		t.Fatalf("timeout while waiting for %s", what)
		panic("unreachable")
	}
}

// An result is a complete response, or an error.
type result struct {
	*http.Response
	body string
	err  error
}

// send sends one request on a new connection.
func send(ctx context.Context, client *http.Client, method, url, body string) result {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return result{err: err}
	}
	r.Header.Set("X-Broker-API-Version", "2.17")
	response, err := client.Do(r)
	if err != nil {
		return result{err: err}
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return result{Response: response, body: string(content), err: err}
}

// newClient returns a client that opens a connection for each request.
func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("a redirect") },
	}
}

func (r *running) send(t *testing.T, method, path, body string) result {
	t.Helper()
	a := send(t.Context(), newClient(), method, r.url+path, body)
	if a.err != nil {
		t.Fatalf("%s %s: %v", method, path, a.err)
	}
	return a
}

func (r *running) expect(t *testing.T, method, path string, status int, body string) {
	t.Helper()
	if a := r.send(t, method, path, ""); a.StatusCode != status || !strings.Contains(a.body, body) {
		t.Errorf("%s %s: %d %s, want %d %s", method, path, a.StatusCode, a.body, status, body)
	}
}

// provision sends a provision request in the background.
func (r *running) provision(t *testing.T, instance string) <-chan result {
	t.Helper()
	answers := make(chan result, 1)
	go func() {
		answers <- send(t.Context(), newClient(), http.MethodPut, r.url+"/v2/service_instances/"+instance, provisionBody)
	}()
	return answers
}

// A recorder records log records. Tests can wait for a record.
type recorder struct {
	mu      sync.Mutex
	records []map[string]any
	changed chan struct{}
}

func newRecorder() *recorder { return &recorder{changed: make(chan struct{})} }

func (r *recorder) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Write receives one record.
func (r *recorder) Write(line []byte) (int, error) {
	var record map[string]any
	if err := json.Unmarshal(bytes.TrimSpace(line), &record); err != nil {
		panic(fmt.Sprintf("a log record is not JSON: %v", err))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records = append(r.records, record)
	close(r.changed)
	r.changed = make(chan struct{})
	return len(line), nil
}

// find returns the records with this message.
func (r *recorder) find(message string) (found []map[string]any, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, record := range r.records {
		if record["msg"] == message {
			found = append(found, record)
		}
	}
	return found, r.changed
}

// await returns the record with this message and number, from 1.
func (r *recorder) await(t *testing.T, message string, number int) map[string]any {
	t.Helper()
	timeout := time.After(patience)
	for {
		found, changed := r.find(message)
		if len(found) >= number {
			return found[number-1]
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("timeout while waiting for record %d of %q", number, message)
		}
	}
}

// awaitError returns the first record with this message whose error contains part.
func (r *recorder) awaitError(t *testing.T, message, part string) map[string]any {
	t.Helper()
	for number := 1; ; number++ {
		record := r.await(t, message, number)
		if text, _ := record["error"].(string); strings.Contains(text, part) {
			return record
		}
	}
}

// String returns all records as JSON.
func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	encoded, _ := json.Marshal(r.records)
	return string(encoded)
}
