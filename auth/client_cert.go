package auth

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
)

// A CertificateRule selects the client certificates of a platform. Every field that
// is set must match exactly; patterns are not supported. At least one field besides
// Platform must be set: an empty rule would accept every certificate of the
// certificate authority.
type CertificateRule struct {
	// Subject is the distinguished name of the subject in the form of RFC 2253,
	// the last part first: "CN=cc,OU=platform,O=Example". The command
	// `openssl x509 -noout -subject -nameopt RFC2253` prints it. Spaces after
	// commas are ignored.
	Subject string
	// CommonName is the common name of the subject.
	CommonName string
	// DNSName, URI and Email must each equal one of the certificate's subject
	// alternative names of that kind. DNS names are case-insensitive. An example
	// of a URI is spiffe://example.org/cc.
	DNSName, URI, Email string
	// Platform is the platform that the certificate belongs to. If empty, the
	// default of [Credential] applies.
	Platform string
}

// ClientCert authenticates requests by the client certificate of their TLS
// connection. Create it with [NewClientCert].
//
// The server must verify the certificates: set ClientCAs of [crypto/tls.Config],
// and ClientAuth to RequireAndVerifyClientCert, or to VerifyClientCertIfGiven if
// other authenticators are in use. ClientCert ignores certificates that the
// server did not verify, and headers in which a proxy claims a verification.
type ClientCert struct{ rules []CertificateRule }

var _ openbroker.Authenticator = (*ClientCert)(nil)

// NewClientCert returns an authenticator that accepts a certificate if at least
// one rule matches. The first rule that matches supplies the platform. It
// returns an error if rules is empty or if a rule has no condition.
func NewClientCert(rules ...CertificateRule) (*ClientCert, error) {
	if len(rules) == 0 {
		return nil, errors.New("auth: the list of certificate rules is empty: add at least one")
	}
	rules = slices.Clone(rules)
	for i := range rules {
		condition := rules[i]
		condition.Platform = ""
		if condition == (CertificateRule{}) {
			return nil, fmt.Errorf("auth: certificate rule %d has no condition: set Subject, CommonName, DNSName, URI or Email", i+1)
		}
		rules[i].Subject = withoutSpaces(rules[i].Subject)
	}
	return &ClientCert{rules: rules}, nil
}

var (
	errNoCertificate      = openbroker.ErrUnauthorized.WithCause(fmt.Errorf("the connection has no verified client certificate: %w", errNoCredentials))
	errExpiredCertificate = refuse("the client certificate has expired since the connection was made")
	errCertificateName    = refuse("the subject of the client certificate is malformed")
)

// Authenticate returns the principal with "mtls" as Method. Name is the subject
// of the certificate (see [CertificateRule]), or the matching alternative name if
// the subject is empty. It returns a 401 if the connection has no verified
// certificate, if the certificate has expired, or if no rule matches.
func (c *ClientCert) Authenticate(r *http.Request) (openbroker.Principal, error) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 || len(r.TLS.VerifiedChains[0]) == 0 {
		return openbroker.Principal{}, errNoCertificate
	}
	certificate := r.TLS.VerifiedChains[0][0]
	if time.Now().After(certificate.NotAfter) {
		return openbroker.Principal{}, errExpiredCertificate
	}
	subject, err := subjectOf(certificate)
	if err != nil {
		return openbroker.Principal{}, errCertificateName
	}
	for i := range c.rules {
		rule := &c.rules[i]
		if !rule.matches(certificate, subject) {
			continue
		}
		name := subject
		for _, alternative := range [...]string{rule.URI, rule.DNSName, rule.Email} {
			if name == "" {
				name = alternative
			}
		}
		return openbroker.Principal{Name: name, Method: "mtls", Platform: rule.Platform}, nil
	}
	return openbroker.Principal{}, openbroker.ErrUnauthorized.
		WithCause(shortError{fmt.Errorf("no rule matches the client certificate with subject %q", subject)})
}

// Challenges returns a challenge, since every 401 must have one (RFC 9110,
// 15.5.2). No scheme for certificates is registered; drafts use this one.
func (c *ClientCert) Challenges() []string {
	return []string{`ClientCertificate realm="` + realm + `"`}
}

// matches reports whether the rule matches the certificate. It skips fields that
// are empty: a certificate may lack the name, and would match by accident.
func (rule *CertificateRule) matches(certificate *x509.Certificate, subject string) bool {
	return (rule.Subject == "" || rule.Subject == subject) &&
		(rule.CommonName == "" || rule.CommonName == certificate.Subject.CommonName) &&
		(rule.DNSName == "" || slices.ContainsFunc(certificate.DNSNames, func(name string) bool { return strings.EqualFold(name, rule.DNSName) })) &&
		(rule.Email == "" || slices.Contains(certificate.EmailAddresses, rule.Email)) &&
		(rule.URI == "" || rule.hasURI(certificate))
}

func (rule *CertificateRule) hasURI(certificate *x509.Certificate) bool {
	for _, uri := range certificate.URIs {
		if uri.String() == rule.URI {
			return true
		}
	}
	return false
}

// subjectOf returns the subject with its parts in the order of the certificate.
// pkix.Name.String sorts the parts by type, which makes different names equal.
func subjectOf(certificate *x509.Certificate) (string, error) {
	var sequence pkix.RDNSequence
	rest, err := asn1.Unmarshal(certificate.RawSubject, &sequence)
	if err != nil {
		return "", err
	}
	if len(rest) > 0 {
		return "", errors.New("trailing data")
	}
	return sequence.String(), nil
}

// withoutSpaces removes the spaces after the commas that separate parts.
func withoutSpaces(subject string) string {
	var b strings.Builder
	for i := range len(subject) {
		separates := i > 0 && subject[i-1] == ',' && (i < 2 || subject[i-2] != '\\')
		if subject[i] == ' ' && separates {
			continue
		}
		b.WriteByte(subject[i])
	}
	return b.String()
}
