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

// Auth says who may call the broker. Several ways may be given: one suffices.
type Auth struct {
	Basic           []Credential      `yaml:"basic" doc:"user names and passwords; several at once, so that they can be rotated"`
	CredentialsFile Path              `yaml:"credentials_file" doc:"file with user names and passwords as htpasswd writes it, with platforms in brackets; read again when it changes"`
	Bearer          []Bearer          `yaml:"bearer" doc:"JSON Web Tokens"`
	ClientCert      []CertificateRule `yaml:"client_cert" doc:"client certificates; needs tls.client_ca"`
	Proxy           []Proxy           `yaml:"proxy" doc:"proxies in front that have authenticated the user already"`
	Realm           string            `yaml:"realm" default:"openbroker" doc:"realm that a 401 names"`
	None            bool              `yaml:"none" default:"false" doc:"let everyone in, because something else protects the broker"`
}

// A Credential is a user name with its password or a hash of it.
type Credential struct {
	Username     string `yaml:"username" required:"true" doc:"user name"`
	Password     Secret `yaml:"password" doc:"password; this or password_hash"`
	PasswordHash Secret `yaml:"password_hash" doc:"bcrypt or argon2id hash of the password"`
	Platform     string `yaml:"platform" default:"default" doc:"platform that the credential belongs to; platforms do not see each other's instances"`
}

// Bearer says which tokens are accepted.
type Bearer struct {
	Issuer        URL      `yaml:"issuer" required:"true" doc:"the exact claim iss, and the URL of the OpenID Connect provider unless jwks_url is given"`
	Audience      string   `yaml:"audience" required:"true" doc:"must be among the claim aud"`
	JWKSURL       URL      `yaml:"jwks_url" doc:"where the keys of the issuer are"`
	Algorithms    []string `yaml:"algorithms" doc:"accepted signature algorithms; RS256, PS256, ES256 and EdDSA by default"`
	Scopes        []string `yaml:"scopes" doc:"all are required"`
	NameClaim     string   `yaml:"name_claim" default:"sub" doc:"claim that names the caller"`
	Platform      string   `yaml:"platform" default:"default" doc:"platform of every token"`
	PlatformClaim string   `yaml:"platform_claim" doc:"claim that names the platform; this or platform"`
	Leeway        Duration `yaml:"leeway" default:"30s" doc:"how far clocks may differ"`
}

// A CertificateRule says which client certificates are accepted. All fields that
// are given must match.
type CertificateRule struct {
	Subject    string `yaml:"subject" doc:"distinguished name as in RFC 2253"`
	CommonName string `yaml:"common_name" doc:"common name of the subject"`
	DNSName    string `yaml:"dns_name" doc:"alternative name"`
	URI        string `yaml:"uri" doc:"alternative name"`
	Email      string `yaml:"email" doc:"alternative name"`
	Platform   string `yaml:"platform" default:"default" doc:"platform that the certificate belongs to"`
}

// A Proxy is a proxy in front that is trusted to have authenticated the user.
type Proxy struct {
	Peers      []string `yaml:"peers" required:"true" doc:"addresses that it connects from, such as 10.1.2.3, and networks such as 10.1.2.0/24; all that is there is trusted"`
	UserHeader string   `yaml:"user_header" doc:"header in which it names the user and which it overwrites; if not given, the user name of basic authentication, whose password is not looked at"`
	Platform   string   `yaml:"platform" default:"default" doc:"platform of all users of the proxy"`
}

// credentialsInterval is how often the credentials file is read without a notification.
const credentialsInterval = 10 * time.Second

