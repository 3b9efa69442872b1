package postgres_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/transport"
	"github.com/openbroker/openbroker/provider/postgres"
)

// newProvider calls New with the defaults of settings, and returns its log.
func newProvider(t *testing.T, settings postgres.Settings) (*postgres.Provider, string, error) {
	t.Helper()
	settings.Connections = max(settings.Connections, 10)
	if settings.Template == "" {
		settings.Template = "template0"
	}
	var log bytes.Buffer
	p, err := postgres.New(t.Context(), settings, slog.New(slog.NewTextHandler(&log, nil)))
	if err == nil {
		t.Cleanup(func() { _ = p.Close() })
	}
	return p, log.String(), err
}

// A start names each privilege that is missing, and the statement that grants it.
func TestMissingPrivileges(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	for name, test := range map[string]struct {
		attributes, template string
		problems             []string
	}{
		"no databases": {"CREATEROLE", "", []string{"may not create databases: ALTER ROLE %s CREATEDB"}},
		"no roles":     {"CREATEDB", "", []string{"may not create roles: ALTER ROLE %s CREATEROLE"}},
		"nothing": {"NOINHERIT", "", []string{
			"may not create databases: ALTER ROLE %s CREATEDB", "may not create roles: ALTER ROLE %s CREATEROLE",
			"may not use the privileges of the roles that it has: ALTER ROLE %s INHERIT",
		}},
		"no template":    {"CREATEDB CREATEROLE", "gone", []string{"the template database gone does not exist"}},
		"other template": {"CREATEDB CREATEROLE", "postgres", []string{`may not copy the database postgres: ALTER DATABASE "postgres" IS_TEMPLATE true`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			account := "lacks_" + strings.ReplaceAll(name, " ", "_")
			server.exec(t, "postgres", "CREATE ROLE "+account+" LOGIN "+test.attributes+" PASSWORD '"+accountPassword+"'")
			_, _, err := newProvider(t, postgres.Settings{URL: provider.URL(server.url(account, accountPassword, "postgres")), Template: test.template})
			if err == nil {
				t.Fatal("the broker starts")
			}
			for _, problem := range test.problems {
				if want := strings.ReplaceAll(problem, "%s", `"`+account+`"`); !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, err)
				}
			}
			if got := strings.Count(err.Error(), ";") + 1; got != len(test.problems) {
				t.Errorf("the error has %d problems, want %d: %v", got, len(test.problems), err)
			}
		})
	}
}

// A wrong password ends the start. The error and the log do not have it.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	for _, settings := range []postgres.Settings{
		{URL: provider.URL(server.url(plainAccount, "WrongSecret99", "postgres"))},
		{URL: provider.URL(server.url(plainAccount, accountPassword, "postgres")), Password: "WrongSecret99"},
	} {
		_, log, err := newProvider(t, settings)
		if code(err) != "28P01" || strings.Contains(err.Error()+log, "WrongSecret99") {
			t.Errorf("the error is %v, the log %s", err, log)
		}
	}
}

