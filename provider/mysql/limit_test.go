package mysql_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/internal/servicetest"
)

// with returns the service with further settings and a catalog of two plans.
func (s *server) with(settings, small, large string) *servicetest.Service {
	service := s.service()
	service.Settings = "url: " + s.url("broker", brokerPassword) + "\n" + settings
	service.Catalog = catalogWith(small, large)
	return service
}

// logins returns the connections that the credentials allow, up to n.
func logins(t *testing.T, credentials openbroker.Credentials, n int) []*sql.DB {
	t.Helper()
	var open []*sql.DB
	for range n {
		db := login(t, credentials)
		if err := db.PingContext(t.Context()); err != nil {
			if !strings.Contains(err.Error(), "max_user_connections") {
				t.Errorf("a login: %v", err)
			}
			break
		}
		open = append(open, db)
	}
	return open
}

// The limit of a plan is that of each binding. A plan change applies to those that exist.
func TestConnectionLimit(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		before := s.mustDump(t)
		b := startBroker(t, s.with("", "{connection_limit: 2}", "{connection_limit: 4}"))
		one, two := b.bind(t, "one", nil), b.bind(t, "two", map[string]any{"mode": "ro"})
		for _, credentials := range []openbroker.Credentials{one, two} {
			if open := logins(t, credentials, 5); len(open) != 2 {
				t.Errorf("a binding has %d connections, want 2", len(open))
			}
		}
		if err := b.Update(t, "i", "small", "large", nil); err != nil {
			t.Fatal(err)
		}
		if open := logins(t, one, 5); len(open) != 2 {
			t.Errorf("a binding has %d more connections, want 2", len(open))
		}
		b.deprovision(t)
		s.unchanged(t, before)
	})
}

// A statement that takes longer than the plan allows is ended. The limit is a default:
// applications can change it.
func TestStatementTimeout(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		service := s.with("", "{}", "{statement_timeout: 100ms}")
		b := startBroker(t, service)
		err := b.Update(t, "i", "small", "large", nil)
		if s.kind.name == "mysql" {
			if err == nil || !strings.Contains(err.Error(), "MySQL has no such limit of accounts") {
				t.Errorf("a plan that MySQL cannot keep: %v", err)
			}
			if err := b.Provision(t, "other", "large", nil); err == nil || !strings.Contains(err.Error(), "MySQL has no such limit of accounts") {
				t.Errorf("a plan that MySQL cannot keep: %v", err)
			}
			b.deprovision(t)
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		credentials, err := b.Bind(t, "i", "b", "large", nil)
		if err != nil {
			t.Fatal(err)
		}
		db := login(t, credentials)
		const slow = "SELECT COUNT(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b WHERE a.seq + b.seq < 0"
		if _, err := db.ExecContext(t.Context(), slow); err == nil || !strings.Contains(err.Error(), "max_statement_time") {
			t.Errorf("a slow statement: %v", err)
		}
		run(t, db, "SET max_statement_time = 0", "SELECT SLEEP(0.3)")
		b.deprovision(t)
	})
}

// The plans cannot promise more connections than the server has, less those for
// administrators.
func TestSumOfPlans(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		s.exec(t, "SET GLOBAL max_connections = 55")
		defer s.exec(t, "SET GLOBAL max_connections = 400")
		refused := func(what string, err error, counts string) {
			t.Helper()
			if err == nil || !strings.Contains(err.Error(), counts) || !strings.Contains(err.Error(), "no room for the connections of this plan") {
				t.Errorf("%s: %v, want %s", what, err, counts)
			}
		}
		before := s.mustDump(t)
		b := startBroker(t, s.with("overcommit: 1", "{connection_limit: 20}", "{connection_limit: 30}"))
		b.bind(t, "one", nil)
		refused("the larger plan for a second instance", b.Provision(t, "second", "large", nil), "20 of 45 are promised")
		b.bind(t, "two", nil)
		refused("a second instance", b.Provision(t, "second", "small", nil), "40 of 45 are promised")
		_, err := b.Bind(t, "i", "three", "small", nil)
		refused("a third binding", err, "40 of 45 are promised")
		refused("the larger plan", b.Update(t, "i", "small", "large", nil), "0 of 45 are promised")
		b.unbind(t, "two")
		if err := b.Update(t, "i", "small", "large", nil); err != nil {
			t.Errorf("the larger plan for one binding: %v", err)
		}
		b.deprovision(t)
		s.unchanged(t, before)

		for settings, bindings := range map[string]int{"overcommit: 2\nreserved_connections: 0": 5, "overcommit: 0": 7, "reserved_connections: 60": 0} {
			b := s.with(settings, "{connection_limit: 20}", "{}").Start(t)
			if err := b.Provision(t, "i", "small", nil); (err == nil) != (bindings > 0) {
				t.Errorf("%s: %v", settings, err)
				continue
			}
			for i := range bindings + 1 {
				if _, err := b.Bind(t, "i", fmt.Sprint(i), "small", nil); (err == nil) != (i < bindings || settings == "overcommit: 0") {
					t.Errorf("%s: the binding %d: %v", settings, i, err)
				}
			}
			if err := b.Deprovision(t, "i", "small"); err != nil {
				t.Error(err)
			}
		}
		s.unchanged(t, before)
	})
}

