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

// A CertificateRule says which client certificates are accepted, and for which
// platform. All fields that are set must match, each exactly; there are no
// patterns. At least one must be set, since an empty rule would accept whatever
// the certificate authority signs.
type CertificateRule struct {
	// Subject is the distinguished name of the subject as in RFC 2253, the
	// last part first: "CN=cc,OU=platform,O=Example". It is what
	// `openssl x509 -noout -subject -nameopt RFC2253` prints. Spaces behind
	// the commas do not matter.
	Subject string
	// CommonName is the common name of the subject.
	CommonName string
	// DNSName, URI and Email are subject alternative names, one of which must
	// be equal; case does not matter in DNS names. A URI is such as
	// spiffe://example.org/cc.
	DNSName, URI, Email string
	// Platform is as in [Credential].
	Platform string
}

// ClientCert authenticates requests by the client certificate of their TLS
// connection. Create it with [NewClientCert].
//
// The server must verify the certificates: [crypto/tls.Config] with ClientCAs,
// and ClientAuth as RequireAndVerifyClientCert, or VerifyClientCertIfGiven where
// there are other ways in. A certificate that it did not verify does not count,
// and neither does any header in which a proxy says it did.
type ClientCert struct{ rules []CertificateRule }

var _ openbroker.Authenticator = (*ClientCert)(nil)

// NewClientCert returns an authenticator that accepts certificates to which any
// of the rules applies; the first that does gives the platform. It returns an
// error if there is no rule, or one without a condition.
func NewClientCert(rules ...CertificateRule) (*ClientCert, error) {
	if len(rules) == 0 {
		return nil, errors.New("auth: there is no certificate rule: give at least one")
	}
	rules = slices.Clone(rules)
	for i := range rules {
		condition := rules[i]
		condition.Platform = ""
		if condition == (CertificateRule{}) {
			return nil, fmt.Errorf("auth: certificate rule %d is empty: set Subject, CommonName, DNSName, URI or Email", i+1)
		}
		rules[i].Subject = withoutSpaces(rules[i].Subject)
	}
	return &ClientCert{rules: rules}, nil
}

var (
	errNoCertificate   = openbroker.ErrUnauthorized.WithCause(fmt.Errorf("the connection has no verified client certificate: %w", errNoCredentials))
	errOldCertificate  = refuse("the client certificate has expired since the connection was made")
	errCertificateName = refuse("the subject of the client certificate is malformed")
)

// Authenticate returns the principal with "mtls" as Method, and the subject of
// the certificate as Name (see [CertificateRule]), or the matching alternative
// name if the subject is empty. The error is 401 without a verified certificate
// and if no rule applies.
func (c *ClientCert) Authenticate(r *http.Request) (openbroker.Principal, error) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 || len(r.TLS.VerifiedChains[0]) == 0 {
		return openbroker.Principal{}, errNoCertificate
	}
	certificate := r.TLS.VerifiedChains[0][0]
	if time.Now().After(certificate.NotAfter) {
		return openbroker.Principal{}, errOldCertificate
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
		WithCause(shortError{fmt.Errorf("no rule applies to the client certificate with subject %q", subject)})
}

// Challenges returns a challenge, as every 401 must have one (RFC 9110, 15.5.2).
// No scheme is registered for certificates; this one is known from drafts.
func (c *ClientCert) Challenges() []string {
	return []string{`ClientCertificate realm="` + realm + `"`}
}

// matches tells whether the rule applies. Empty names never reach a comparison
// of their own, since a certificate may lack them.
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

// subjectOf returns the subject with its parts in the order of the certificate:
// pkix.Name.String sorts them by type, and so makes different names equal.
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

// withoutSpaces removes the spaces behind the commas that separate parts.
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
