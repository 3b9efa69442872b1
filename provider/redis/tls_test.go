package redis_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/internal/testserver"
	"github.com/openbroker/openbroker/provider/internal/servicetest"
)

// makeCertificate returns a certificate that is its own authority, and its key, in PEM.
func makeCertificate(t *testing.T, host string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}))
}

// withTLS makes the server speak TLS at another port, with the certificate for a host.
func withTLS(port *int, certificate, key string) option {
	return func(t *testing.T, s *testServer) {
		t.Helper()
		var err error
		if *port, err = testserver.FreePort(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.lines = append(s.lines, "tls-port "+itoa(*port), "tls-cert-file "+s.file(t, "server.pem", certificate),
			"tls-key-file "+s.file(t, "server.key", key), "tls-ca-cert-file "+s.file(t, "ca.pem", certificate), "tls-auth-clients no")
	}
}

// With rediss://, the broker and the applications use TLS, and verify the server.
func TestTLS(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		certificate, key := makeCertificate(t, "127.0.0.1")
		var port int
		server := newServer(t, program, withTLS(&port, certificate, key), withACLFile, durably)
		ca := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(ca, []byte(certificate), 0o600); err != nil {
			t.Fatal(err)
		}
		url := "rediss://:" + adminPassword + "@127.0.0.1:" + itoa(port)
		s := server.service()
		s.Settings = "url: " + url + "\ncheck_interval: 100ms\ntls: {ca: " + ca + "}"
		s.Open = func(ctx context.Context, c openbroker.Credentials) (servicetest.Session, error) {
			return loginTLS(ctx, c, port)
		}
		s.LifeCycle(t)
		s.Leaks(t, adminPassword)

		// What cannot be verified is refused: the operation waits, and says why.
		for name, settings := range map[string]string{
			"unknown authority": "", "wrong host": "tls: {ca: " + ca + ", server_name: other.test}",
		} {
			if log, err := startLogged(t, "url: "+url+"\n"+settings); err == nil || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("%s: %v\n%s", name, err, log)
			}
		}
		for name, settings := range map[string]string{"the authority only": "tls: {mode: verify-ca, ca: " + ca + ", server_name: other.test}", "nothing verified": "tls: {mode: require}"} {
			if err := startProvider(t, "url: "+url+"\n"+settings); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// loginTLS logs in with the credentials alone, and checks what they say about TLS.
func loginTLS(ctx context.Context, c openbroker.Credentials, port int) (*session, error) {
	uri, _ := c["uri"].(string)
	pem, _ := c["certificates"].(string)
	if !strings.HasPrefix(uri, "rediss://") || c["ssl"] != true || number(c["tls_port"]) != port || number(c["port"]) != port {
		return nil, errors.New("the credentials do not say that the server speaks TLS")
	}
	options, err := goredis.ParseURL(uri)
	if err != nil {
		return nil, err
	}
	options.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: "127.0.0.1", RootCAs: x509.NewCertPool()}
	if !options.TLSConfig.RootCAs.AppendCertsFromPEM([]byte(pem)) {
		return nil, errors.New("the credentials have no certificates of the authority")
	}
	options.MaxRetries = -1
	prefix, _ := c["key-prefix"].(string)
	s := &session{client: goredis.NewClient(options), prefix: prefix}
	if err := s.client.Ping(ctx).Err(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}
