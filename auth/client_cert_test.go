package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
)

const certificateChallenge = `ClientCertificate realm="openbroker"`

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	certificate := a.issue(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	a.certificate = certificate.Leaf
	a.key, _ = certificate.PrivateKey.(*ecdsa.PrivateKey)
	return a
}

// issue returns a certificate, self-signed if a has no certificate yet.
func (a *authority) issue(t *testing.T, template *x509.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore = time.Now().Add(-time.Hour)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(time.Hour)
	}
	parent, parentKey := a.certificate, a.key
	if parent == nil {
		parent, parentKey = template, key
	} else {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// serveTLS serves over TLS and asks for client certificates of the authority.
func serveTLS(t *testing.T, a openbroker.Authenticator, ca *authority, mode tls.ClientAuthType) *service {
	t.Helper()
	log := new(logBuffer)
	server := httptest.NewUnstartedServer(openbroker.NewHandler(broker{}, openbroker.WithAuthenticator(a), openbroker.WithLogger(log.logger())))
	pool := x509.NewCertPool()
	pool.AddCert(ca.certificate)
	server.TLS = &tls.Config{ClientCAs: pool, ClientAuth: mode, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	return &service{Server: server, log: log}
}

// clientWith returns a new client that presents the certificate, if it is not nil.
func (s *service) clientWith(t *testing.T, certificates ...tls.Certificate) *http.Client {
	t.Helper()
	shared, _ := s.Client().Transport.(*http.Transport)
	transport := shared.Clone()
	transport.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if len(certificates) == 0 {
			return new(tls.Certificate), nil
		}
		return &certificates[0], nil // The client ignores the list of authorities that the server sends.
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestClientCert(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	spiffe := &url.URL{Scheme: "spiffe", Host: "example.org", Path: "/kf"}
	cc := ca.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "cc", Organization: []string{"Example, Inc."}, OrganizationalUnit: []string{"b", "a"}}})
	sm := ca.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "sm"}, DNSNames: []string{"other.example", "SM.example"}})
	kf := ca.issue(t, &x509.Certificate{URIs: []*url.URL{spiffe}})
	mail := ca.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "mail"}, EmailAddresses: []string{"ops@example.org"}})
	stranger := ca.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "stranger"}})
	a, err := auth.NewClientCert(
		auth.CertificateRule{Subject: `CN=cc, OU=a+OU=b, O=Example\, Inc.`, Platform: "cf"},
		auth.CertificateRule{CommonName: "sm", DNSName: "sm.EXAMPLE", Platform: "sm"},
		auth.CertificateRule{URI: spiffe.String(), Platform: "kf"},
		auth.CertificateRule{Email: "ops@example.org"},
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []tls.ClientAuthType{tls.VerifyClientCertIfGiven, tls.RequireAndVerifyClientCert} {
		s := serveTLS(t, a, ca, mode)
		for _, c := range []struct {
			certificate tls.Certificate
			principal   string
			platform    string
		}{
			{cc, `CN=cc,OU=a+OU=b,O=Example\, Inc.`, "cf"},
			{sm, "CN=sm", "sm"},
			{kf, "spiffe://example.org/kf", "kf"},
			{mail, "CN=mail", ""},
		} {
			mustAccept(t, s.provisionWith(t, s.clientWith(t, c.certificate)), c.principal, "mtls", c.platform)
		}
		mustRefuse(t, s.provisionWith(t, s.clientWith(t, stranger)), certificateChallenge)
		if !strings.Contains(s.log.String(), "CN=stranger") {
			t.Errorf("the log does not name the subject: %s", s.log)
		}
	}
	s := serveTLS(t, a, ca, tls.VerifyClientCertIfGiven)
	mustRefuse(t, s.provisionWith(t, s.clientWith(t)), certificateChallenge)
}