// Authenticator makes the authenticator. It reads the credentials file, if there
// is one, and goes on to watch it until ctx ends. The error says what cannot be
// used.
func (a *Auth) Authenticator(ctx context.Context, logger *slog.Logger) (openbroker.Authenticator, error) {
	if a.None {
		return auth.NewNone(logger), nil //nolint:contextcheck // It only logs a warning.
	}
	ways, err := a.ways(ctx, logger)
	if err != nil {
		return nil, err
	}
	var one openbroker.Authenticator
	if len(ways) == 1 {
		one = ways[0]
	} else if one, err = auth.NewAny(ways...); err != nil {
		return nil, err
	}
	return auth.WithUnauthorizedResponse(one, auth.UnauthorizedResponse{Realm: a.Realm})
}

// ways returns one authenticator for each way in that is given.
func (a *Auth) ways(ctx context.Context, logger *slog.Logger) ([]openbroker.Authenticator, error) {
	var ways []openbroker.Authenticator
	if len(a.Basic) > 0 {
		basic, err := a.basic()
		if err != nil {
			return nil, err
		}
		ways = append(ways, basic)
	}
	if a.CredentialsFile != "" {
		path := string(a.CredentialsFile)
		basic, err := auth.LoadBasic(path)
		if err != nil {
			return nil, err
		}
		go basic.Watch(ctx, path, credentialsInterval, logger)
		ways = append(ways, basic)
	}
	for i := range a.Bearer {
		bearer, err := a.Bearer[i].authenticator(logger)
		if err != nil {
			return nil, err
		}
		ways = append(ways, bearer)
	}
	if len(a.ClientCert) > 0 {
		certificates, err := a.clientCert()
		if err != nil {
			return nil, err
		}
		ways = append(ways, certificates)
	}
	for _, p := range a.Proxy {
		proxy, err := auth.NewProxy(auth.ProxyConfig(p))
		if err != nil {
			return nil, err
		}
		ways = append(ways, proxy)
	}
	return ways, nil
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

// The keys of the file for the fields that errors of package auth name.
var (
	certificateKeys = strings.NewReplacer("Subject", "subject", "CommonName", "common_name", "DNSName", "dns_name", "URI", "uri", "Email", "email")
	bearerKeys      = strings.NewReplacer("BearerConfig: ", "", "PlatformClaim", "platform_claim", "NameClaim", "name_claim",
		"JWKSURL or Keys", "jwks_url", "JWKSURL", "jwks_url", "Issuer", "issuer", "Audience", "audience", "Algorithms", "algorithms",
		"Scopes", "scopes", "Platform", "platform", "Leeway", "leeway")
)

func (a *Auth) check(report reporter, tls *TLS) {
	ways := 0
	for _, given := range []bool{len(a.Basic) > 0, a.CredentialsFile != "", len(a.Bearer) > 0, len(a.ClientCert) > 0, len(a.Proxy) > 0} {
		if given {
			ways++
		}
	}
	switch {
	case a.None && ways > 0:
		report("auth.none", "lets everyone in, which makes the other ways pointless: remove it or them")
	case !a.None && ways == 0:
		report("auth", "names no way to authenticate: add basic, credentials_file, bearer, client_cert, proxy, or none: true")
	}
	incomplete := false
	for i, c := range a.Basic {
		if (c.Password == "") == (c.PasswordHash == "") {
			incomplete = true
			report(fmt.Sprintf("auth.basic[%d]", i), "needs one of password and password_hash, not empty")
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
			report(fmt.Sprintf("auth.proxy[%d]", i), "is not usable: %v", err)
		}
	}
	if _, err := auth.WithUnauthorizedResponse(&auth.Basic{}, auth.UnauthorizedResponse{Realm: a.Realm}); err != nil {
		report("auth.realm", "is not usable: %v", err)
	}
	if len(a.ClientCert) == 0 {
		return
	}
	if _, err := a.clientCert(); err != nil {
		report("auth.client_cert", "is not usable: %s", certificateKeys.Replace(plain(err).Error()))
	}
	if tls == nil || tls.ClientCA == "" {
		report("auth.client_cert", "needs tls.client_ca: without it no certificate is asked for")
	}
}
