package mysql_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/mysql"
	"github.com/openbroker/openbroker/server/config"
)

// The error of a start has the statements that give the broker's account what it lacks.
// Together they give it what the documentation does.
func TestMissingPrivileges(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		s.exec(t, "CREATE USER lacking@'%' IDENTIFIED BY 'lackingPassword'")
		defer s.exec(t, "DROP USER lacking@'%'")
		settings := s.settings()
		settings.URL = provider.URL(s.url("lacking", "lackingPassword"))
		_, _, err := start(t, settings)
		if err == nil {
			t.Fatal("the provider starts without privileges")
		}
		if strings.Contains(err.Error(), "lackingPassword") {
			t.Error("the error has the password")
		}
		statements := regexp.MustCompile("GRANT [^\n]*").FindAllString(err.Error(), -1)
		if want := 4 + 4; len(statements) != want {
			t.Errorf("the error has %d statements, want %d:\n%v", len(statements), want, err)
		}
		for i, statement := range statements {
			s.exec(t, statement)
			if _, _, err := start(t, settings); (err == nil) != (i == len(statements)-1) {
				t.Fatalf("after %q: %v", statements[:i+1], err)
			}
		}
		grants := func(user string) (found []string) {
			lines, err := column(t.Context(), s.root(t), "SHOW GRANTS FOR "+user+"@'%'")
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range lines {
				privileges, object, _, _ := mysql.ParseGrant(line)
				for i, privilege := range privileges {
					words := strings.FieldsFunc(privilege, func(r rune) bool { return strings.ContainsRune(" (),`", r) })
					slices.Sort(words)
					privileges[i] = strings.Join(words, " ")
				}
				slices.Sort(privileges)
				found = append(found, object+" "+strings.Join(privileges, ","))
			}
			slices.Sort(found)
			return found
		}
		if own, documented := grants("lacking"), grants("broker"); !slices.Equal(own, documented) {
			t.Errorf("the statements of errors give\n%q\nand those of the documentation\n%q", own, documented)
		}
	})
}

// The broker's account can be that of an administrator, or have its privileges by a role.
func TestOtherAccounts(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		before := s.mustDump(t)
		service := s.service()
		service.Settings = "url: " + s.url("root", rootPassword) + "\novercommit: 0"
		service.LifeCycle(t)
		b := startBroker(t, service)
		run(t, login(t, b.bind(t, "creator", nil)), "CREATE TABLE t (i INT)", "CREATE VIEW v AS SELECT i FROM t")
		other := login(t, b.bind(t, "other", nil))
		b.unbind(t, "creator")
		run(t, other, "SELECT * FROM v")
		b.deprovision(t)
		s.unchanged(t, before)

		host := "@'%'"
		if s.kind.name == "mariadb" {
			host = ""
		}
		s.exec(t, "CREATE ROLE 'privileged'", "CREATE USER assigned@'%' IDENTIFIED BY 'assignedPassword'")
		defer s.exec(t, "DROP USER assigned@'%'", "DROP ROLE 'privileged'")
		for _, statement := range documentedStatements(t, s.kind.name)[1:] {
			s.exec(t, strings.Replace(statement, "broker@'%'", "'privileged'"+host, 1))
		}
		s.exec(t, "GRANT 'privileged' TO assigned@'%'")
		if s.kind.name == "mariadb" {
			s.exec(t, "SET DEFAULT ROLE 'privileged' FOR assigned@'%'")
		} else {
			s.exec(t, "SET DEFAULT ROLE 'privileged' TO assigned@'%'")
		}
		settings := s.settings()
		settings.URL = provider.URL(s.url("assigned", "assignedPassword"))
		if _, _, err := start(t, settings); err != nil {
			t.Errorf("with a role: %v", err)
		}
	})
}

