package mysql_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The keys, their types, and what older consumers get by profiles.
func TestCredentials(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		b := startBroker(t, s.with("hosts: [\"[::1]:13306\", db2.example.com]\nsslmode: verify-full", "{}", "{credential_profiles: [jdbc, tanzu, sslrootcert]}"))
		plain := b.bind(t, "plain", nil)
		if err := b.Update(t, "i", "small", "large", nil); err != nil {
			t.Fatal(err)
		}
		profiled, err := b.Bind(t, "i", "profiled", "large", nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, credentials := range []map[string]any{plain, profiled} {
			user, password, database := credentials["username"].(string), credentials["password"].(string), credentials["database"].(string)
			want := map[string]any{
				"uri": "mysql://" + user + ":" + password + "@[::1]:13306/" + database, "host": "::1", "hostname": "::1", "port": 13306.0,
				"name": database, "database": database, "username": user, "password": password, "sslmode": "verify-full",
			}
			if i == 1 {
				jdbc := "jdbc:mysql://[::1]:13306,db2.example.com:3306/" + database + "?password=" + password + "&sslMode=VERIFY_IDENTITY&user=" + user
				want["jdbcUrl"], want["jdbc-url"], want["db"], want["user"], want["hosts"] = jdbc, jdbc, database, user, []any{"::1", "db2.example.com"}
			}
			text, err := json.Marshal(credentials)
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the credentials differ (-want +got):\n%s", diff)
			}
			uri, err := url.Parse(credentials["uri"].(string))
			if err != nil || uri.Hostname() != "::1" || uri.Path != "/"+database {
				t.Errorf("the URI is %v, %v", uri, err)
			}
		}
		b.deprovision(t)
	})
}

// Without TLS, Java's driver needs a permission for the first login by
// caching_sha2_password.
func TestJDBCWithoutTLS(t *testing.T) {
	t.Parallel()
	for _, name := range tested() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := map[string]string{"mariadb": "&sslMode=DISABLED&", "mysql": "?allowPublicKeyRetrieval=true&"}[name]
			s := sharedServer(t, name)
			s.inUse.Lock()
			defer s.inUse.Unlock()
			b := startBroker(t, s.with("", "{credential_profiles: [jdbc]}", "{}"))
			if got := b.bind(t, "b", nil)["jdbcUrl"].(string); !strings.Contains(got, want) || strings.Contains(got, "allowPublicKeyRetrieval") != (name == "mysql") {
				t.Errorf("the URL is %s", got)
			}
			b.deprovision(t)
		})
	}
}

// With several hosts, the broker works on one that takes writes, and ends sessions on
// all.
func TestSeveralHosts(t *testing.T) {
	t.Parallel()
	replica, primary := startServer(t, "mariadb", "--read-only=ON"), startServer(t, "mariadb")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	down := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	service := primary.service()
	service.Settings = fmt.Sprintf("url: mysql://broker:%s@127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d\nhosts: [\"127.0.0.1:%d\"]\novercommit: 0", brokerPassword, down, replica.port, primary.port, primary.port)
	before, untouched := primary.mustDump(t), replica.mustDump(t)
	b := startBroker(t, service)
	credentials := b.bind(t, "b", nil)
	run(t, login(t, credentials), "CREATE TABLE t (i INT)")
	replica.unchanged(t, untouched)

	// A replica would have the same account.
	user, password := credentials["username"].(string), credentials["password"].(string)
	replica.exec(t, "CREATE USER '"+user+"'@'%' IDENTIFIED BY '"+password+"'")
	reading, err := replica.connect(user, password)
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Close()
	reading.SetMaxOpenConns(1)
	id := value(t, reading, "SELECT CONNECTION_ID()")
	b.unbind(t, "b")
	if left := value(t, replica.root(t), "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = ?", id); left != "0" {
		t.Error("a session on the replica goes on")
	}
	replica.exec(t, "DROP USER '"+user+"'@'%'")

	// The replica becomes the primary, and the primary goes down.
	b.deprovision(t)
	primary.unchanged(t, before)
	if err := primary.Stop(); err != nil {
		t.Fatal(err)
	}
	replica.exec(t, "SET GLOBAL read_only = OFF")
	waitFor(t, "the instance on the new primary", func() bool { return b.Provision(t, "next", "small", nil) == nil })
	if err := b.Deprovision(t, "next", "small"); err != nil {
		t.Error(err)
	}
	replica.unchanged(t, untouched)
}
