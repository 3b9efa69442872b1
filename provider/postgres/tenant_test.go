package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/internal/servicetest"
)

// A tenant is an instance with the means of its applications.
type tenant struct {
	server  *testServer
	service *servicetest.Service
	broker  *servicetest.Broker
	id      string
	// database, owner and reader are names on the server.
	database, owner, reader string
}

// newTenant provisions an instance.
func newTenant(t *testing.T, server *testServer, service *servicetest.Service, b *servicetest.Broker, id string) *tenant {
	t.Helper()
	if err := b.Provision(t, id, service.Small, nil); err != nil {
		t.Fatal(err)
	}
	names, err := b.Resources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tn := &tenant{server: server, service: service, broker: b, id: id}
	// The newest one: tests begin with an empty server, and make one at a time.
	for _, name := range names {
		home := strings.Replace(name, "ob-", "ob", 1)
		if server.query(t, "postgres", "SELECT count(*) FROM pg_shdescription WHERE description = '"+home+"'") == "0" {
			server.exec(t, "postgres", "COMMENT ON ROLE "+home+"_owner IS '"+home+"'")
			tn.database, tn.owner, tn.reader = home, home+"_owner", home+"_reader"
		}
	}
	return tn
}

// tenantOn starts a server and a broker with one instance. more are settings of the
// server.
func tenantOn(t *testing.T, more ...string) *tenant {
	t.Helper()
	server := startServer(t, more...)
	service := server.service(plainAccount)
	return newTenant(t, server, service, service.Start(t), "tenant")
}

// bind returns the credentials of a new binding.
func (tn *tenant) bind(t *testing.T, id string, parameters map[string]any) openbroker.Credentials {
	t.Helper()
	credentials, err := tn.broker.Bind(t, tn.id, id, tn.service.Small, parameters)
	if err != nil {
		t.Fatal(err)
	}
	return credentials
}

// session binds and connects.
func (tn *tenant) session(t *testing.T, id string, parameters map[string]any) *pgx.Conn {
	t.Helper()
	return connect(t, fmt.Sprint(tn.bind(t, id, parameters)["uri"]))
}

func (tn *tenant) unbind(t *testing.T, id string) {
	t.Helper()
	if err := tn.broker.Unbind(t, tn.id, id, tn.service.Small); err != nil {
		t.Fatal(err)
	}
}

func (tn *tenant) deprovision(t *testing.T) {
	t.Helper()
	if err := tn.broker.Deprovision(t, tn.id, tn.service.Small); err != nil {
		t.Fatal(err)
	}
}

// do executes statements, which succeed.
func do(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := conn.PgConn().Exec(t.Context(), statement).ReadAll(); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// refuse executes statements, each of which fails with the SQLSTATE.
func refuse(t *testing.T, conn *pgx.Conn, want string, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := conn.PgConn().Exec(t.Context(), statement).ReadAll(); code(err) != want {
			t.Errorf("%s: %v, want the code %s", statement, err, want)
		}
	}
}

// unchanged compares the server with an earlier dump.
func (s *testServer) unchanged(t *testing.T, before []string) {
	t.Helper()
	after := s.mustDump(t)
	if a, b := strings.Join(before, "\n"), strings.Join(after, "\n"); a != b {
		t.Errorf("the server has changed; before:\n%s\nafter:\n%s", a, b)
	}
}

