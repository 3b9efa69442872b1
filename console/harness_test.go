package console_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // The tests change the ages of records.

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
	"github.com/openbroker/openbroker/console"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/simulator"
)

// patience only ends a test that hangs.
const patience = 30 * time.Minute

// A fixture is a console in front of a simulator.
type fixture struct {
	*testing.T
	url     string
	console *console.Console
	server  *httptest.Server
	admin   *admin.Admin
	logs    *strings.Builder
	// clock is that of the login, or nil.
	clock *clock
	// simulator is what the console shows, or nil.
	simulator http.Handler
}

// A world is a database of a simulator in a file.
type world struct {
	t    testing.TB
	path string
	keys *seal.Keyring
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	keyset, err := seal.GenerateKeyset()
	ok(tb, err)
	keys, err := seal.Parse(keyset)
	ok(tb, err)
	return &world{t: tb, path: filepath.Join(tb.TempDir(), "openbroker.db"), keys: keys}
}

func ok(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// run starts a simulator on the database. stop ends it, and leaves open what does not
// end at once.
func (w *world) run() (store *sqlitestore.Store, s *simulator.Simulator, stop func()) {
	w.t.Helper()
	store, err := sqlitestore.Open(context.Background(), w.path)
	ok(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	s, err = simulator.New(ctx, store, simulator.Config{
		Engine: durable.Config{Sealer: w.keys, Replica: "broker-0"}, Logger: slog.New(slog.DiscardHandler),
	})
	ok(w.t, err)
	stopped := false
	return store, s, func() {
		if stopped {
			return
		}
		stopped = true
		over, end := context.WithCancel(context.Background())
		end()
		s.Stop(over)
		cancel()
		ok(w.t, store.Close())
	}
}

// A call is a request to the simulator.
func call(tb testing.TB, s http.Handler, method, path, body string) int {
	tb.Helper()
	r := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	r.Header.Set("X-Broker-API-Version", "2.17")
	r.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	s.ServeHTTP(answer, r)
	return answer.Code
}

// provision returns the body of a provision request for a plan of the simulator.
func provision(plan, parameters string) string {
	service := simulator.Catalog().Services[0]
	for i := range service.Plans {
		if service.Plans[i].Name == plan {
			plan = service.Plans[i].ID
		}
	}
	return fmt.Sprintf(`{"service_id":%q,"plan_id":%q,"organization_guid":"org","space_guid":"space","parameters":%s}`, service.ID, plan, parameters)
}

// exec changes the database while no process has it open.
func (w *world) exec(statements ...string) {
	w.t.Helper()
	db, err := sql.Open("sqlite", w.path)
	ok(w.t, err)
	for _, statement := range statements {
		if _, err := db.ExecContext(context.Background(), statement); err != nil {
			w.t.Fatalf("%v: %s", err, statement)
		}
	}
	ok(w.t, db.Close())
}

// secret is in the parameters of an instance and of a binding. No page may have it.
const secret = "hunter2-secret-value"

// markup is an id that would be markup if a page did not escape it.
const markup = `<img src=x onerror=alert(1)>"'&`

// fill makes the records that the tests look for:
//
//   - "orders" is ready, with a binding and parameters;
//   - the creation of "stuck" began three hours ago, and no worker has it until Retry;
//   - the creation of "broken" has failed, and "leftover" was left behind;
//   - an instance whose id is markup.
func (w *world) fill() {
	w.t.Helper()
	_, s, stop := w.run()
	defer stop()
	put := func(path, body string, want int) {
		w.t.Helper()
		if status := call(w.t, s, http.MethodPut, path, body); status != want {
			w.t.Fatalf("%s: %d, want %d", path, status, want)
		}
	}
	put("/v2/service_instances/orders", provision("sync", `{"password":"`+secret+`","size":3}`), 201)
	put("/v2/service_instances/orders/service_bindings/app", provision("sync", `{"token":"`+secret+`"}`), 201)
	put("/v2/service_instances/"+url.PathEscape(markup), provision("sync", `{"`+strings.ReplaceAll(markup, `"`, `\"`)+`":1}`), 201)
	put("/v2/service_instances/leftover", provision("sync", `{}`), 201)
	put("/v2/service_instances/broken?accepts_incomplete=true", provision("async", `{"fault":{"state":"failed","description":"<b>The volume</b> is lost"}}`), 202)
	w.await("broken", durable.OperationFailed)
	put("/v2/service_instances/stuck?accepts_incomplete=true", provision("async", `{"delay":"1s"}`), 202)
	stop()
	w.exec(
		`UPDATE instances SET status = 'create failed' WHERE instance_id = 'leftover'`,
		`UPDATE operations SET created_at = created_at - 3 * 3600000000, updated_at = updated_at - 3 * 3600000000, attempt = 5, failures = 4,
			owner = '', lease_until = 0, deadline = deadline + 100 * 3600000000, not_before = updated_at + 45 * 3600000000, description = 'waiting for the volume' WHERE instance_id = 'stuck'`,
	)
}

// await waits until an operation on an instance has a state. It reads a second
// connection to the database.
func (w *world) await(instance string, state durable.OperationState) {
	w.t.Helper()
	store, err := sqlitestore.Attach(context.Background(), w.path)
	ok(w.t, err)
	defer store.Close()
	await(w.t, func() bool {
		operations, err := store.Operations(context.Background(), durable.Filter{Platform: openbroker.DefaultPlatform, InstanceID: instance, State: state})
		ok(w.t, err)
		return len(operations) > 0
	})
}

// await waits until a condition holds.
func await(tb testing.TB, holds func() bool) {
	tb.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			tb.Fatal("it does not happen")
		}
	}
}

