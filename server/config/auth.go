package config

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
)

// Auth configures who may call the broker. With several methods, a request needs to
// pass one of them.
type Auth struct {
	Basic           []Credential      `yaml:"basic" doc:"user names and passwords; several may be valid at the same time, for rotation"`
	CredentialsFile Path              `yaml:"credentials_file" doc:"file with user names and passwords in the format of htpasswd, with platforms in brackets; read again when it changes"`
	Bearer          []Bearer          `yaml:"bearer" doc:"JSON Web Tokens"`
	ClientCert      []CertificateRule `yaml:"client_cert" doc:"client certificates; needs tls.client_ca"`
	Proxy           []Proxy           `yaml:"proxy" doc:"proxies in front that authenticate users"`
	Realm           string            `yaml:"realm" default:"openbroker" doc:"realm in the challenges of a 401"`
	None            bool              `yaml:"none" default:"false" doc:"accept every request, because something else protects the broker"`
}

// A Credential is a user name with its password or a hash of it.
type Credential struct {
	Username     string `yaml:"username" required:"true" doc:"user name"`
	Password     Secret `yaml:"password" doc:"password; this or password_hash"`
	PasswordHash Secret `yaml:"password_hash" doc:"bcrypt or argon2id hash of the password"`
	Platform     string `yaml:"platform" default:"default" doc:"platform that the credential belongs to; platforms do not see each other's instances"`
}

// Bearer configures which tokens are accepted.
type Bearer struct {
	Issuer        URL      `yaml:"issuer" required:"true" doc:"the exact claim iss, which is the URL of the OpenID Connect provider unless jwks_url is set"`
	Audience      string   `yaml:"audience" required:"true" doc:"must be in the claim aud"`
	JWKSURL       URL      `yaml:"jwks_url" doc:"URL of the keys of the issuer"`
	Algorithms    []string `yaml:"algorithms" doc:"accepted signature algorithms; RS256, PS256, ES256 and EdDSA by default"`
	Scopes        []string `yaml:"scopes" doc:"scopes that a token must have, all of them"`
	NameClaim     string   `yaml:"name_claim" default:"sub" doc:"claim that names the caller"`
	Platform      string   `yaml:"platform" default:"default" doc:"platform of every token"`
	PlatformClaim string   `yaml:"platform_claim" doc:"claim that names the platform; this or platform"`
	Leeway        Duration `yaml:"leeway" default:"30s" doc:"how much the clocks of issuer and broker may differ"`
}

// A CertificateRule describes accepted client certificates. All fields that are set
// must match.
type CertificateRule struct {
	Subject    string `yaml:"subject" doc:"distinguished name as in RFC 2253"`
	CommonName string `yaml:"common_name" doc:"common name of the subject"`
	DNSName    string `yaml:"dns_name" doc:"alternative DNS name"`
	URI        string `yaml:"uri" doc:"alternative URI"`
	Email      string `yaml:"email" doc:"alternative email address"`
	Platform   string `yaml:"platform" default:"default" doc:"platform that the certificate belongs to"`
}

// A Proxy is a trusted proxy that authenticates users.
type Proxy struct {
	Peers      []string `yaml:"peers" required:"true" doc:"addresses from which the proxy connects, such as 10.1.2.3, and networks such as 10.1.2.0/24; all clients there are trusted"`
	UserHeader string   `yaml:"user_header" doc:"header in which the proxy sends the user name and which it overwrites; by default the user name of basic authentication, without a check of the password"`
	Platform   string   `yaml:"platform" default:"default" doc:"platform of all users of the proxy"`
}

// credentialsInterval is how often the credentials file is read without a notification.
const credentialsInterval = 10 * time.Second

// Authenticator returns the authenticator. If a credentials file is configured, it
// reads the file and watches it until ctx ends. The error names what is unusable.
func (a *Auth) Authenticator(ctx context.Context, logger *slog.Logger) (openbroker.Authenticator, error) {
	if a.None {
		return auth.NewNone(logger), nil //nolint:contextcheck // It only logs a warning.
	}
	methods, err := a.methods(ctx, logger)
	if err != nil {
		return nil, err
	}
	var one openbroker.Authenticator
	if len(methods) == 1 {
		one = methods[0]
	} else if one, err = auth.NewAny(methods...); err != nil {
		return nil, err
	}
	return auth.WithUnauthorizedResponse(one, auth.UnauthorizedResponse{Realm: a.Realm})
}

