package main_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
	"github.com/openbroker/openbroker/provider/sqlitefile"
	"github.com/openbroker/openbroker/seal"
)

// replica configures a process that shares a database, a keyset and the directory of
// instances with others.
func replica(t *testing.T, directory, dsn, delay string) []string {
	t.Helper()
	text := fmt.Sprintf(`
store: %q
data: data
auth: {basic: [{username: openbroker, password: shared}]}
encryption: {keyset_file: keyset.json}
policies: {default: {mode: asynchronous}}
provider: {sqlitefile: {directory: instances, create_delay: %s}}
engine: {lease: 1s, poll_interval: 50ms, stop_grace: 500ms}
shutdown: {operation_grace: 500ms}
`, dsn, delay)
	return []string{"--config", write(t, directory, delay+".yaml", text)}
}

// Two replicas on one database see each other's operations. When one is killed, the
// other continues its operation.
func TestReplicas(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	dsn := postgres.Server(t).NewDatabase(t)
	one := serve(t, directory, nil, replica(t, directory, dsn, "1h")...)
	two := serve(t, directory, nil, replica(t, directory, dsn, "0s")...)
	one.password, two.password = "shared", "shared"
	operation := one.expect(http.StatusAccepted, "PUT", instance+"?accepts_incomplete=true", provision(sqlitefile.SmallPlanID)).text("operation")
	if a := two.expect(http.StatusAccepted, "PUT", instance+"?accepts_incomplete=true", provision(sqlitefile.SmallPlanID)); a.text("operation") != operation {
		t.Errorf("the other replica responds with operation %q, not %q", a.text("operation"), operation)
	}
	if state := poll(two, operation).text("state"); state != "in progress" {
		t.Errorf("the other replica reports %q", state)
	}
	one.kill()
	await(t, "the other replica to complete the provision", func() bool { return poll(two, operation).text("state") == "succeeded" })
	two.expect(http.StatusOK, "GET", instance, nil)
	two.stop()

	// Replicas with different keysets could not read each other's records.
	stranger := t.TempDir()
	code, stdout, stderr := command(t, stranger, nil, append([]string{"serve", "--listen", "127.0.0.1:0"}, replica(t, stranger, dsn, "0s")...)...)
	if code != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "keyset.json does not exist: restore it") {
		t.Errorf("without the keyset: exit code %d, standard output %q, standard error\n%s", code, stdout, stderr)
	}
	if _, err := seal.Create(filepath.Join(stranger, "keyset.json")); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr = command(t, stranger, nil, append([]string{"serve", "--listen", "127.0.0.1:0"}, replica(t, stranger, dsn, "0s")...)...)
	if code != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "all replicas need the keyset of the store") {
		t.Errorf("with another keyset: exit code %d, standard output %q, standard error\n%s", code, stdout, stderr)
	}
}

// While the store is down, the process stays and is not ready. When the store is up
// again, the process is ready.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	database := pgtest.Start(t)
	p := serve(t, directory, nil, replica(t, directory, database.NewDatabase(t), "0s")...)
	p.password = "shared"
	p.expect(http.StatusOK, "GET", "/readyz", nil)
	if err := database.Kill(); err != nil {
		t.Fatal(err)
	}
	await(t, "/readyz to respond with 503", func() bool {
		a := p.request("GET", "/readyz", nil)
		return a.status == http.StatusServiceUnavailable && a.body["checks"] != nil
	})
	p.expect(http.StatusOK, "GET", "/healthz", nil)
	p.expect(http.StatusServiceUnavailable, "PUT", instance+"?accepts_incomplete=true", provision(sqlitefile.SmallPlanID))
	if err := database.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "/readyz to respond with 200", func() bool { return p.request("GET", "/readyz", nil).status == http.StatusOK })
	p.expect(http.StatusAccepted, "PUT", instance+"?accepts_incomplete=true", provision(sqlitefile.SmallPlanID))
	if err := database.Stop(); err != nil {
		t.Fatal(err)
	}
	p.stop()
	if strings.Contains(p.stderr.String(), "shared") {
		t.Error("the log has the password")
	}
}

func TestHTTPS(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	roots := certificate(t, directory)
	p := serve(t, directory, []string{"OPENBROKER_PASSWORD=p"}, "--config",
		write(t, directory, "openbroker.yaml", "tls: {cert: tls.crt, key: tls.key}\n"))
	p.password = "p"
	if !strings.HasPrefix(p.url, "https://127.0.0.1:") {
		t.Errorf("the URL is %q", p.url)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	if a, err := p.try(client, "GET", "/v2/catalog", nil); err != nil || a.status != http.StatusOK {
		t.Errorf("%+v, %v", a, err)
	}
	client.CloseIdleConnections()
	p.stop()
}

// certificate creates a self-signed certificate for 127.0.0.1.
func certificate(t *testing.T, directory string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, directory, "tls.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})))
	write(t, directory, "tls.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return roots
}
