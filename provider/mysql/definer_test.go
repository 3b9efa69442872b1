package mysql_test

import (
	"slices"
	"strings"
	"testing"
)

// What a binding has made works after its unbind, although the server needs the account
// of its definer. The account stays, locked, and goes with the database.
func TestDefiners(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		before := s.mustDump(t)
		b := startBroker(t, s.service())
		creator := b.bind(t, "creator", nil)
		db := login(t, creator)
		run(t, db, "CREATE TABLE t (i INT)", "CREATE TABLE log (i INT)", "CREATE VIEW v AS SELECT i FROM t",
			"CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW INSERT INTO log VALUES (NEW.i)",
			"CREATE PROCEDURE p() SELECT COUNT(*) FROM t", "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 7")
		other := login(t, b.bind(t, "other", nil))
		reader := login(t, b.bind(t, "reader", map[string]any{"mode": "ro"}))
		b.unbind(t, "creator")
		if err := db.PingContext(t.Context()); err == nil {
			t.Error("the session of the creator goes on")
		}
		if err := refusedLogin(t, creator); !strings.Contains(err.Error(), "denied") && !strings.Contains(err.Error(), "locked") {
			t.Errorf("the login of the creator: %v", err)
		}
		run(t, other, "INSERT INTO t VALUES (1)")
		for query, want := range map[string]string{"SELECT i FROM v": "1", "SELECT i FROM log": "1", "SELECT f()": "7", "CALL p()": "1"} {
			if got := value(t, other, query); got != want {
				t.Errorf("%s is %q, want %s", query, got, want)
			}
		}
		if got := value(t, reader, "SELECT i FROM v"); got != "1" {
			t.Errorf("the reader reads %q", got)
		}
		run(t, other, "DROP VIEW v", "CREATE VIEW v AS SELECT 2 AS i") // Now the other one is its definer.

		// The same binding again: its password is new, and what it defined is still its own.
		again := b.bind(t, "creator", nil)
		if again["username"] != creator["username"] || again["password"] == creator["password"] {
			t.Error("the account of the new binding is another one, or its password is the old one")
		}
		refusedLogin(t, creator)
		run(t, login(t, again), "INSERT INTO t VALUES (2)", "DROP TRIGGER tr", "DROP PROCEDURE p", "DROP FUNCTION f")
		b.unbind(t, "creator")
		user := again["username"].(string)
		if slices.ContainsFunc(s.mustDump(t), func(line string) bool { return strings.Contains(line, user) }) {
			t.Error("the account stays, although it defines nothing")
		}
		b.unbind(t, "other")
		b.unbind(t, "reader")
		if !slices.ContainsFunc(s.mustDump(t), func(line string) bool {
			return strings.HasPrefix(line, "account ob") && strings.HasSuffix(line, "% 1 Y")
		}) {
			t.Error("the definer of the view is gone, or not locked")
		}
		b.deprovision(t)
		s.unchanged(t, before)
	})
}

// A binding that reads, with the id of one that defined a trigger, takes no privileges
// from the trigger.
func TestReaderAfterDefiner(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		before := s.mustDump(t)
		b := startBroker(t, s.service())
		run(t, login(t, b.bind(t, "b", nil)), "CREATE TABLE t (i INT)", "CREATE TABLE log (i INT)",
			"CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW INSERT INTO log VALUES (NEW.i)")
		b.unbind(t, "b")
		reader := login(t, b.bind(t, "b", map[string]any{"mode": "ro"}))
		if _, err := reader.ExecContext(t.Context(), "INSERT INTO t VALUES (1)"); err == nil {
			t.Error("the reader can write")
		}
		run(t, login(t, b.bind(t, "other", nil)), "INSERT INTO t VALUES (1)")
		// A limit of ro: a reader can lock rows.
		if got := value(t, reader, "SELECT COUNT(*) FROM log LOCK IN SHARE MODE"); got != "1" {
			t.Errorf("the trigger has written %s rows", got)
		}
		b.deprovision(t)
		s.unchanged(t, before)
	})
}
