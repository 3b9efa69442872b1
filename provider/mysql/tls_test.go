package mysql_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	sqldriver "github.com/go-sql-driver/mysql"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/transport"
)

// withoutTLS are options for a server without TLS.
var withoutTLS = map[string][]string{"mariadb": {"--skip-ssl"}, "mysql": {"--tls-version="}}

// Bindings of a plan that requires TLS cannot log in without it; their credentials say
// so. A plan change applies to those that exist.
func TestRequireTLS(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		b := startBroker(t, s.with("", "{require_tls: true}", "{}"))
		credentials := b.bind(t, "b", nil)
		if credentials["sslmode"] != "require" {
			t.Errorf("the credentials have the sslmode %v", credentials["sslmode"])
		}
		db := login(t, credentials)
		if got := value(t, db, "SELECT VARIABLE_VALUE FROM "+s.statusTable()+" WHERE VARIABLE_NAME = 'Ssl_cipher'"); got == "" {
			t.Error("the connection is in clear")
		}
		inClear := openbroker.Credentials{}
		for key, value := range credentials {
			inClear[key] = value
		}
		inClear["sslmode"] = "disable"
		refusedLogin(t, inClear)
		if err := b.Update(t, "i", "small", "large", nil); err != nil {
			t.Fatal(err)
		}
		run(t, login(t, inClear), "CREATE TABLE t (i INT)")
		b.deprovision(t)
	})
}

// statusTable is where a session finds its own state.
func (s *server) statusTable() string {
	if s.kind.name == "mariadb" {
		return "information_schema.SESSION_STATUS"
	}
	return "performance_schema.session_status"
}

// A plan that requires TLS is refused if the server has none.
func TestRequireTLSWithoutTLS(t *testing.T) {
	t.Parallel()
	for _, name := range tested() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, name, withoutTLS[name]...)
			b := startBroker(t, s.with("", "{}", "{require_tls: true}"))
			const want = "The plan requires TLS, and the server has none"
			if err := b.Provision(t, "other", "large", nil); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("provision: %v", err)
			}
			if err := b.Update(t, "i", "small", "large", nil); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("update: %v", err)
			}
			run(t, login(t, b.bind(t, "b", nil)), "CREATE TABLE t (i INT)")
		})
	}
}

// The broker verifies the certificate of the server, and applications get the authority.
func TestVerification(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		settings := s.settings()
		settings.TLS = transport.TLS{Mode: "verify-full"}
		if _, _, err := start(t, settings); err == nil || !strings.Contains(err.Error(), "unknown authority") {
			t.Errorf("with an unknown authority: %v", err)
		}
		ca := s.copyCA(t)
		settings.TLS = transport.TLS{CA: provider.Path(ca), ServerName: "other.example.com"}
		if _, _, err := start(t, settings); err == nil || !strings.Contains(err.Error(), "not other.example.com") {
			t.Errorf("with the name of another host: %v", err)
		}
		b := startBroker(t, s.with(fmt.Sprintf("tls: {ca: %s}", ca), "{credential_profiles: [jdbc, tanzu, sslrootcert]}", "{}"))
		credentials := b.bind(t, "b", nil)
		authority, ok := credentials["certificates"].(string)
		roots := x509.NewCertPool()
		if credentials["sslmode"] != "verify-full" || !ok || !roots.AppendCertsFromPEM([]byte(authority)) {
			t.Fatalf("the credentials have the sslmode %v and the certificates %q", credentials["sslmode"], authority)
		}
		config := sqldriver.NewConfig()
		config.Net, config.Addr = "tcp", net.JoinHostPort("127.0.0.1", fmt.Sprint(credentials["port"]))
		config.User, config.Passwd, config.DBName = credentials["username"].(string), credentials["password"].(string), credentials["database"].(string)
		config.TLS = &tls.Config{RootCAs: roots, ServerName: credentials["host"].(string)}
		connector, err := sqldriver.NewConnector(config)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := connector.Connect(t.Context())
		if err != nil {
			t.Fatalf("an application that verifies: %v", err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		b.deprovision(t)
	})
}

// copyCA returns a copy of the authority that the test may read.
func (s *server) copyCA(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(s.file("ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir() + "/ca.pem"
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The first login after a restart of the server works in clear, by the server's key, and
// with TLS: caching_sha2_password has nothing in its cache then.
func TestFirstLogin(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		b := startBroker(t, s.service())
		for i, mode := range []string{"disable", "require"} {
			credentials := b.bind(t, fmt.Sprint(i), nil)
			credentials["sslmode"] = mode
			if err := s.Stop(); err != nil {
				t.Fatal(err)
			}
			if err := s.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			run(t, login(t, credentials), "SELECT 1")
		}
		b.deprovision(t)
	})
}
