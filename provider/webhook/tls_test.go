package webhook_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// An authority issues certificates for 127.0.0.1.
type authority struct {
	t           *testing.T
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: rand.Text()}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.certificate, a.key = a.create(template)
	return a
}

func (a *authority) create(template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	parent, signer := a.certificate, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return certificate, key
}

// issue writes a certificate with a name and its key to files.
func (a *authority) issue(directory, name string) (certificate, key string) {
	a.t.Helper()
	made, private := a.create(&x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		a.t.Fatal(err)
	}
	certificate, key = filepath.Join(directory, "client.pem"), filepath.Join(directory, "client.key")
	a.write(certificate, "CERTIFICATE", made.Raw)
	a.write(key, "PRIVATE KEY", der)
	return certificate, key
}

func (a *authority) write(path, kind string, der []byte) {
	a.t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// file writes the certificate of the authority to a file.
func (a *authority) file(directory string) string {
	a.t.Helper()
	path := filepath.Join(directory, "ca.pem")
	a.write(path, "CERTIFICATE", a.certificate.Raw)
	return path
}

// Both sides verify each other. Certificates that change on disk are used by the next
// request.
func TestMutualTLS(t *testing.T) {
	t.Parallel()
	servers, clients := newAuthority(t), newAuthority(t)
	certificate, key := servers.issue(t.TempDir(), "receiver")
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var names []string
	r := &receiver{t: t}
	r.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		mu.Lock()
		names = append(names, request.TLS.PeerCertificates[0].Subject.CommonName)
		mu.Unlock()
		r.ServeHTTP(w, request)
	}))
	roots := x509.NewCertPool()
	roots.AddCert(clients.certificate)
	r.server.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert}
	r.server.StartTLS()
	t.Cleanup(r.server.Close)

	directory := t.TempDir()
	clientCertificate, clientKey := clients.issue(directory, "first")
	w := open(t, r.server.URL, "tls: {ca: "+servers.file(directory)+", certificate: "+clientCertificate+", key: "+clientKey+"}\npolicy: {mode: asynchronous, attempts: 100, backoff_min: 1ms, backoff_max: 5ms}")
	w.succeeds(instance, w.provision())
	clients.issue(directory, "second")
	w.succeeds(instance, w.deprovision())
	if got := strings.Join(names, " "); got != "first second" {
		t.Errorf("the receiver saw %s", got)
	}
	if check := w.provider.HealthChecks()[0].Run(t.Context()); check != nil {
		t.Error(check)
	}

	// What cannot be verified gets nothing, and is tried again.
	newAuthority(t).file(directory)
	operation := w.provision()
	w.awaitLog("certificate signed by unknown authority")
	if check := w.provider.HealthChecks()[0].Run(t.Context()); check == nil || !strings.Contains(check.Error(), "unknown authority") {
		t.Errorf("the health: %v", check)
	}
	if err := os.Remove(clientCertificate); err != nil {
		t.Fatal(err)
	}
	w.awaitLog("client.pem: no such file or directory")
	servers.file(directory)
	clients.issue(directory, "third")
	w.succeeds(instance, operation)
	newAuthority(t).issue(directory, "stranger")
	operation = w.deprovision()
	w.awaitLog("remote error: tls")
	clients.issue(directory, "fourth")
	w.succeeds(instance, operation)
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(names, " "); got != "first second third fourth" {
		t.Errorf("the receiver saw %s", got)
	}
}
