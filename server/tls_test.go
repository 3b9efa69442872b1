package server_test

import (
	"context"
	"crypto/tls"
	"maps"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/server"
)

const (
	loaded   = "TLS files loaded"
	unusable = "the TLS files are unusable: the last good ones stay in use"
)

// pairFiles returns the files of a new server certificate with the given name.
func pairFiles(t *testing.T, a *authority, name string) map[string][]byte {
	t.Helper()
	certPEM, keyPEM := a.issue(t, name, time.Now().Add(time.Hour))
	return map[string][]byte{"tls.crt": certPEM, "tls.key": keyPEM}
}

// startTLS starts a server with the files of a secret and a short reload interval.
func startTLS(t *testing.T, s *secret, config server.TLS) *running {
	t.Helper()
	config.CertFile, config.KeyFile = s.path("tls.crt"), s.path("tls.key")
	config.ReloadInterval = 2 * time.Millisecond
	return start(t, newBroker("one"), server.Config{TLS: &config})
}

func clientTLS(config *tls.Config) *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: config, ForceAttemptHTTP2: true, DisableKeepAlives: true,
	}}
}

// presented returns the name in the certificate that a new connection receives.
func (r *running) presented(t *testing.T, client *http.Client) string {
	t.Helper()
	a := send(t.Context(), client, "GET", r.url+"/v2/catalog", "")
	if a.err != nil {
		t.Fatal(a.err)
	}
	return a.TLS.PeerCertificates[0].Subject.CommonName
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	s := startTLS(t, newSecret(t, pairFiles(t, ca, "first")), server.TLS{})
	if !strings.HasPrefix(s.url, "https://") {
		t.Errorf("URL %s", s.url)
	}
	a := send(t.Context(), clientTLS(&tls.Config{RootCAs: ca.pool()}), "GET", s.url+"/v2/catalog", "")
	if a.err != nil || a.StatusCode != http.StatusOK || a.ProtoMajor != 2 || a.TLS.Version != tls.VersionTLS13 {
		t.Errorf("HTTP/2: %+v", a)
	}
	plain := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.pool(), MaxVersion: tls.VersionTLS12}}}
	a = send(t.Context(), plain, "GET", s.url+"/healthz", "")
	if a.err != nil || a.StatusCode != http.StatusOK || a.ProtoMajor != 1 {
		t.Errorf("HTTP/1.1 over TLS 1.2: %+v", a)
	}
	old := clientTLS(&tls.Config{RootCAs: ca.pool(), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if a = send(t.Context(), old, "GET", s.url+"/healthz", ""); a.err == nil {
		t.Error("TLS 1.1 is accepted")
	}
	if record := s.log.await(t, "connection trouble", 1); record["level"] != "WARN" || !strings.Contains(record["error"].(string), "TLS handshake error") {
		t.Errorf("logged %v", record)
	}
}

// Load balancers open connections only to probe the port.
func TestTLSHandshakeAborted(t *testing.T) {
	t.Parallel()
	s := startTLS(t, newSecret(t, pairFiles(t, newAuthority(t), "first")), server.TLS{})
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	connection.Close()
	if record := s.log.await(t, "connection trouble", 1); record["level"] != "DEBUG" {
		t.Errorf("logged %v", record)
	}
}

func TestTLSReload(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	secret := newSecret(t, pairFiles(t, ca, "first"))
	s := startTLS(t, secret, server.TLS{})
	client := clientTLS(&tls.Config{RootCAs: ca.pool(), ClientSessionCache: tls.NewLRUClientSessionCache(1)})
	if name := s.presented(t, client); name != "first" {
		t.Fatalf("the certificate is %q", name)
	}
	secret.swap(t, pairFiles(t, ca, "second"))
	s.log.await(t, loaded, 2)
	fresh := clientTLS(&tls.Config{RootCAs: ca.pool()})
	if name := s.presented(t, fresh); name != "second" {
		t.Fatalf("after the swap the certificate is %q", name)
	}
	if a := send(t.Context(), client, "GET", s.url+"/healthz", ""); a.err != nil {
		t.Errorf("a client that resumes its session: %v", a.err)
	}

	broken := pairFiles(t, ca, "third")
	broken["tls.key"] = []byte("no key")
	secret.swap(t, broken)
	// The server may read the files during the swap and log another error first.
	noPEM := "Config.TLS.KeyFile " + secret.path("tls.key") + " has no private key in PEM"
	if record := s.log.awaitError(t, unusable, noPEM); record["level"] != "ERROR" {
		t.Errorf("logged %v", record)
	}
	for range 3 {
		if name := s.presented(t, fresh); name != "second" {
			t.Fatalf("with a broken pair the certificate is %q", name)
		}
	}
	if err := os.Remove(secret.path("..data")); err != nil {
		t.Fatal(err)
	}
	const unreadable = "Config.TLS.CertFile cannot be read"
	s.log.awaitError(t, unusable, unreadable)
	secret.swap(t, pairFiles(t, ca, "fourth"))
	s.log.await(t, loaded, 3)
	if name := s.presented(t, fresh); name != "fourth" {
		t.Fatalf("after the repair the certificate is %q", name)
	}
	for _, defect := range []string{noPEM, unreadable} {
		if n := strings.Count(s.log.String(), defect); n != 1 {
			t.Errorf("a defect is logged %d times: %s", n, defect)
		}
	}
	if found, _ := s.log.find(loaded); len(found) != 3 {
		t.Errorf("three pairs are logged %d times", len(found))
	}
	if log := s.log.String(); strings.Contains(log, "PRIVATE KEY") || strings.Contains(log, "no key") {
		t.Errorf("the log has the key: %s", log)
	}
}

func TestTLSExpired(t *testing.T) {
	t.Parallel()
	certPEM, keyPEM := newAuthority(t).issue(t, "old", time.Now().Add(-time.Hour))
	s := startTLS(t, newSecret(t, map[string][]byte{"tls.crt": certPEM, "tls.key": keyPEM}), server.TLS{})
	if record := s.log.await(t, "the TLS certificate has expired", 1); record["level"] != "WARN" || record["subject"] != "CN=old" {
		t.Errorf("logged %v", record)
	}
}

func TestTLSFilesInvalid(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	good, other := pairFiles(t, ca, "first"), pairFiles(t, ca, "second")
	good["ca.crt"] = ca.pem()
	for name, c := range map[string]struct {
		change map[string][]byte
		want   string
	}{
		"other key":      {map[string][]byte{"tls.key": other["tls.key"]}, "is not the private key of the certificate in"},
		"no certificate": {map[string][]byte{"tls.crt": []byte("x")}, "has no certificate"},
		"empty key":      {map[string][]byte{"tls.key": nil}, "has no private key"},
		"no authority":   {map[string][]byte{"ca.crt": []byte("x")}, "has no certificate"},
		"a key as CA":    {map[string][]byte{"ca.crt": other["tls.key"]}, "has no certificate"},
	} {
		content := maps.Clone(good)
		maps.Copy(content, c.change)
		secret := newSecret(t, content)
		_, err := server.New(newBroker("one"), server.Config{TLS: &server.TLS{
			CertFile: secret.path("tls.crt"), KeyFile: secret.path("tls.key"), ClientCAFile: secret.path("ca.crt"),
		}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMutualTLS(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	content := pairFiles(t, ca, "server")
	content["ca.crt"] = ca.pem()
	secret := newSecret(t, content)
	s := startTLS(t, secret, server.TLS{ClientCAFile: secret.path("ca.crt")})
	client := func(certificates []tls.Certificate) *http.Client {
		return clientTLS(&tls.Config{
			RootCAs: ca.pool(), ClientSessionCache: tls.NewLRUClientSessionCache(1),
			// The client sends the certificate even if the server names other authorities.
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				if certificates == nil {
					return new(tls.Certificate), nil
				}
				return &certificates[0], nil
			},
		})
	}
	anonymous, friend, stranger := client(nil), client(ca.client(t, "friend")), client(other.client(t, "stranger"))
	expect := func(name string, client *http.Client, admitted bool) {
		t.Helper()
		a := send(t.Context(), client, "GET", s.url+"/v2/catalog", "")
		if (a.err == nil) != admitted {
			t.Errorf("%s: %v", name, a.err)
		}
	}
	expect("no certificate", anonymous, false)
	expect("the authority's", friend, true)
	expect("another authority's", stranger, false)
	if record := s.log.await(t, "connection trouble", 1); record["level"] != "WARN" {
		t.Errorf("logged %v", record)
	}
	if a := send(t.Context(), friend, "GET", s.url+"/v2/catalog", ""); a.err != nil || !a.TLS.DidResume {
		t.Fatalf("the session is not resumed, so this test does not test resumption: %v", a.err)
	}
	content["ca.crt"] = other.pem()
	secret.swap(t, content)
	s.log.await(t, loaded, 2)
	expect("the former authority's, resuming its session", friend, false)
	expect("the new authority's", stranger, true)
}

func TestMutualTLSOptional(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	content := pairFiles(t, ca, "server")
	content["ca.crt"] = ca.pem()
	secret := newSecret(t, content)
	s := startTLS(t, secret, server.TLS{ClientCAFile: secret.path("ca.crt"), ClientCertOptional: true})
	for name, c := range map[string]struct {
		certificates []tls.Certificate
		admitted     bool
	}{
		"none":                {nil, true},
		"the authority's":     {ca.client(t, "friend"), true},
		"another authority's": {other.client(t, "stranger"), false},
	} {
		client := clientTLS(&tls.Config{RootCAs: ca.pool(), GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if c.certificates == nil {
				return new(tls.Certificate), nil
			}
			return &c.certificates[0], nil
		}})
		if a := send(t.Context(), client, "GET", s.url+"/healthz", ""); (a.err == nil) != c.admitted {
			t.Errorf("%s: %v", name, a.err)
		}
	}
}

// HTTP/2 connections drain, too.
func TestTLSDrain(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	secret := newSecret(t, pairFiles(t, ca, "server"))
	broker := newBroker("one")
	s := start(t, broker, server.Config{TLS: &server.TLS{CertFile: secret.path("tls.crt"), KeyFile: secret.path("tls.key")}})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.pool()}, ForceAttemptHTTP2: true}}
	response := make(chan result, 1)
	go func() {
		response <- send(context.WithoutCancel(t.Context()), client, "PUT", s.url+"/v2/service_instances/slow", provisionBody)
	}()
	receive(t, broker.entered, "the request to arrive")
	s.Stop()
	awaitRefused(t, s.Addr().String())
	close(broker.release)
	if a := receive(t, response, "the response"); a.err != nil || a.StatusCode != http.StatusCreated || a.ProtoMajor != 2 {
		t.Errorf("the request in flight: %+v", a)
	}
	if err := s.wait(t); err != nil {
		t.Errorf("Serve returned %v", err)
	}
}
