package auth_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
)

func newAny(t *testing.T, authenticators ...openbroker.Authenticator) *auth.Any {
	t.Helper()
	a, err := auth.NewAny(authenticators...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// With all authenticators on one server, any one that accepts is enough.
func TestAny(t *testing.T) {
	t.Parallel()
	ca, key := newAuthority(t), newECDSA(t, "k")
	i := newIssuer(t, key)
	config := i.config(new(logBuffer))
	config.Scopes, config.Platform = []string{"broker"}, "sc"
	certificates, err := auth.NewClientCert(auth.CertificateRule{CommonName: "sm", Platform: "sm"})
	if err != nil {
		t.Fatal(err)
	}
	basic := newBasic(t, auth.Credential{Username: "cc", Password: "plain-secret", Platform: "cf"})
	second := newBasic(t, auth.Credential{Username: "other", Password: "other-secret"})
	s := serveTLS(t, newAny(t, newBearer(t, config), basic, certificates, second), ca, tls.VerifyClientCertIfGiven)
	certificate := ca.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "sm"}})
	stranger := ca.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "stranger"}})
	token := key.sign(t, i.claims(map[string]any{"scope": "broker"}))
	none, known, unknown := s.clientWith(t), s.clientWith(t, certificate), s.clientWith(t, stranger)
	challenges := []string{`Bearer realm="openbroker", scope="broker"`, basicChallenge, certificateChallenge}

	mustAccept(t, s.provisionWith(t, none, basicHeader("cc", "plain-secret")), "cc", "basic", "cf")
	mustAccept(t, s.provisionWith(t, none, basicHeader("other", "other-secret")), "other", "basic", "")
	mustAccept(t, s.provisionWith(t, none, token), "cc-client", "bearer", "sc")
	mustAccept(t, s.provisionWith(t, known), "CN=sm", "mtls", "sm")
	// Wrong credentials of one scheme beside right ones of another.
	mustAccept(t, s.provisionWith(t, known, basicHeader("cc", "wrong-secret")), "CN=sm", "mtls", "sm")
	mustAccept(t, s.provisionWith(t, known, "Bearer junk"), "CN=sm", "mtls", "sm")
	mustAccept(t, s.provisionWith(t, unknown, basicHeader("cc", "plain-secret")), "cc", "basic", "cf")
	mustAccept(t, s.provisionWith(t, unknown, token), "cc-client", "bearer", "sc")

	mustRefuse(t, s.provisionWith(t, none), challenges...)
	mustRefuse(t, s.provisionWith(t, none, basicHeader("cc", "wrong-secret")), challenges...)
	mustRefuse(t, s.provisionWith(t, unknown, basicHeader("", "")), challenges...)

	// A 403 or 503 of one authenticator is returned unless another one accepts.
	weak := key.sign(t, i.claims(nil))
	if got := s.provisionWith(t, none, weak); got.status != http.StatusForbidden {
		t.Errorf("status %d, want 403", got.status)
	}
	mustAccept(t, s.provisionWith(t, known, weak), "CN=sm", "mtls", "sm")
	i.breakWith(down)
	foreign := newECDSA(t, "new").sign(t, i.claims(nil))
	i.clock.advance(1e10)
	mustBeUnavailable(t, s.provisionWith(t, none, foreign))
	mustAccept(t, s.provisionWith(t, known, foreign), "CN=sm", "mtls", "sm")
	mustAccept(t, s.provisionWith(t, none, basicHeader("cc", "plain-secret")), "cc", "basic", "cf")
	mustNotReveal(t, s.log.String(), "plain-secret", "wrong-secret", token[7:])
}

// fixed is an authenticator that always returns the same result.
type fixed struct{ err error }

func (f fixed) Authenticate(*http.Request) (openbroker.Principal, error) {
	return openbroker.Principal{Name: "fixed"}, f.err
}

func (fixed) Challenges() []string { return []string{"Fixed", "Fixed"} }

func TestAnyErrors(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	var typedNil *openbroker.Error
	unavailable := openbroker.ErrUnavailable.WithCause(failed)
	forbidden := openbroker.NewError(http.StatusForbidden, "", "no")
	expired := openbroker.ErrUnauthorized.WithDescription("expired").WithCause(failed)
	for _, c := range []struct {
		name   string
		errs   []error
		status int
		text   string // of the error
	}{
		{"accepted", []error{failed, unavailable, forbidden, nil}, 0, ""},
		{"503 first", []error{unavailable, forbidden, failed}, 503, "failed"},
		{"503 last", []error{failed, forbidden, unavailable}, 503, "failed"},
		{"403", []error{failed, forbidden, failed}, 403, "no"},
		{"the specific one", []error{expired}, 401, "expired"},
		{"all specific", []error{failed, expired}, 401, "failed; failed"},
		{"no *Error", []error{failed}, 401, "failed"},
		{"status below 400", []error{openbroker.NewError(200, "", "odd")}, 401, "odd"},
		{"typed nil", []error{typedNil}, 401, "nil"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var authenticators []openbroker.Authenticator
			for _, err := range c.errs {
				authenticators = append(authenticators, fixed{err})
			}
			a := newAny(t, authenticators...)
			principal, err := a.Authenticate(request(t.Context(), ""))
			if c.text == "" {
				if err != nil || principal.Name != "fixed" {
					t.Errorf("principal %v, error %v", principal, err)
				}
				return
			}
			if err == nil || principal.Name != "" {
				t.Fatalf("accepted as %q", principal.Name)
			}
			found, _ := errors.AsType[*openbroker.Error](err)
			if found == nil || found.Status != c.status || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error %v, want %d and %q", err, c.status, c.text)
			}
			if got := serve(t, a).provision(t); got.status != c.status {
				t.Errorf("status %d, want %d", got.status, c.status)
			}
		})
	}
	if got := newAny(t, fixed{}, fixed{}).Challenges(); len(got) != 1 {
		t.Errorf("challenges %q, want each once", got)
	}
}

func TestNewAnyRefuses(t *testing.T) {
	t.Parallel()
	for name, authenticators := range map[string][]openbroker.Authenticator{
		"nothing": nil,
		"nil":     {fixed{}, nil},
		"None":    {fixed{}, auth.NewNone(new(logBuffer).logger())},
	} {
		if _, err := auth.NewAny(authenticators...); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestNone(t *testing.T) {
	t.Parallel()
	log := new(logBuffer)
	s := serve(t, auth.NewNone(log.logger()))
	mustAccept(t, s.provision(t), "anonymous", "none", "")
	mustAccept(t, s.provision(t, "Basic junk"), "anonymous", "none", "")
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "authentication is off") {
		t.Errorf("log %q", log)
	}
}