// Applications that take all connections of the server do not keep the broker from
// deleting their bindings.
func TestFullServer(t *testing.T) {
	t.Parallel()
	for _, name := range tested() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, name)
			s.exec(t, "SET GLOBAL max_connections = 20")
			b := startBroker(t, s.with("overcommit: 0\nconnections: 3", "{connection_limit: 0}", "{}"))
			before := s.mustDump(t)
			credentials := b.bind(t, "b", nil)
			// The broker's own connections are closed, so that it has to make a new one.
			s.exec(t, "SET GLOBAL wait_timeout = 28800")
			killBroker(t, s)
			var taken int
			for range 40 {
				if login(t, credentials).PingContext(t.Context()) != nil {
					break
				}
				taken++
			}
			if taken < 4 || taken == 40 {
				t.Fatalf("the application has %d connections", taken)
			}
			b.unbind(t, "b")
			s.unchanged(t, before)
			b.deprovision(t)
		})
	}
}

// killBroker ends the connections of the broker's account.
func killBroker(t *testing.T, s *server) {
	t.Helper()
	ids, err := column(t.Context(), s.root(t), "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'broker'")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		s.exec(t, "KILL "+id)
	}
}

// Character set and collation are those of the plan when the instance is created.
func TestCharset(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		b := startBroker(t, s.with("", "{charset: latin1, collation: latin1_bin}", "{charset: utf8mb4}"))
		const query = "SELECT CONCAT(DEFAULT_CHARACTER_SET_NAME, ' ', DEFAULT_COLLATION_NAME) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()"
		db := login(t, b.bind(t, "b", nil))
		if got := value(t, db, query); got != "latin1 latin1_bin" {
			t.Errorf("the database has %s", got)
		}
		if err := b.Update(t, "i", "small", "large", nil); err != nil {
			t.Fatal(err)
		}
		if got := value(t, db, query); got != "latin1 latin1_bin" {
			t.Errorf("after the update, the database has %s", got)
		}
		b.deprovision(t)
		unknown := s.with("", "{charset: nonexistent}", "{}").Start(t)
		if err := unknown.Provision(t, "i", "small", nil); err == nil {
			t.Error("a database has a character set that does not exist")
		}
	})
}

// Settings of plans that no server can take are refused when the catalog is read.
func TestPlanSettings(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{
		"{charset: utf8mb4, collation: utf8mb4_bin, statement_timeout: 1m, require_tls: true, credential_profiles: [jdbc]}": "",
		"{charset: \"utf8; DROP\"}":     "mysql.charset must be the name of a character set",
		"{collation: \"a b\"}":          "mysql.collation must be the name of a collation",
		"{statement_timeout: 1us}":      "mysql.statement_timeout must be from 1ms",
		"{statement_timeout: 9000h}":    "mysql.statement_timeout must be from 1ms",
		"{credential_profiles: [none]}": "mysql.credential_profiles has",
		"{connection_limit: -1}":        "connection_limit must be",
		"{max_connections: 1}":          `"max_connections" is unknown`,
	} {
		if err := checkCatalog(t, catalogWith(settings, "{}")); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", settings, err)
		}
	}
}
