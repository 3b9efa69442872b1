package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/postgres"
)

// catalogWith returns a catalog whose plans have these settings, in YAML.
func catalogWith(small, large string) string {
	return `services:
  - id: 0c8f4e7e-1f0e-4c3b-9a4d-6a8c0d5d7e01
    name: postgresql
    description: Databases.
    bindable: true
    instances_retrievable: true
    bindings_retrievable: true
    plan_updateable: true
    plans:
      - {id: 3f6d2a10-52c4-4b0d-8c8e-2d1f0b9a7e02, name: small, description: Small., free: true, postgres: ` + small + `}
      - {id: 7b1e9c34-0d5f-4e6a-b2c7-9f8e6d5c4b03, name: large, description: Large., free: true, postgres: ` + large + `}
`
}

// tenantWith provisions an instance of the plan small on a new server.
func tenantWith(t *testing.T, server *testServer, account, small, large string, settings ...string) *tenant {
	t.Helper()
	service := server.service(account, settings...)
	service.Catalog = catalogWith(small, large)
	return newTenant(t, server, service, service.Start(t), "tenant")
}

// status returns the HTTP status of a refusal.
func status(err error) int {
	var refusal *client.ResponseError
	if errors.As(err, &refusal) {
		return refusal.StatusCode
	}
	return 0
}

// The settings of a plan are those of each login, and change with the plan.
func TestPlanSettings(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	tn := tenantWith(t, server, plainAccount,
		`{connection_limit: 2, statement_timeout: 61s, idle_in_transaction_timeout: 62s, idle_session_timeout: 63s, lock_timeout: 64s, settings: {work_mem: 5MB, application_name: "it's"}}`,
		`{connection_limit: 3, extensions: [pg_trgm, citext]}`)
	credentials := tn.bind(t, "one", nil)
	app := connect(t, fmt.Sprint(credentials["uri"]))
	for name, want := range map[string]string{
		"statement_timeout": "61s", "idle_in_transaction_session_timeout": "62s", "idle_session_timeout": "63s", "lock_timeout": "64s", "work_mem": "5MB", "application_name": "it's",
	} {
		if got := query(t, app, "SHOW "+name); strings.ReplaceAll(got, "1min1s", "61s") != want && got != "1min "+want {
			// PostgreSQL writes whole units.
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	second := connect(t, fmt.Sprint(credentials["uri"]))
	if third, err := pgx.Connect(t.Context(), fmt.Sprint(credentials["uri"])); code(err) != "53300" {
		t.Errorf("a third connection: %v, %v", third, err)
	}
	refuse(t, app, "42704", "CREATE TABLE t (text citext)")
	if err := tn.broker.Update(t, tn.id, "small", "large", nil); err != nil {
		t.Fatal(err)
	}
	do(t, app, "CREATE TABLE t (text citext)", "SELECT show_trgm('word')")
	third := connect(t, fmt.Sprint(credentials["uri"]))
	if got := query(t, third, "SHOW statement_timeout"); got != "0" {
		t.Errorf("after the update, statement_timeout is %s", got)
	}
	do(t, second, "SELECT 1")
	refuse(t, app, insufficientPrivilege, "DROP EXTENSION citext", "ALTER EXTENSION citext SET SCHEMA pg_catalog")
}

// What the server lacks for a plan is said before anything is created.
func TestPlansThatTheServerCannotServe(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	before := server.mustDump(t)
	t.Run("plans", func(t *testing.T) {
		for name, settings := range map[string]string{
			"unknown extension":       `{extensions: [no_such_extension]}`,
			"extension of superusers": `{extensions: [dblink]}`,
			"unknown locale":          `{locale: xx_XX.utf8}`,
			"unknown parameter":       `{settings: {no_such_parameter: "1"}}`,
			"wrong value":             `{settings: {work_mem: lots}}`,
			"parameter of superusers": `{settings: {temp_file_limit: 1MB}}`,
			"parameter of nobody":     `{settings: {some.parameter: "1"}}`,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				service := server.service(plainAccount)
				service.Catalog = catalogWith(settings, "{}")
				b := service.Start(t)
				if err := b.Provision(t, "tenant", "small", nil); status(err) != http.StatusInternalServerError {
					t.Errorf("the provision: %v", err)
				}
				// Nothing is recorded, so that there is nothing to delete.
				response, err := b.Engine.LastOperation(t.Context(), &openbroker.LastOperationRequest{InstanceID: "tenant"})
				if !errors.Is(err, openbroker.ErrInstanceDoesNotExist) {
					t.Errorf("an operation is recorded: %v, %v", response, err)
				}
			})
		}
	})
	server.unchanged(t, before)
}