// A certificate that the server requested but did not verify proves nothing, and
// neither does a header.
func TestClientCertTrustsOnlyTheServer(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	a, err := auth.NewClientCert(auth.CertificateRule{CommonName: "cc"})
	if err != nil {
		t.Fatal(err)
	}
	for _, signer := range []*authority{ca, other} {
		s := serveTLS(t, a, ca, tls.RequireAnyClientCert)
		certificate := signer.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "cc"}})
		mustRefuse(t, s.provisionWith(t, s.clientWith(t, certificate)), certificateChallenge)
	}
	r := request(t.Context(), basicHeader("cc", "x"))
	for _, header := range []string{"X-Forwarded-Client-Cert", "X-SSL-Client-Subject-DN", "SSL_CLIENT_S_DN"} {
		r.Header.Set(header, "CN=cc")
	}
	if _, err := a.Authenticate(r); err == nil {
		t.Error("a header was trusted")
	}
	r.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{}}}
	if _, err := a.Authenticate(r); err == nil {
		t.Error("an empty chain was trusted")
	}
}

func TestClientCertExpiresDuringConnection(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	a, err := auth.NewClientCert(auth.CertificateRule{CommonName: "cc"})
	if err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]bool{time.Hour: true, -time.Minute: false} {
		certificate := ca.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "cc"}, NotAfter: time.Now().Add(after)})
		r := request(t.Context(), "")
		r.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{certificate.Leaf, ca.certificate}}}
		if _, err := a.Authenticate(r); (err == nil) != want {
			t.Errorf("expiry in %v: %v", after, err)
		}
	}
}

// A rule checks all of its conditions, and does not confuse different names.
func TestClientCertRules(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	leaf := ca.issue(t, &x509.Certificate{
		Subject:        pkix.Name{CommonName: "cc,O=Example", Organization: []string{"Other"}},
		DNSNames:       []string{"a.example", "*.b.example"},
		EmailAddresses: []string{"a@example"},
	}).Leaf
	// pkix.Name.String would reorder the parts of this subject.
	reversed := &x509.Certificate{Subject: pkix.Name{CommonName: "cc"}, NotAfter: time.Now().Add(time.Hour)}
	var err error
	reversed.RawSubject, err = asn1.Marshal(pkix.RDNSequence{
		{{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "cc"}}, {{Type: asn1.ObjectIdentifier{2, 5, 4, 10}, Value: "Example"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name        string
		certificate *x509.Certificate
		rule        auth.CertificateRule
		want        bool
	}{
		{"subject", leaf, auth.CertificateRule{Subject: `CN=cc\,O=Example,O=Other`}, true},
		{"a comma in a value does not separate", leaf, auth.CertificateRule{Subject: `CN=cc,O=Example,O=Other`}, false},
		{"part of the subject", leaf, auth.CertificateRule{Subject: `CN=cc\,O=Example`}, false},
		{"order of the certificate", reversed, auth.CertificateRule{Subject: "O=Example,CN=cc"}, true},
		{"another order", reversed, auth.CertificateRule{Subject: "CN=cc,O=Example"}, false},
		{"common name and another DNS name", leaf, auth.CertificateRule{CommonName: "cc,O=Example", DNSName: "b.example"}, false},
		{"no wildcards", leaf, auth.CertificateRule{DNSName: "x.b.example"}, false},
		{"DNS name as email", leaf, auth.CertificateRule{Email: "a.example"}, false},
		{"email in other case", leaf, auth.CertificateRule{Email: "A@example"}, false},
		{"URI that the certificate lacks", leaf, auth.CertificateRule{URI: "a.example"}, false},
		{"malformed subject", &x509.Certificate{NotAfter: time.Now().Add(time.Hour), RawSubject: []byte{1}}, auth.CertificateRule{CommonName: "cc"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, err := auth.NewClientCert(c.rule)
			if err != nil {
				t.Fatal(err)
			}
			r := request(t.Context(), "")
			r.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{c.certificate}}}
			if _, err := a.Authenticate(r); (err == nil) != c.want {
				t.Errorf("error %v, accepted should be %v", err, c.want)
			}
		})
	}
}

func TestNewClientCertRefuses(t *testing.T) {
	t.Parallel()
	if _, err := auth.NewClientCert(); err == nil {
		t.Error("no rule was accepted")
	}
	_, err := auth.NewClientCert(auth.CertificateRule{CommonName: "cc"}, auth.CertificateRule{Platform: "cf"})
	if err == nil || !strings.Contains(err.Error(), "rule 2 has no condition") {
		t.Errorf("error %v", err)
	}
}
