package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
	"github.com/openbroker/openbroker/brokertest"
	"github.com/openbroker/openbroker/conformance"
)

const serviceID = "0d1ebd3c-5a5a-4d5c-9c5e-5f0f8f0a4e61"

// A platform sends requests to a broker over HTTP.
type platform struct {
	t   *testing.T
	url string
	dir string
}

func newPlatform(t *testing.T) platform {
	t.Helper()
	// A directory whose name needs escaping in a DSN.
	dir := filepath.Join(t.TempDir(), "a b?c#d%25")
	basic, err := auth.NewBasic(auth.Credential{Username: "admin", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	handler := openbroker.NewHandler(&broker{dir: dir}, openbroker.WithAuthenticator(basic), openbroker.WithLogger(slog.New(slog.DiscardHandler)))
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return platform{t: t, url: server.URL, dir: dir}
}

// send returns the body of the response, which must have the given status.
func (p platform) send(method, path, body string, status int) map[string]any {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.SetBasicAuth("admin", "secret")
	request.Header.Set(openbroker.HeaderAPIVersion, "2.17")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if response.StatusCode != status {
		p.t.Fatalf("%s %s: status %d, want %d: %s", method, path, response.StatusCode, status, data)
	}
	var answer map[string]any
	if err := json.Unmarshal(data, &answer); err != nil {
		p.t.Fatalf("%s %s: %v: %s", method, path, err, data)
	}
	return answer
}

func instancePath(id string) string { return "/v2/service_instances/" + url.PathEscape(id) }

func bindingPath(instance, binding string) string {
	return instancePath(instance) + "/service_bindings/" + url.PathEscape(binding)
}

const ids = "?service_id=" + serviceID + "&plan_id=" + smallID

func provisionBody(plan string) string {
	return `{"service_id":"` + serviceID + `","plan_id":"` + plan + `","organization_guid":"o","space_guid":"s"}`
}

func bindBody(plan string) string {
	return `{"service_id":"` + serviceID + `","plan_id":"` + plan + `"}`
}

// bind returns the credentials of a binding.
func (p platform) bind(instance, binding, plan string, status int) (path, dsn string) {
	p.t.Helper()
	answer := p.send("PUT", bindingPath(instance, binding), bindBody(plan), status)
	credentials, _ := answer["credentials"].(map[string]any)
	path, _ = credentials["path"].(string)
	dsn, _ = credentials["dsn"].(string)
	return path, dsn
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// fill writes a MiB at a time and returns how many fit.
func fill(t *testing.T, db *sql.DB, limit int) (int, error) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE IF NOT EXISTS t (x)"); err != nil {
		t.Fatal(err)
	}
	for n := range limit {
		if _, err := db.ExecContext(t.Context(), "INSERT INTO t VALUES (zeroblob(1000000))"); err != nil {
			return n, err
		}
	}
	return limit, nil
}

func TestLifecycle(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	services, _ := p.send("GET", "/v2/catalog", "", 200)["services"].([]any)
	if len(services) != 1 {
		t.Fatalf("the catalog has %d services", len(services))
	}
	p.send("GET", instancePath("i"), "", 404)
	p.send("PATCH", instancePath("i"), bindBody(largeID), 404)
	p.send("PUT", bindingPath("i", "b"), bindBody(smallID), 404)

	p.send("PUT", instancePath("i"), provisionBody(smallID), 201)
	p.send("PUT", instancePath("i"), provisionBody(smallID), 200)
	p.send("PUT", instancePath("i"), provisionBody(largeID), 409)
	p.send("PUT", instancePath("i"), strings.Replace(provisionBody(smallID), "{", `{"parameters":{"x":1},`, 1), 409)
	if answer := p.send("GET", instancePath("i"), "", 200); answer["plan_id"] != smallID || answer["service_id"] != serviceID {
		t.Errorf("the instance is %v", answer)
	}

	path, dsn := p.bind("i", "b", smallID, 201)
	if again, _ := p.bind("i", "b", smallID, 200); again != path {
		t.Errorf("the repeated binding has the path %q, not %q", again, path)
	}
	db := open(t, dsn)
	if n, err := fill(t, db, 3); n != 1 || err == nil || !strings.Contains(err.Error(), "database or disk is full") {
		t.Errorf("%d MB fit into the small plan, then %v", n, err)
	}

	// Clients get the larger quota after they bind again.
	p.send("PATCH", instancePath("i"), bindBody(largeID), 200)
	_, larger := p.bind("i", "b", largeID, 200)
	if n, err := fill(t, open(t, larger), 3); n != 3 || err != nil {
		t.Errorf("%d MB fit into the large plan, then %v", n, err)
	}
	if answer := p.send("PATCH", instancePath("i"), bindBody(smallID), 422); answer["error"] != "PlanQuotaExceeded" {
		t.Errorf("the response to a move to a plan that is too small is %v", answer)
	}

	p.send("DELETE", bindingPath("i", "b")+ids, "", 200)
	p.send("DELETE", bindingPath("i", "b")+ids, "", 410)
	if err := open(t, dsn).PingContext(t.Context()); err == nil {
		t.Error("the DSN still opens the database after the unbinding")
	}
	p.send("DELETE", instancePath("i")+ids, "", 200)
	p.send("DELETE", instancePath("i")+ids, "", 410)
	if left, err := os.ReadDir(p.dir); err != nil || len(left) > 0 {
		t.Errorf("after all is deleted, %v is left: %v", left, err)
	}
}

// Two bindings share one database, even while both write.
func TestBindingsShareTheDatabase(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.send("PUT", instancePath("i"), provisionBody(smallID), 201)
	_, one := p.bind("i", "one", smallID, 201)
	_, two := p.bind("i", "two", smallID, 201)
	if one == two {
		t.Fatalf("both bindings have the DSN %q", one)
	}
	first, second := open(t, one), open(t, two)
	for _, statement := range []string{"PRAGMA journal_mode = WAL", "CREATE TABLE t (x)", "INSERT INTO t VALUES (42)"} {
		if _, err := first.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	var x, size, wait int
	if err := second.QueryRowContext(t.Context(), "SELECT x FROM t").Scan(&x); err != nil || x != 42 {
		t.Errorf("the other binding reads %d: %v", x, err)
	}
	if err := second.QueryRowContext(t.Context(), "PRAGMA page_size").Scan(&size); err != nil || size != pageSize {
		t.Errorf("the page size is %d: %v", size, err)
	}
	if err := second.QueryRowContext(t.Context(), "PRAGMA busy_timeout").Scan(&wait); err != nil || wait == 0 {
		t.Errorf("writers wait %d ms for each other: %v", wait, err)
	}
	if _, err := second.ExecContext(t.Context(), "INSERT INTO t VALUES (43)"); err != nil {
		t.Error(err)
	}
	body := fmt.Sprintf(`{"service_id":%q,"plan_id":%q,"parameters":{"mode":"ro"}}`, serviceID, smallID)
	p.send("PUT", bindingPath("i", "one"), body, 400)
	p.send("PUT", bindingPath("i", "three"), body, 400)
	p.send("DELETE", bindingPath("i", "three")+ids, "", 410)
	p.send("DELETE", bindingPath("i", "one")+ids, "", 200)
	if err := second.QueryRowContext(t.Context(), "SELECT count(*) FROM t").Scan(&x); err != nil || x != 2 {
		t.Errorf("after the other unbinding there are %d rows: %v", x, err)
	}
}

func TestHostileIDs(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	root := filepath.Dir(p.dir)
	hostile := []string{
		"../x", "../../etc/passwd", "a/b", "/etc/passwd", "a\\b", "...", "con", "password", "A", "a", " ", "é", "?x=1#y", "%2e%2e",
		strings.Repeat("x", 1024), "instance.json", "database.sqlite",
	}
	for _, id := range hostile {
		p.send("PUT", instancePath(id), provisionBody(smallID), 201)
		path, dsn := p.bind(id, id, smallID, 201)
		if inside, err := filepath.Rel(p.dir, path); err != nil || !filepath.IsLocal(inside) {
			t.Errorf("%q is at %q, outside of the directory", id, path)
		}
		if n, err := fill(t, open(t, dsn), 2); n != 1 || err == nil {
			t.Errorf("%q: %d MB fit, then %v", id, n, err)
		}
	}
	if entries, err := os.ReadDir(root); err != nil || len(entries) != 1 {
		t.Errorf("the parent directory also contains %v: %v", entries, err)
	}
	for _, id := range hostile {
		p.send("DELETE", bindingPath(id, id)+ids, "", 200)
		p.send("DELETE", instancePath(id)+ids, "", 200)
	}
	p.send("PUT", instancePath(".."), provisionBody(smallID), 400)
	p.send("PUT", instancePath("a\x00b"), provisionBody(smallID), 400)
}

// A directory that a crash left without a record is not an instance, and is replaced.
func TestCrashWhileProvisioning(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.send("PUT", instancePath("i"), provisionBody(smallID), 201)
	path, dsn := p.bind("i", "b", smallID, 201)
	if _, err := fill(t, open(t, dsn), 1); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(filepath.Dir(path), "instance.json")); err != nil {
		t.Fatal(err)
	}
	p.send("GET", instancePath("i"), "", 404)
	p.send("DELETE", instancePath("i")+ids, "", 410)
	p.send("PUT", instancePath("i"), provisionBody(largeID), 201)
	_, dsn = p.bind("i", "b", largeID, 201)
	if err := open(t, dsn).QueryRowContext(t.Context(), "SELECT x FROM t").Scan(new(any)); err == nil || errors.Is(err, sql.ErrNoRows) {
		t.Errorf("the new database has the old table: %v", err)
	}
}

func TestPlatformsAreApart(t *testing.T) {
	t.Parallel()
	b := &broker{dir: t.TempDir()}
	one, two := openbroker.Caller{Platform: "one"}, openbroker.Caller{Platform: "two"}
	if _, err := b.Provision(t.Context(), &openbroker.ProvisionRequest{InstanceID: "i", PlanID: smallID, Caller: one}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.GetInstance(t.Context(), &openbroker.GetInstanceRequest{InstanceID: "i", Caller: two}); !errors.Is(err, openbroker.ErrInstanceDoesNotExist) {
		t.Errorf("the other platform gets %v", err)
	}
}

func TestLogin(t *testing.T) {
	for _, test := range []struct{ name, username, password string }{
		{"generated", "", ""},
		{"from the environment", "me", "secret"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("OPENBROKER_USERNAME", test.username)
			t.Setenv("OPENBROKER_PASSWORD", test.password)
			dir := filepath.Join(t.TempDir(), "new")
			for range 2 { // The second start must keep the password.
				basic, err := login(dir)
				if err != nil {
					t.Fatal(err)
				}
				request := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
				username, password := test.username, test.password
				if password == "" {
					data, err := os.ReadFile(filepath.Join(dir, "password"))
					if err != nil || len(data) < 20 {
						t.Fatalf("%d characters: %v", len(data), err)
					}
					username, password = "admin", string(data)
				}
				request.SetBasicAuth(username, password)
				if _, err := basic.Authenticate(request); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// The README has the ids of the catalog.
func TestReadmeIDs(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{catalog.Services[0].ID, smallID, largeID} {
		if !strings.Contains(string(readme), id) {
			t.Errorf("the README lacks %s", id)
		}
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	brokertest.Run(t, brokertest.Broker(&broker{dir: dir}), brokertest.Level(conformance.Should), brokertest.Profiles(conformance.CloudFoundry))
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("after the run, %v is left: %v", left, err)
	}
}