// open serves a console on the store. change may change its configuration.
func open(t *testing.T, store admin.Store, keys *seal.Keyring, change func(*console.Config)) *fixture {
	t.Helper()
	return openOn(t, httptest.NewUnstartedServer(nil), store, keys, change)
}

// openOn is open on a server that is not started. Its URL has TLS if the server has.
func openOn(t *testing.T, server *httptest.Server, store admin.Store, keys *seal.Keyring, change func(*console.Config)) *fixture {
	t.Helper()
	operator, err := admin.New(simulator.Catalog(), store, durable.Config{Sealer: keys})
	ok(t, err)
	users, err := auth.NewBasic(
		auth.Credential{Username: "ada", Password: "lovelace"}, auth.Credential{Username: "eve", Password: "onlooker"}, auth.Credential{Username: "mallory", Password: "nobody"})
	ok(t, err)
	logs := new(strings.Builder)
	config := console.Config{
		Admin: func(context.Context) (*admin.Admin, error) { return operator, nil },
		Catalog: func(context.Context) (*openbroker.Catalog, []console.Finding, error) {
			return simulator.Catalog(), []console.Finding{{Severity: "warning", Rule: "plan-description", Pointer: "/services/0/plans/1", Message: "the description is short", Fix: "Say what the plan is for."}}, nil
		},
		Health: func(context.Context) []console.Check {
			return []console.Check{{Name: "store", State: "ok"}, {Name: "provider-acme", State: "timed out", Advisory: true}}
		},
		Authenticator: users, Operators: []string{"ada"}, Viewers: []string{"eve"},
		Refresh: 50 * time.Millisecond, Version: "v1.2.3", Logger: slog.New(slog.NewTextHandler(logs, nil)),
	}
	if change != nil {
		change(&config)
	}
	c, err := console.New(config)
	ok(t, err)
	server.Config.Handler = c
	if server.TLS != nil {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(func() {
		c.Drain()
		server.Close()
	})
	return &fixture{T: t, url: server.URL, console: c, server: server, admin: operator, logs: logs}
}

// start fills a new database and serves a console on it, with a running simulator.
func start(t *testing.T) *fixture {
	t.Helper()
	w := newWorld(t)
	w.fill()
	store, s, stop := w.run()
	t.Cleanup(stop)
	f := open(t, store, w.keys, nil)
	f.simulator = s
	return f
}

// attacker serves a page of another web site with a button that sends a form to the
// console, and returns its address.
func (f *fixture) attacker(form url.Values) string {
	f.Helper()
	var page strings.Builder
	page.WriteString("<!doctype html><title>prize</title><form method=post action=" + f.url + "/act>")
	for name := range form {
		fmt.Fprintf(&page, "<input type=hidden name=%q value=%q>", name, form.Get(name))
	}
	page.WriteString("<button>Win</button></form>")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, page.String())
	}))
	f.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

// A request changes a request before it is sent.
type request func(*http.Request)

func as(name string) request {
	passwords := map[string]string{"ada": "lovelace", "eve": "onlooker", "mallory": "nobody"}
	return func(r *http.Request) { r.SetBasicAuth(name, passwords[name]) }
}

func header(name, value string) request {
	return func(r *http.Request) {
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
}

// An answer is the head of an answer.
type answer struct {
	StatusCode int
	Header     http.Header
	Cookies    []*http.Cookie
}

// send sends a request as ada, does not follow redirects, and returns the answer.
func (f *fixture) send(method, path string, form url.Values, change ...request) (head answer, body string) {
	f.Helper()
	r, err := http.NewRequestWithContext(f.Context(), method, f.url+path, strings.NewReader(form.Encode()))
	ok(f, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	as("ada")(r)
	for _, c := range change {
		c(r)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	ok(f, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	ok(f, err)
	return answer{response.StatusCode, response.Header, response.Cookies()}, string(content)
}

// get returns a page that must be there.
func (f *fixture) get(path string, change ...request) string {
	f.Helper()
	answer, body := f.send(http.MethodGet, path, nil, change...)
	if answer.StatusCode != http.StatusOK {
		f.Fatalf("GET %s: %d\n%s", path, answer.StatusCode, body)
	}
	return body
}

// operationOf returns the id of the last operation on an instance.
func (f *fixture) operationOf(instance string) string {
	f.Helper()
	operations, err := f.admin.Operations(f.Context(), durable.Filter{Platform: openbroker.DefaultPlatform, InstanceID: instance, Limit: 1})
	ok(f, err)
	if len(operations) == 0 {
		f.Fatalf("%s has no operation", instance)
	}
	return operations[0].ID
}