// methods returns one authenticator for each configured method.
func (a *Auth) methods(ctx context.Context, logger *slog.Logger) ([]openbroker.Authenticator, error) {
	var methods []openbroker.Authenticator
	if len(a.Basic) > 0 {
		basic, err := a.basic()
		if err != nil {
			return nil, err
		}
		methods = append(methods, basic)
	}
	if a.CredentialsFile != "" {
		path := string(a.CredentialsFile)
		basic, err := auth.LoadBasic(path)
		if err != nil {
			return nil, err
		}
		go basic.Watch(ctx, path, credentialsInterval, logger)
		methods = append(methods, basic)
	}
	for i := range a.Bearer {
		bearer, err := a.Bearer[i].authenticator(logger)
		if err != nil {
			return nil, err
		}
		methods = append(methods, bearer)
	}
	if len(a.ClientCert) > 0 {
		certificates, err := a.clientCert()
		if err != nil {
			return nil, err
		}
		methods = append(methods, certificates)
	}
	for _, p := range a.Proxy {
		proxy, err := auth.NewProxy(auth.ProxyConfig(p))
		if err != nil {
			return nil, err
		}
		methods = append(methods, proxy)
	}
	return methods, nil
}

func (a *Auth) basic() (*auth.Basic, error) {
	credentials := make([]auth.Credential, len(a.Basic))
	for i, c := range a.Basic {
		credentials[i] = auth.Credential{
			Username: c.Username, Password: string(c.Password), PasswordHash: string(c.PasswordHash), Platform: c.Platform,
		}
	}
	return auth.NewBasic(credentials...)
}

func (a *Auth) clientCert() (*auth.ClientCert, error) {
	rules := make([]auth.CertificateRule, len(a.ClientCert))
	for i, r := range a.ClientCert {
		rules[i] = auth.CertificateRule(r)
	}
	return auth.NewClientCert(rules...)
}

func (b *Bearer) authenticator(logger *slog.Logger) (*auth.Bearer, error) {
	return auth.NewBearer(auth.BearerConfig{
		Issuer: string(b.Issuer), Audience: b.Audience, JWKSURL: string(b.JWKSURL), Algorithms: b.Algorithms, Scopes: b.Scopes,
		NameClaim: b.NameClaim, Platform: b.Platform, PlatformClaim: b.PlatformClaim, Leeway: time.Duration(b.Leeway), Logger: logger,
	})
}

// The replacers turn field names in errors of package auth into keys of the file.
var (
	certificateKeys = strings.NewReplacer("Subject", "subject", "CommonName", "common_name", "DNSName", "dns_name", "URI", "uri", "Email", "email")
	proxyKeys       = strings.NewReplacer("UserHeader", "user_header", "Realm", "realm")
	bearerKeys      = strings.NewReplacer("BearerConfig: ", "", "PlatformClaim", "platform_claim", "NameClaim", "name_claim",
		"JWKSURL or Keys", "jwks_url", "JWKSURL", "jwks_url", "Issuer", "issuer", "Audience", "audience", "Algorithms", "algorithms",
		"Scopes", "scopes", "Platform", "platform", "Leeway", "leeway")
)

func (a *Auth) check(report reporter, tls *TLS) {
	methods := 0
	for _, given := range []bool{len(a.Basic) > 0, a.CredentialsFile != "", len(a.Bearer) > 0, len(a.ClientCert) > 0, len(a.Proxy) > 0} {
		if given {
			methods++
		}
	}
	switch {
	case a.None && methods > 0:
		report("auth.none", "accepts every request, so the other methods have no effect: remove either")
	case !a.None && methods == 0:
		report("auth", "has no method: add basic, credentials_file, bearer, client_cert, proxy, or none: true")
	}
	incomplete := false
	for i, c := range a.Basic {
		if (c.Password == "") == (c.PasswordHash == "") {
			incomplete = true
			report(fmt.Sprintf("auth.basic[%d]", i), "needs a password or a password_hash, not both and not empty")
		}
	}
	if len(a.Basic) > 0 && !incomplete {
		if _, err := a.basic(); err != nil {
			report("auth.basic", "is not usable: %v", plain(err))
		}
	}
	for i := range a.Bearer {
		if _, err := a.Bearer[i].authenticator(slog.New(slog.DiscardHandler)); err != nil {
			report(fmt.Sprintf("auth.bearer[%d]", i), "is not usable: %s", bearerKeys.Replace(plain(err).Error()))
		}
	}
	for i, p := range a.Proxy {
		if _, err := auth.NewProxy(auth.ProxyConfig(p)); err != nil {
			report(fmt.Sprintf("auth.proxy[%d]", i), "is not usable: %s", proxyKeys.Replace(plain(err).Error()))
		}
	}
	if _, err := auth.WithUnauthorizedResponse(&auth.Basic{}, auth.UnauthorizedResponse{Realm: a.Realm}); err != nil {
		report("auth.realm", "is not usable: %s", proxyKeys.Replace(plain(err).Error()))
	}
	if len(a.ClientCert) == 0 {
		return
	}
	if _, err := a.clientCert(); err != nil {
		report("auth.client_cert", "is not usable: %s", certificateKeys.Replace(plain(err).Error()))
	}
	if tls == nil || tls.ClientCA == "" {
		report("auth.client_cert", "needs tls.client_ca: without it, clients are not asked for certificates")
	}
}