// A server that is away does not end the start. When it is back, it is checked.
func TestStartWithoutServer(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	settings := postgres.Settings{URL: provider.URL(server.url(plainAccount, accountPassword, "postgres"))}
	p, log, err := newProvider(t, settings)
	if err != nil || !strings.Contains(log, "the PostgreSQL server is away") {
		t.Fatalf("the start: %v, the log %s", err, log)
	}
	if err := p.CheckHealth(t.Context()); err == nil {
		t.Error("the provider is healthy without a server")
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.CheckHealth(t.Context()); err != nil {
		t.Errorf("the health: %v", err)
	}
	if left := server.query(t, "postgres", "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'openbroker_probe_%'"); left != "0" {
		t.Errorf("%s roles of probes are left", left)
	}
}

// A server that trusts its clients is used, with a warning. A killed broker's probe is
// cleaned up after it.
func TestTrust(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	if err := server.Exec(t.Context(), "CREATE ROLE openbroker_probe_old LOGIN VALID UNTIL '2001-01-01'; CREATE ROLE openbroker_probe_old_owner"); err != nil {
		t.Fatal(err)
	}
	_, log, err := newProvider(t, postgres.Settings{URL: provider.URL(server.DSN())})
	if err != nil || !strings.Contains(log, "accepts any password") {
		t.Errorf("the start: %v, the log %s", err, log)
	}
	conn := connect(t, server.DSN())
	if left := query(t, conn, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'openbroker_probe_%'"); left != "0" {
		t.Errorf("%s roles of probes are left", left)
	}
}

// Servers whose sessions do not keep the role of ALTER ROLE ... SET role are refused by
// their number where the broker cannot log in as an application. `make postgres-versions`
// shows the same by a login, on such servers.
func TestRefusedVersions(t *testing.T) {
	t.Parallel()
	for text, refused := range map[string]bool{
		"14.11": true, "14.14": true, "14.15": false, "14.23 (Debian 14.23-1)": false, "15.9": true, "15.10": false, "15.20 (Debian 15.20-0+deb12u1)": false,
		"16.4": true, "16.5": true, "16.6": false, "17.1": true, "17.2": false, "18.0": false, "18beta1": false, "19devel": false,
	} {
		if problem := postgres.Refusal(text); (problem != "") != refused || refused && !strings.Contains(problem, "PostgreSQL "+text[:2]+".") {
			t.Errorf("%s: %q", text, problem)
		}
	}
	if problem := postgres.Refusal("CockroachDB"); !strings.Contains(problem, "is it PostgreSQL?") {
		t.Errorf("another server: %q", problem)
	}
}

// The server under test, which can be one that must be refused: then the error names
// version, fault and remedy.
func TestThisServer(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	version := server.query(t, "postgres", "SELECT split_part(current_setting('server_version'), ' ', 1)")
	_, _, err := newProvider(t, postgres.Settings{URL: provider.URL(server.url(plainAccount, accountPassword, "postgres"))})
	if postgres.Refusal(version) == "" {
		if err != nil {
			t.Error(err)
		}
		return
	}
	if err == nil || !strings.Contains(err.Error(), "postgres: PostgreSQL "+version+" ") || !strings.Contains(err.Error(), "ALTER ROLE ... SET role") || !strings.Contains(err.Error(), "upgrade it to") {
		t.Errorf("PostgreSQL %s: %v", version, err)
	}
	t.Log(err)
}

// certify makes an authority and a certificate for 127.0.0.1.
func certify(t *testing.T) (authority, certificate, key []byte) {
	t.Helper()
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	issuer := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority"}, NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "db"}, NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	encode := func(template *x509.Certificate) []byte {
		der, err := x509.CreateCertificate(rand.Reader, template, issuer, signer.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	private, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		t.Fatal(err)
	}
	return encode(issuer), encode(leaf), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
}

// TLS verifies the server by default, also against the operator's own authority.
func TestTLS(t *testing.T) {
	t.Parallel()
	authority, certificate, key := certify(t)
	other, _, _ := certify(t)
	directory := t.TempDir()
	for name, content := range map[string][]byte{"ca.pem": authority, "other.pem": other} {
		if err := os.WriteFile(filepath.Join(directory, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server := pgtest.Start(t, pgtest.WithTemplate(&template), pgtest.WithPassword(accountPassword), pgtest.WithTLS(certificate, key))
	base, _, _ := strings.Cut(server.DSN(), "?")
	ca := provider.Path(filepath.Join(directory, "ca.pem"))
	for name, test := range map[string]struct {
		settings postgres.Settings
		problem  string
	}{
		"default":         {postgres.Settings{URL: provider.URL(base)}, "certificate signed by unknown authority"},
		"own authority":   {postgres.Settings{URL: provider.URL(base), TLS: transport.TLS{CA: ca}}, ""},
		"in the URL":      {postgres.Settings{URL: provider.URL(base + "?sslmode=verify-ca&sslrootcert=" + string(ca))}, ""},
		"other authority": {postgres.Settings{URL: provider.URL(base), TLS: transport.TLS{CA: provider.Path(filepath.Join(directory, "other.pem"))}}, "certificate signed by unknown authority"},
		"other name":      {postgres.Settings{URL: provider.URL(base), TLS: transport.TLS{CA: ca, ServerName: "db.example.com"}}, "match db.example.com"},
		"unverified":      {postgres.Settings{URL: provider.URL(base + "?sslmode=require")}, ""},
		"missing file":    {postgres.Settings{URL: provider.URL(base), TLS: transport.TLS{CA: "/missing/ca.pem"}}, "/missing/ca.pem"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _, err := newProvider(t, test.settings)
			if test.problem != "" {
				if err == nil || !strings.Contains(err.Error(), test.problem) || strings.Contains(err.Error(), accountPassword) {
					t.Errorf("the error is %v, want %q", err, test.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := p.CheckHealth(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	plain := startServer(t)
	base, _, _ = strings.Cut(plain.DSN(), "?")
	if _, _, err := newProvider(t, postgres.Settings{URL: provider.URL(base)}); err == nil || !strings.Contains(err.Error(), "refused TLS") {
		t.Errorf("a server without TLS: %v", err)
	}
	credentials, err := postgres.Credentials(postgres.Settings{URL: provider.URL(base), TLS: transport.TLS{CA: ca}})
	if err != nil || credentials["certificates"] != string(authority) || credentials["sslmode"] != "verify-full" || strings.Contains(fmt.Sprint(credentials["uri"]), "rootcert") {
		t.Errorf("the credentials are %v, %v", credentials, err)
	}
}
