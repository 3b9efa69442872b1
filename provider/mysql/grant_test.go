package mysql_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/provider/mysql"
)

// A grant does not reach a database whose name its own matches as a pattern.
func TestEscapedGrant(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		remove := []string{"DROP DATABASE IF EXISTS `t_a1`", "DROP DATABASE IF EXISTS `tXa1`", "DROP DATABASE IF EXISTS `tYa1`", "DROP USER limited@'%'"}
		s.exec(t, "CREATE DATABASE `t_a1`", "CREATE DATABASE `tXa1`", "CREATE USER limited@'%' IDENTIFIED BY 'limitedPassword'",
			mysql.GrantStatement("limited", "%", "t_a1"))
		defer s.exec(t, remove...)
		db, err := s.connect("limited", "limitedPassword")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		run(t, db, "CREATE TABLE `t_a1`.t (i INT)")
		for _, statement := range []string{"CREATE TABLE `tXa1`.t (i INT)", "CREATE DATABASE `tYa1`", "USE `tXa1`"} {
			if _, err := db.ExecContext(t.Context(), statement); err == nil {
				t.Errorf("the account can %s", statement)
			}
		}
	})
}

// Bindings have the privileges of the documentation, and no others.
func TestPrivilegesOfBindings(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		b := startBroker(t, s.service())
		for mode, want := range map[string]string{
			"rw": "ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE, CREATE TEMPORARY TABLES, CREATE VIEW, DELETE, DROP, EXECUTE, INDEX, INSERT, LOCK TABLES, REFERENCES, SELECT, SHOW VIEW, TRIGGER, UPDATE",
			"ro": "SELECT, SHOW VIEW",
		} {
			credentials := b.bind(t, mode, map[string]any{"mode": mode})
			lines, err := column(t.Context(), login(t, credentials), "SHOW GRANTS")
			if err != nil {
				t.Fatal(err)
			}
			grants := map[string]string{}
			for _, line := range lines {
				privileges, object, mayGrant, _ := mysql.ParseGrant(line)
				if mayGrant {
					t.Errorf("%s: the binding may grant: %s", mode, line)
				}
				slices.Sort(privileges)
				grants[object] = strings.Join(privileges, ", ")
			}
			database := "`" + credentials["database"].(string) + "`.*"
			if len(grants) != 2 || grants["*.*"] != "USAGE" || grants[database] != want {
				t.Errorf("%s: the binding has %q", mode, grants)
			}
		}
		b.deprovision(t)
	})
}

// Nobody gets into a database by what he could do in an earlier one of the same name,
// and a deprovision leaves nothing of accounts that an administrator made.
func TestGrantsOfOthers(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		s.exec(t, "CREATE USER administrator@'%' IDENTIFIED BY 'administratorPassword'")
		defer s.exec(t, "DROP USER administrator@'%'")
		before := s.mustDump(t)
		b := startBroker(t, s.service())
		credentials := b.bind(t, "b", nil)
		run(t, login(t, credentials), "CREATE TABLE t (i INT)", "CREATE PROCEDURE p() SELECT 1", "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1")
		database := "`" + credentials["database"].(string) + "`"
		grants := []string{
			"GRANT ALL ON " + database + ".* TO administrator@'%'", "GRANT SELECT, UPDATE (i) ON " + database + ".t TO administrator@'%'",
			"GRANT EXECUTE ON PROCEDURE " + database + ".p TO administrator@'%'", "GRANT EXECUTE ON FUNCTION " + database + ".f TO administrator@'%'",
		}
		s.exec(t, grants...)
		b.deprovision(t)
		s.unchanged(t, before)

		// Grants that somebody's DROP DATABASE has left.
		s.exec(t, grants[0], "CREATE USER '"+credentials["username"].(string)+"'@'%' IDENTIFIED BY 'oldPassword'",
			"GRANT ALL ON "+database+".* TO '"+credentials["username"].(string)+"'@'%'")
		again := startBroker(t, s.service())
		for user, password := range map[string]string{"administrator": "administratorPassword", credentials["username"].(string): "oldPassword"} {
			db, err := s.connect(user, password)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.ExecContext(t.Context(), "USE "+database); err == nil {
				t.Errorf("%s can use the new database", user)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
		again.deprovision(t)
		s.unchanged(t, before)
	})
}

// An account with the name of a binding's and a more specific host would win at logins.
func TestOtherHosts(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		before := s.mustDump(t)
		b := startBroker(t, s.service())
		user := b.bind(t, "b", nil)["username"].(string)
		b.unbind(t, "b")
		s.exec(t, "CREATE USER '"+user+"'@'127.0.0.1' IDENTIFIED BY 'anotherPassword'", "CREATE USER '"+user+"'@'localhost' IDENTIFIED BY 'anotherPassword'")
		run(t, login(t, b.bind(t, "b", nil)), "CREATE TABLE t (i INT)")
		s.exec(t, "CREATE USER '"+user+"'@'127.0.0.1' IDENTIFIED BY 'anotherPassword'")
		b.unbind(t, "b")
		b.deprovision(t)
		s.unchanged(t, before)
	})
}

// A binding can drop its database, and make it again with another character set: no
// server has a privilege to drop tables without it. That harms nobody else.
func TestDroppedDatabase(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		before := s.mustDump(t)
		b := startBroker(t, s.service())
		credentials := b.bind(t, "b", nil)
		other := login(t, b.bind(t, "other", nil))
		db := login(t, credentials)
		database := "`" + credentials["database"].(string) + "`"
		run(t, db, "DROP DATABASE "+database)
		if _, err := b.Bind(t, "i", "early", "small", nil); err == nil {
			t.Error("a binding of a missing database succeeds")
		}
		run(t, db, "CREATE DATABASE "+database+" CHARACTER SET latin1", "USE "+database, "CREATE TABLE t (i INT)")
		run(t, other, "INSERT INTO "+database+".t VALUES (1)")
		run(t, login(t, b.bind(t, "late", nil)), "INSERT INTO t VALUES (1)")
		run(t, db, "DROP DATABASE "+database)
		b.deprovision(t)
		s.unchanged(t, before)
	})
}
