package postgres_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// elsewhere connects a binding to a database of PostgreSQL itself, where every login may
// connect.
func elsewhere(t *testing.T, uri any, database string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(fmt.Sprint(uri))
	if err != nil {
		t.Fatal(err)
	}
	config.Database = database
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

// What a login leaves in other databases does not block its deletion, nor that of the
// instance, and nothing of it stays.
func TestLeftoversInOtherDatabases(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	service := server.service(plainAccount)
	b := service.Start(t)
	before := server.mustDump(t)
	tn := newTenant(t, server, service, b, "tenant")
	for _, id := range []string{"one", "two"} {
		credentials := tn.bind(t, id, nil)
		for _, database := range []string{"postgres", "template1"} {
			conn := elsewhere(t, credentials["uri"], database)
			do(t, conn, "SELECT lo_create(0)", "SET ROLE NONE", "SELECT lo_create(0)")
			if server.major < 15 {
				do(t, conn, "CREATE TABLE left_by_"+id+" (n int)")
			}
		}
	}
	tn.unbind(t, "one")
	tn.deprovision(t) // With the other one.
	server.unchanged(t, before)
}

// A tenant that grants something to the login of another tenant does not block its
// deletion.
func TestGrantsByOtherTenants(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	service := server.service(plainAccount)
	b := service.Start(t)
	before := server.mustDump(t)
	victim := newTenant(t, server, service, b, "victim")
	credentials := victim.bind(t, "binding", nil)
	other := newTenant(t, server, service, b, "other")
	malicious := other.session(t, "binding", nil)
	login := fmt.Sprint(credentials["username"])
	do(t, malicious, "CREATE TABLE t (n int)", "GRANT ALL ON t TO "+login, "GRANT ALL ON SCHEMA public TO "+victim.owner,
		"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO "+victim.reader, "CREATE POLICY p ON t TO "+login, "SELECT lo_create(1)", "GRANT SELECT ON LARGE OBJECT 1 TO "+login)
	victim.unbind(t, "binding")
	victim.deprovision(t)
	do(t, malicious, "SELECT * FROM t") // The other tenant keeps its data.
	other.deprovision(t)
	server.unchanged(t, before)
}

// A tenant that has granted something to roles of another tenant, and locks that by a
// transaction that does not end, does not block their deletion: its session ends.
func TestLocksOfOtherTenants(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	service := server.service(plainAccount)
	b := service.Start(t)
	victim := newTenant(t, server, service, b, "victim")
	other := newTenant(t, server, service, b, "other")
	uri := fmt.Sprint(other.bind(t, "binding", nil)["uri"])
	working := connect(t, uri)
	do(t, working, "CREATE TABLE t (n int)", "BEGIN", "INSERT INTO t VALUES (1)")
	login := fmt.Sprint(victim.bind(t, "binding", nil)["username"])

	grant := connect(t, uri)
	do(t, grant, "BEGIN", "CREATE TABLE uncommitted (n int)", "GRANT ALL ON uncommitted TO "+login)
	victim.unbind(t, "binding")
	login = fmt.Sprint(victim.bind(t, "next", nil)["username"])
	revoke := connect(t, uri)
	do(t, revoke, "CREATE TABLE granted (n int)", "GRANT ALL ON granted TO "+login+", "+victim.owner, "BEGIN", "REVOKE SELECT ON granted FROM "+login)
	victim.unbind(t, "next")
	login = fmt.Sprint(victim.bind(t, "last", nil)["username"])
	do(t, connect(t, uri), "BEGIN", "CREATE TABLE prepared (n int)", "GRANT ALL ON prepared TO "+login, "PREPARE TRANSACTION 'granting'")
	do(t, connect(t, uri), "BEGIN", "CREATE TABLE more (n int)", "PREPARE TRANSACTION 'working'")
	victim.unbind(t, "last")
	if left := server.query(t, "postgres", "SELECT string_agg(gid, ',') FROM pg_prepared_xacts"); left != "working" {
		t.Errorf("the prepared transactions are %q", left)
	}
	owner := connect(t, uri)
	do(t, owner, "BEGIN", "CREATE TABLE uncommitted (n int)", "GRANT ALL ON uncommitted TO "+victim.owner)
	victim.deprovision(t)

	for name, conn := range map[string]*pgx.Conn{"granting": grant, "revoking": revoke, "granting to the owner role": owner} {
		if _, err := conn.Exec(t.Context(), "COMMIT"); err == nil {
			t.Errorf("the session that is %s goes on", name)
		}
	}
	do(t, working, "COMMIT") // Others of the tenant go on.
	other.deprovision(t)
}

// Prepared transactions outlive their sessions, and block the deletion of what they
// locked.
func TestPreparedTransactions(t *testing.T) {
	t.Parallel()
	for _, isolation := range []string{"database", "schema"} {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()
			server := startServer(t)
			service := server.service(plainAccount)
			if isolation == "schema" {
				service.Catalog = schemaCatalog
				server.warmUp(t, service)
			}
			b := service.Start(t)
			before := server.mustDump(t)
			tn := newTenant(t, server, service, b, "tenant")
			app := tn.session(t, "one", nil)
			schema := query(t, app, "SELECT current_schema()")
			do(t, app, "CREATE TABLE kept (n int)", "BEGIN", "INSERT INTO kept VALUES (1)", "PREPARE TRANSACTION 'of the owner''s'")
			do(t, app, "GRANT CREATE, USAGE ON SCHEMA "+schema+" TO SESSION_USER", "SET ROLE NONE", "CREATE TABLE own (n int)", "BEGIN", "INSERT INTO own VALUES (1)", "PREPARE TRANSACTION 'of the login'")
			tn.unbind(t, "one")
			if left := server.query(t, "postgres", "SELECT string_agg(gid, ',') FROM pg_prepared_xacts"); left != "of the owner's" {
				t.Errorf("after the unbind, the prepared transactions are %q", left)
			}
			tn.deprovision(t)
			server.unchanged(t, before)
		})
	}
}