// A parameter of superusers works for a superuser, and for an account that may set it.
func TestParameterOfSuperusers(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	account := superuser
	if server.major >= 15 {
		account = plainAccount
		server.exec(t, "postgres", "GRANT SET ON PARAMETER temp_file_limit TO "+plainAccount)
	}
	tn := tenantWith(t, server, account, `{settings: {temp_file_limit: 1MB}}`, "{}")
	app := tn.session(t, "one", nil)
	if got := query(t, app, "SHOW temp_file_limit"); got != "1MB" {
		t.Errorf("temp_file_limit is %s", got)
	}
	refuse(t, app, insufficientPrivilege, "SET temp_file_limit = -1")
}

// A plan with another locale or isolation needs another database.
func TestPlanChangesThatAreRefused(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	for name, large := range map[string]string{
		"locale": `{locale: POSIX}`, "isolation": `{isolation: schema}`, "encoding": `{encoding: LATIN1}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := server.service(plainAccount)
			service.Catalog = catalogWith(`{locale: C}`, large)
			b := service.Start(t)
			id := "tenant-" + name
			if err := b.Provision(t, id, "small", nil); err != nil {
				t.Fatal(err)
			}
			if err := b.Update(t, id, "small", "large", nil); status(err) != http.StatusUnprocessableEntity || !strings.Contains(err.Error(), name) {
				t.Errorf("the update: %v", err)
			}
		})
	}
}

// The plans together get no more connections than the server has, and the broker keeps
// its own. A binding is a promise too.
func TestOvercommit(t *testing.T) {
	t.Parallel()
	for factor, instances := range map[string]int{"1": 3, "2": 6} {
		t.Run(factor, func(t *testing.T) {
			t.Parallel()
			server := startServer(t, "max_connections=43") // 3 are for superusers, 10 for the broker.
			service := server.service(plainAccount)
			service.Settings = server.settings(plainAccount, "overcommit: "+factor)
			service.Catalog = catalogWith(`{connection_limit: 10}`, `{connection_limit: 11}`)
			b := service.Start(t)
			for i := range instances {
				if err := b.Provision(t, fmt.Sprint(factor, "-", i), "small", nil); err != nil {
					t.Fatal(err)
				}
			}
			full := fmt.Sprintf("%d of %d are promised", instances*10, instances*10)
			if err := b.Provision(t, factor+"-more", "small", nil); status(err) != http.StatusUnprocessableEntity || !strings.Contains(err.Error(), full) {
				t.Errorf("one instance too many: %v", err)
			}
			if err := b.Update(t, factor+"-0", "small", "large", nil); status(err) != http.StatusUnprocessableEntity {
				t.Errorf("a plan that is too large: %v", err)
			}
			if _, err := b.Bind(t, factor+"-0", "first", "small", nil); err != nil {
				t.Errorf("the first binding: %v", err)
			}
			if _, err := b.Bind(t, factor+"-0", "second", "small", nil); status(err) != http.StatusUnprocessableEntity && !strings.Contains(fmt.Sprint(err), "promised") {
				t.Errorf("one binding too many: %v", err)
			}
			for i := range instances {
				if err := b.Deprovision(t, fmt.Sprint(factor, "-", i), "small"); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// An application that has taken every connection cannot keep the broker from unbinding it.
func TestUnbindOnAFullServer(t *testing.T) {
	t.Parallel()
	server := startServer(t, "max_connections=25")
	tn := tenantWith(t, server, plainAccount, `{connection_limit: 0}`, "{}")
	uri := fmt.Sprint(tn.bind(t, "one", nil)["uri"])
	var taken int
	for {
		conn, err := pgx.Connect(t.Context(), uri)
		if err != nil {
			if code(err) != "53300" {
				t.Fatal(err)
			}
			break
		}
		t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
		taken++
	}
	if taken < 10 {
		t.Fatalf("the application has taken only %d connections", taken)
	}
	tn.unbind(t, "one")
	if left := server.query(t, "postgres", "SELECT count(*) FROM pg_stat_activity WHERE datname = '"+tn.database+"'"); left != "0" {
		t.Errorf("%s sessions are left", left)
	}
	tn.deprovision(t)
}

// The password of a binding expires when its metadata says.
func TestBindingTTL(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	tn := tenantWith(t, server, plainAccount, `{binding_ttl: 4s}`, `{binding_ttl: 8760h}`)
	began := time.Now()
	credentials := tn.bind(t, "one", nil)
	fetched, err := tn.broker.Client.GetBinding(t.Context(), &openbroker.GetBindingRequest{InstanceID: tn.id, BindingID: "one"})
	if err != nil || fetched.Metadata == nil {
		t.Fatalf("the binding: %v, %v", fetched, err)
	}
	expires, renew := fetched.Metadata.ExpiresAt, fetched.Metadata.RenewBefore
	if expires.Before(began.Add(3*time.Second)) || expires.After(time.Now().Add(4*time.Second)) || !renew.Equal(expires.Add(-time.Second)) {
		t.Errorf("the binding expires at %v and should be renewed before %v; it began at %v", expires, renew, began)
	}
	if until := server.query(t, "postgres", "SELECT extract(epoch FROM rolvaliduntil)::bigint FROM pg_roles WHERE rolname = '"+fmt.Sprint(credentials["username"])+"'"); until != fmt.Sprint(expires.Unix()) {
		t.Errorf("the server has the time %s, want %d", until, expires.Unix())
	}
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		conn, err := pgx.Connect(t.Context(), fmt.Sprint(credentials["uri"]))
		if err == nil {
			_ = conn.Close(t.Context())
		} else if code(err) == "28P01" && time.Now().After(expires) {
			return
		} else {
			t.Fatalf("a login at %v, before %v: %v", time.Now(), expires, err)
		}
		if time.Now().After(expires.Add(time.Minute)) {
			t.Fatal("the password does not expire")
		}
		<-ticker.C
	}
}

// A schema has no extension of its own, and what the broker installs stays when another
// instance goes. Its objects are in the schema, whatever the application names.
func TestSchemas(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	service := server.service(plainAccount)
	service.Catalog = catalogWith(`{isolation: schema, extensions: [citext]}`, "{isolation: schema}")
	b := service.Start(t)
	one, two := newTenant(t, server, service, b, "one"), newTenant(t, server, service, b, "two")
	first, second := one.session(t, "binding", nil), two.session(t, "binding", nil)
	do(t, first, "CREATE TABLE t (text citext)")
	do(t, second, "CREATE TABLE t (text citext)", "INSERT INTO t VALUES ('Word')")
	refuse(t, first, insufficientPrivilege, "CREATE EXTENSION pg_trgm", "CREATE SCHEMA more", "CREATE TABLE public.t (n int)", "CREATE TEMPORARY TABLE temporary (n int)",
		"SELECT * FROM "+two.database+".t", "CREATE TABLE "+two.database+".u (n int)")
	if got := query(t, first, "SELECT string_agg(nspname, ',') FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relowner = current_user::regrole AND relkind = 'r'"); got != one.database {
		t.Errorf("the table is in %s, want %s", got, one.database)
	}
	one.deprovision(t)
	if got := query(t, second, "SELECT text FROM t WHERE text = 'wORD'"); got != "Word" {
		t.Errorf("the other instance has %q", got)
	}
	if left := server.query(t, "openbroker_shared", "SELECT string_agg(nspname, ',') FROM pg_namespace WHERE nspname LIKE 'ob%'"); left != two.database {
		t.Errorf("the schemas are %s", left)
	}
}

// records are those of one binding.
type records struct {
	durable.Records
	binding durable.Binding
}

func (r records) Bindings(context.Context, *durable.Instance) iter.Seq2[durable.Binding, error] {
	return func(yield func(durable.Binding, error) bool) { yield(r.binding, nil) }
}

// The password and the role that a login took from itself come back. A login that is
// being deleted stays without them.
func TestReconcile(t *testing.T) {
	t.Parallel()
	tn := tenantOn(t)
	credentials := tn.bind(t, "one", nil)
	login, uri := fmt.Sprint(credentials["username"]), fmt.Sprint(credentials["uri"])
	do(t, connect(t, uri), "SET ROLE NONE", "ALTER ROLE "+login+" PASSWORD 'another'", "ALTER ROLE "+login+" RESET ALL")
	if conn, err := pgx.Connect(t.Context(), uri); code(err) != "28P01" {
		t.Fatalf("the login has no other password: %v, %v", conn, err)
	}
	p, _, err := newProvider(t, postgres.Settings{URL: provider.URL(tn.server.url(plainAccount, accountPassword, "postgres")), Template: "template1"})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := postgres.Verifier(fmt.Sprint(credentials["password"]))
	if err != nil {
		t.Fatal(err)
	}
	one := records{binding: durable.Binding{
		Instance: durable.Instance{Platform: openbroker.DefaultPlatform, ID: tn.id}, ID: "one",
		State: []byte(`{"verifier": "` + hash + `", "mode": "rw", "expires_at": "0001-01-01T00:00:00Z"}`),
	}}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.Reconcile(ctx, one)
	}()
	var app *pgx.Conn
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.After(30 * time.Minute); app == nil; {
		if app, err = pgx.Connect(t.Context(), uri); err == nil {
			break
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("the password does not come back: %v", err)
		}
	}
	defer func() { _ = app.Close(t.Context()) }()
	if got := query(t, app, "SELECT current_user"); got != tn.owner {
		t.Errorf("the login acts as %s", got)
	}
	stop()
	<-ended
}