// Anonymous accounts and grants to everybody are refused if they spoil bindings, and
// logged if they only open databases that are no instances.
func TestOpenServer(t *testing.T) {
	t.Parallel()
	s, err := newServer(t.Context(), "mariadb", true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.createBroker(t)
	settings := s.settings()
	settings.URL = provider.URL(s.url("root", rootPassword))
	_, _, err = start(t, settings)
	if err == nil || !strings.Contains(err.Error(), "DROP USER ''@'localhost'") {
		t.Fatalf("with anonymous accounts: %v", err)
	}
	for _, statement := range regexp.MustCompile("DROP USER [^\n]*").FindAllString(err.Error(), -1) {
		s.exec(t, statement)
	}
	_, log, err := start(t, s.settings())
	if err != nil || strings.Count(log.String(), "all accounts have privileges on a database") != 2 || !strings.Contains(log.String(), `database=test`) {
		t.Errorf("with grants of the installation: %v\n%s", err, log)
	}
	for pattern, refused := range map[string]bool{"ob%": true, "%": true, "o%": true, "obscure": false} {
		s.exec(t, "GRANT SELECT ON `"+pattern+"`.* TO PUBLIC")
		_, _, err := start(t, s.settings())
		if (err != nil) != refused || err != nil && !strings.Contains(err.Error(), "everybody has privileges on the databases") {
			t.Errorf("with a grant to everybody on %s: %v", pattern, err)
		}
		s.exec(t, "REVOKE SELECT ON `"+pattern+"`.* FROM PUBLIC")
	}
}

// A binary log keeps applications from making triggers; a start says so.
func TestBinaryLog(t *testing.T) {
	t.Parallel()
	for _, name := range tested() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := map[string][]string{"mariadb": {"--log-bin=binlog"}, "mysql": {"--log-bin-trust-function-creators=OFF"}}[name]
			s := startServer(t, name, options...)
			const warning = "applications cannot create triggers and functions: set log_bin_trust_function_creators to ON"
			if _, log, err := start(t, s.settings()); err != nil || !strings.Contains(log.String(), warning) {
				t.Errorf("%v\n%s", err, log)
			}
			b := startBroker(t, s.service())
			db := login(t, b.bind(t, "b", nil))
			run(t, db, "CREATE TABLE t (i INT)")
			const trigger = "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.i = 1"
			if _, err := db.ExecContext(t.Context(), trigger); err == nil || !strings.Contains(err.Error(), "1419") {
				t.Errorf("a trigger: %v", err)
			}
			s.exec(t, "SET GLOBAL log_bin_trust_function_creators = ON")
			run(t, db, trigger)
			if _, log, err := start(t, s.settings()); err != nil || strings.Contains(log.String(), warning) {
				t.Errorf("%v\n%s", err, log)
			}
		})
	}
}

// The plugin by which bindings log in must be one that the server has.
func TestAuthentication(t *testing.T) {
	t.Parallel()
	for _, name := range tested() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plugin := map[string]string{"mariadb": "caching_sha2_password", "mysql": "mysql_native_password"}[name]
			s := sharedServer(t, name)
			settings := s.settings()
			settings.Authentication = plugin
			if _, _, err := start(t, settings); err == nil || !strings.Contains(err.Error(), "the plugin "+plugin+", by which bindings log in, is not active") {
				t.Errorf("%v", err)
			}
		})
	}
}

// A MariaDB that wants to check passwords refuses hashes.
func TestPasswordValidation(t *testing.T) {
	t.Parallel()
	s := startServer(t, "mariadb", "--plugin-load-add=simple_password_check", "--simple-password-check=ON", "--simple-password-check-other-characters=0", "--simple-password-check-digits=0")
	_, _, err := start(t, s.settings())
	if err == nil || !strings.Contains(err.Error(), "SET GLOBAL strict_password_validation = OFF") {
		t.Fatalf("%v", err)
	}
	s.exec(t, "SET GLOBAL strict_password_validation = OFF")
	b := startBroker(t, s.service())
	run(t, login(t, b.bind(t, "b", nil)), "CREATE TABLE t (i INT)")
}

// A server that is away when the broker starts is used when it is back. A wrong password
// stops the start.
func TestAwayAtStart(t *testing.T) {
	t.Parallel()
	s := startServer(t, "mariadb")
	settings := s.settings()
	settings.Password = "wrongPassword"
	if _, _, err := start(t, settings); err == nil || !strings.Contains(err.Error(), "Access denied") || strings.Contains(err.Error(), "wrongPassword") {
		t.Errorf("with a wrong password: %v", err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	d, log, err := start(t, s.settings())
	if err != nil || !strings.Contains(log.String(), "the server cannot be reached") {
		t.Fatalf("%v\n%s", err, log)
	}
	health := d.HealthChecks()[0].Run
	if health(t.Context()) == nil {
		t.Error("the provider is healthy without its server")
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := health(t.Context()); err != nil {
		t.Errorf("the server is back: %v", err)
	}
	// An account that loses a privilege is found when the server was away.
	s.exec(t, "REVOKE PROCESS ON *.* FROM broker@'%'")
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if health(t.Context()) == nil {
		t.Error("the provider is healthy without its server")
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := health(t.Context()); err == nil || !strings.Contains(err.Error(), "GRANT PROCESS ON *.* TO 'broker'@'%'") {
		t.Errorf("without a privilege: %v", err)
	}
}

// The configuration of the example is valid, and so is the one line that others rely on.
func TestExample(t *testing.T) {
	t.Setenv("MYSQL_PASSWORD", "passwordOfExample")
	set, err := provider.NewSet(mysql.Definition)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load("../../examples/services/mysql/openbroker.yaml", set)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := settings.ReadCatalog(); err != nil {
		t.Error(err)
	}
	if _, err := config.Parse("openbroker.yaml", []byte(`provider: {mysql: {url: "mysql://root@127.0.0.1:3306"}}`), nil, set); err != nil {
		t.Error(err)
	}
}