// A DROP DATABASE that was interrupted leaves a database that can only be dropped.
func TestInterruptedDrop(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	service := server.service(plainAccount)
	b := service.Start(t)
	before := server.mustDump(t)
	tn := newTenant(t, server, service, b, "tenant")
	tn.bind(t, "one", nil)
	tn.unbind(t, "one")
	server.exec(t, "postgres", "UPDATE pg_database SET datconnlimit = -2 WHERE datname = '"+tn.database+"'")
	if _, err := b.Bind(t, "tenant", "two", service.Small, nil); err == nil {
		t.Error("a bind succeeds")
	}
	tn.deprovision(t)
	server.unchanged(t, before)
}

// A session in template1 and a transaction in the maintenance database block nothing. An
// inactive replication slot goes with its database.
func TestSessionsOfOperators(t *testing.T) {
	t.Parallel()
	server := startServer(t, "wal_level=logical")
	service := server.service(plainAccount)
	b := service.Start(t)
	before := server.mustDump(t)
	do(t, connect(t, server.url(superuser, accountPassword, "template1")), "BEGIN", "SELECT 1")
	do(t, connect(t, server.url(superuser, accountPassword, "postgres")), "BEGIN", "SELECT 1 FROM pg_database")
	tn := newTenant(t, server, service, b, "tenant")
	tn.session(t, "one", nil)
	server.exec(t, tn.database, "SELECT pg_create_logical_replication_slot('slot', 'pgoutput')")
	tn.deprovision(t)
	server.unchanged(t, before)
	if slots := server.query(t, "postgres", "SELECT count(*) FROM pg_replication_slots"); slots != "0" {
		t.Errorf("%s replication slots are left", slots)
	}
}

// A schema with more tables than the server's table of locks can take is deleted in
// parts.
func TestSchemaWithManyTables(t *testing.T) {
	t.Parallel()
	server := startServer(t, "max_locks_per_transaction=10", "max_connections=20")
	service := server.service(plainAccount)
	service.Catalog = schemaCatalog
	server.warmUp(t, service)
	b := service.Start(t)
	before := server.mustDump(t)
	tn := newTenant(t, server, service, b, "tenant")
	app := tn.session(t, "one", nil)
	for i := range 40 {
		var tables strings.Builder
		for j := range 25 {
			fmt.Fprintf(&tables, "CREATE TABLE t_%d_%d (n int PRIMARY KEY, text text);", i, j)
		}
		do(t, app, tables.String())
	}
	tn.deprovision(t)
	server.unchanged(t, before)
}