func (s *testServer) mustDump(t *testing.T) []string {
	t.Helper()
	lines, err := s.dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

const insufficientPrivilege = "42501"

// The database belongs to the broker, and everything in it to the owner role.
func TestOwnership(t *testing.T) {
	t.Parallel()
	tn := tenantOn(t)
	credentials := tn.bind(t, "one", nil)
	app := connect(t, fmt.Sprint(credentials["uri"]))
	login := fmt.Sprint(credentials["username"])
	if got := query(t, app, "SELECT current_user || ' ' || session_user"); got != tn.owner+" "+login {
		t.Errorf("the session is that of %s, want %s", got, tn.owner+" "+login)
	}
	do(t, app, "CREATE TABLE t (n int)", "CREATE SCHEMA more", "CREATE TABLE more.t (n int)", "CREATE TEMPORARY TABLE temporary (n int)", "CREATE EXTENSION citext")
	if got := query(t, app, "SELECT string_agg(DISTINCT relowner::regrole::text, ',') FROM pg_class WHERE relname = 't'"); got != tn.owner {
		t.Errorf("the tables belong to %s", got)
	}
	if got := tn.server.query(t, "postgres", "SELECT datdba::regrole::text FROM pg_database WHERE datname = '"+tn.database+"'"); got != plainAccount {
		t.Errorf("the database belongs to %s", got)
	}
	if got := query(t, app, "SELECT rolcanlogin::text FROM pg_roles WHERE rolname = '"+tn.owner+"'"); got != "false" {
		t.Error("the owner role can log in")
	}
	// From another database, an owner could drop it; and it could lift a limit.
	elsewhere := connect(t, strings.Replace(fmt.Sprint(credentials["uri"]), "/"+tn.database, "/postgres", 1))
	refuse(t, elsewhere, insufficientPrivilege, "DROP DATABASE "+tn.database, "ALTER DATABASE "+tn.database+" CONNECTION LIMIT 1000",
		"ALTER ROLE "+login+" CONNECTION LIMIT 1000", "ALTER ROLE "+tn.owner+" LOGIN", "ALTER ROLE "+login+" VALID UNTIL 'infinity'",
		"CREATE DATABASE mine", "CREATE ROLE mine", "SET ROLE "+plainAccount)
	refuse(t, app, insufficientPrivilege, "CREATE EXTENSION dblink", "CREATE EXTENSION postgres_fdw")
	if limit := tn.server.query(t, "postgres", "SELECT datconnlimit::text FROM pg_database WHERE datname = '"+tn.database+"'"); limit != "-1" {
		t.Errorf("the database has the connection limit %s, which would lock the broker out", limit)
	}
}

// What a connection pool sends does not make the login the owner of its tables.
func TestDiscardAll(t *testing.T) {
	t.Parallel()
	tn := tenantOn(t)
	app := tn.session(t, "one", nil)
	do(t, app, "DISCARD ALL", "CREATE TABLE t (n int)", "RESET ROLE", "CREATE TABLE u (n int)")
	if got := query(t, app, "SELECT string_agg(DISTINCT relowner::regrole::text, ',') FROM pg_class WHERE relname IN ('t', 'u')"); got != tn.owner {
		t.Errorf("after DISCARD ALL and RESET ROLE, tables belong to %s", got)
	}
}

// A table that a login made as itself belongs to the instance after the next bind, and
// after its own unbind; readers can read it at once.
func TestSetRoleNone(t *testing.T) {
	t.Parallel()
	tn := tenantOn(t)
	one, reader := tn.session(t, "one", nil), tn.session(t, "reader", map[string]any{"mode": "ro"})
	do(t, one, "GRANT CREATE ON SCHEMA public TO SESSION_USER", "SET ROLE NONE", "CREATE TABLE own (n int)", "INSERT INTO own VALUES (1)",
		"CREATE SEQUENCE counter", "SELECT nextval('counter')")
	if got := query(t, reader, "SELECT n FROM own"); got != "1" {
		t.Errorf("a reader reads %q", got)
	}
	do(t, reader, "SELECT last_value FROM counter")
	two := tn.session(t, "two", nil)
	do(t, two, "ALTER TABLE own ADD COLUMN m int", "DROP SEQUENCE counter")
	do(t, one, "CREATE TABLE later (n int)", "INSERT INTO later VALUES (2)")
	refuse(t, two, insufficientPrivilege, "ALTER TABLE later ADD COLUMN m int")
	tn.unbind(t, "one")
	do(t, two, "ALTER TABLE later ADD COLUMN m int")
	if got := query(t, two, "SELECT n FROM own UNION ALL SELECT n FROM later"); got != "1\n2" {
		t.Errorf("the rows are %q", got)
	}
}

// A login whose tables are locked keeps them for now, and the next binding works.
func TestBindWhileLocked(t *testing.T) {
	t.Parallel()
	tn := tenantOn(t)
	one := tn.session(t, "one", nil)
	do(t, one, "GRANT CREATE ON SCHEMA public TO SESSION_USER", "SET ROLE NONE", "CREATE TABLE own (n int)", "BEGIN", "INSERT INTO own VALUES (1)")
	two := tn.session(t, "two", nil)
	do(t, one, "COMMIT")
	refuse(t, two, insufficientPrivilege, "ALTER TABLE own ADD COLUMN m int")
	three := tn.session(t, "three", nil)
	do(t, three, "ALTER TABLE own ADD COLUMN m int")
}

// Readers read what is there, in schemas and sequences too, and write nothing. What they
// can do nevertheless is in docs/services/postgresql.md.
func TestReader(t *testing.T) {
	t.Parallel()
	tn := tenantOn(t)
	writer := tn.session(t, "writer", nil)
	do(t, writer, "CREATE TABLE early (n int)", "CREATE SEQUENCE s")
	reader := tn.session(t, "reader", map[string]any{"mode": "ro"})
	do(t, writer, "CREATE TABLE late (n int)", "CREATE SCHEMA more", "CREATE TABLE more.t (n int)", "CREATE VIEW v AS SELECT * FROM late", "SELECT lo_create(4711)")
	do(t, reader, "SELECT * FROM early", "SELECT * FROM late", "SELECT * FROM more.t", "SELECT * FROM v", "SELECT last_value FROM s")
	const readOnly = "25006"
	refuse(t, reader, readOnly, "CREATE TABLE x (n int)")
	do(t, reader, "SET default_transaction_read_only = off")
	refuse(t, reader, insufficientPrivilege, "CREATE TABLE x (n int)", "CREATE TEMPORARY TABLE x (n int)", "CREATE SCHEMA x", "INSERT INTO early VALUES (1)",
		"UPDATE more.t SET n = 1", "DELETE FROM late", "TRUNCATE late", "DROP TABLE late", "SELECT nextval('s')", "SELECT lo_unlink(4711)", "SET ROLE "+tn.owner)
	// The limits of read-only.
	do(t, reader, "SELECT lo_create(4712)", "NOTIFY channel", "SELECT pg_advisory_lock(1)")
	if tn.server.major >= 18 {
		do(t, reader, "SELECT lo_get(4711)")
	} else {
		refuse(t, reader, insufficientPrivilege, "SELECT lo_get(4711)")
	}
	tn.unbind(t, "reader")
	do(t, writer, "SELECT lo_unlink(4712)") // It belongs to the instance.
}

// A login that ruins its own settings and password gets the settings again when it is
// replaced, and the limits with a change of the plan.
func TestSettingsAreSetAgain(t *testing.T) {
	t.Parallel()
	tn := tenantOn(t)
	credentials := tn.bind(t, "old", nil)
	login := fmt.Sprint(credentials["username"])
	app := connect(t, fmt.Sprint(credentials["uri"]))
	settings := func() string {
		return tn.server.query(t, "postgres", "SELECT setconfig::text FROM pg_db_role_setting WHERE setrole = '"+login+"'::regrole")
	}
	before := settings()
	if !strings.Contains(before, "role="+tn.owner) || !strings.Contains(before, "idle_in_transaction_session_timeout=600000") {
		t.Fatalf("the settings are %s", before)
	}
	ruin := func() {
		t.Helper()
		do(t, app, "SET ROLE NONE", "ALTER ROLE "+login+" RESET ALL", "ALTER ROLE "+login+" SET statement_timeout = 1")
	}
	ruin()
	if _, err := tn.broker.Rotate(t, tn.id, "new", tn.service.Small, "old"); err != nil {
		t.Fatal(err)
	}
	if after := settings(); after != before {
		t.Errorf("after the rotation, the settings are %s, want %s", after, before)
	}
	ruin()
	if err := tn.broker.Update(t, tn.id, "small", "large", nil); err != nil {
		t.Fatal(err)
	}
	if after := settings(); after != before {
		t.Errorf("after the update, the settings are %s, want %s", after, before)
	}
	if limits := tn.server.query(t, "postgres", "SELECT string_agg(rolconnlimit::text, ',') FROM pg_roles WHERE rolcanlogin AND rolname LIKE 'ob%'"); limits != "20,20" {
		t.Errorf("after the update, the limits are %s", limits)
	}
}

// Applications that connect again and again do not outlive their binding.
func TestUnbindWhileReconnecting(t *testing.T) {
	t.Parallel()
	tn := tenantOn(t, "max_connections=200")
	credentials := tn.bind(t, "one", nil)
	uri := fmt.Sprint(credentials["uri"])
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	connected := make(chan struct{}, 100)
	for range 8 {
		clients.Go(func() {
			for ctx.Err() == nil {
				conn, err := pgx.Connect(ctx, uri)
				if err != nil {
					continue
				}
				select {
				case connected <- struct{}{}:
				default:
				}
				_, _ = conn.Exec(ctx, "SELECT pg_sleep(10)") // The unbind ends it.
				_ = conn.Close(context.WithoutCancel(ctx))
			}
		})
	}
	for range 20 {
		select {
		case <-connected:
			if len(connected) == 0 {
				tn.server.exec(t, "postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '"+fmt.Sprint(credentials["username"])+"'")
			}
		case <-time.After(30 * time.Minute):
			t.Fatal("no client connects")
		}
	}
	tn.unbind(t, "one")
	if left := tn.server.query(t, "postgres", "SELECT count(*) FROM pg_stat_activity WHERE datname = '"+tn.database+"' AND backend_type = 'client backend'"); left != "0" {
		t.Errorf("%s sessions are left", left)
	}
	stop()
	clients.Wait()
}

// Many bindings of one instance are made and deleted at once, although their default
// privileges are rows of one role.
func TestParallelBindings(t *testing.T) {
	t.Parallel()
	tn := tenantOn(t)
	parallel := func(work func(id string) error) {
		t.Helper()
		problems := make([]error, 12)
		var group sync.WaitGroup
		for i := range problems {
			group.Go(func() { problems[i] = work(fmt.Sprint("binding-", i)) })
		}
		group.Wait()
		if err := errors.Join(problems...); err != nil {
			t.Fatal(err)
		}
	}
	parallel(func(id string) error {
		_, err := tn.broker.Bind(t, tn.id, id, tn.service.Small, nil)
		return err
	})
	parallel(func(id string) error { return tn.broker.Unbind(t, tn.id, id, tn.service.Small) })
}
