package auth

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/openbroker/openbroker"
)

const (
	defaultLeeway = 30 * time.Second
	maxLeeway     = 2 * time.Minute // Must stay below the 5 minutes that go-oidc allows for nbf.
)

// signatureAlgorithms lists the algorithms that a configuration can allow; true
// marks the defaults. All use public keys: "none" and the HMAC algorithms must
// never be accepted.
var signatureAlgorithms = map[string]bool{
	oidc.RS256: true, oidc.RS384: false, oidc.RS512: false,
	oidc.PS256: true, oidc.PS384: false, oidc.PS512: false,
	oidc.ES256: true, oidc.ES384: false, oidc.ES512: false,
	oidc.EdDSA: true,
}

// BearerConfig configures [Bearer]: the tokens that it accepts.
type BearerConfig struct {
	// Issuer is the exact "iss" claim of the tokens. Required. If neither
	// JWKSURL nor Keys is set, it must be the URL of an OpenID Connect provider,
	// whose discovery document says where its keys are.
	Issuer string
	// Audience must occur in the "aud" claim of the tokens. Required: an issuer
	// also issues tokens that are meant for other services.
	Audience string
	// JWKSURL is the URL of the issuer's JSON Web Key Set. It must be an https
	// URL; http is accepted for loopback hosts only.
	JWKSURL string
	// Keys are the public keys of the issuer: *rsa.PublicKey of at least 2048
	// bits, *ecdsa.PublicKey or ed25519.PublicKey. Set them instead of JWKSURL
	// if the broker must not fetch keys.
	Keys []crypto.PublicKey
	// Algorithms are the accepted signature algorithms, by default RS256, PS256,
	// ES256 and EdDSA. RS, PS and ES with 384 and 512 bits are available, too.
	Algorithms []string
	// Scopes are the scopes that a token must have, all of them. The claims
	// "scope" and "scp" carry them, as a space-separated string or an array. A
	// valid token that lacks one gets a 403.
	Scopes []string
	// NameClaim is the claim that names the principal, "sub" by default. A
	// token without it is refused.
	NameClaim string
	// Platform is the platform of every token's principal. If Platform and
	// PlatformClaim are both empty, the default of [Credential] applies.
	Platform string
	// PlatformClaim is the claim that names the platform, for issuers that serve
	// several platforms. A token without it is refused. Set PlatformClaim or
	// Platform, not both.
	PlatformClaim string
	// Leeway is how far the clocks of issuer and broker may differ: 30 s by
	// default, at most 2 minutes. Negative means none.
	Leeway time.Duration
	// HTTPClient fetches the discovery document and the keys; a plain client by
	// default. Requests are canceled after 5 seconds, even if its timeout is longer.
	HTTPClient *http.Client
	// Logger receives a warning when keys cannot be fetched; [slog.Default] by
	// default.
	Logger *slog.Logger

	now func() time.Time // replaced by tests
}

func (c *BearerConfig) setDefaults() {
	if len(c.Algorithms) == 0 {
		for algorithm, byDefault := range signatureAlgorithms {
			if byDefault {
				c.Algorithms = append(c.Algorithms, algorithm)
			}
		}
	}
	if c.NameClaim == "" {
		c.NameClaim = "sub"
	}
	if c.Leeway == 0 {
		c.Leeway = defaultLeeway
	}
	c.Leeway = max(c.Leeway, 0)
	c.Scopes = slices.Clone(c.Scopes)
	if c.now == nil {
		c.now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
}

func (c *BearerConfig) validate() error {
	switch {
	case c.Issuer == "":
		return errors.New("the Issuer is empty: set it to the \"iss\" claim of the tokens")
	case c.Audience == "":
		return errors.New("the Audience is empty: set it to the \"aud\" claim of the tokens that are meant for the broker")
	case strings.Contains(c.Issuer, "://") && strings.Contains(c.Issuer, "@"):
		return errors.New("the Issuer contains a user name or password, which is not supported: remove it")
	case c.JWKSURL != "" && len(c.Keys) > 0:
		return errors.New("both JWKSURL and Keys are set: set one of them, or neither for OpenID Connect discovery")
	case c.Platform != "" && c.PlatformClaim != "":
		return errors.New("both Platform and PlatformClaim are set: set one of them")
	case !printable(c.Platform):
		return errors.New("the Platform contains a control character or is not UTF-8")
	case c.Leeway > maxLeeway:
		return fmt.Errorf("the Leeway is %v: it must be at most %v", c.Leeway, maxLeeway)
	}
	for _, algorithm := range c.Algorithms {
		if _, known := signatureAlgorithms[algorithm]; !known {
			return fmt.Errorf("the algorithm %q is not accepted: use RS, PS or ES with 256, 384 or 512, or EdDSA", algorithm)
		}
	}
	for _, scope := range c.Scopes {
		if scope == "" || strings.ContainsFunc(scope, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }) {
			return fmt.Errorf("the scope %q is malformed: a scope is one word of printable ASCII without \" and \\", scope)
		}
	}
	return nil
}

// Bearer authenticates requests by JSON Web Tokens in the Authorization header
// (RFC 6750, RFC 7519). Create it with [NewBearer].
//
// Bearer fetches the keys of the issuer when the first token arrives. Once they
// are ten minutes old, the next token refreshes them in the background. A token
// that no known key verifies makes Bearer fetch them again, at most every five
// seconds, so that the issuer can rotate its keys. While the issuer is
// unreachable, the known keys stay in use for a day. Bearer answers a token that
// it cannot check with 503: a 401 would say that the token is wrong.
type Bearer struct {
	config     BearerConfig
	verifier   *oidc.IDTokenVerifier
	challenges []string
}

var _ openbroker.Authenticator = (*Bearer)(nil)

// NewBearer returns an authenticator for tokens. It does not use the network, so
// the broker also starts while the issuer is unreachable. It returns an error
// that names the field if config is invalid.
func NewBearer(config BearerConfig) (*Bearer, error) {
	config.setDefaults()
	err := config.validate()
	if err != nil {
		return nil, fmt.Errorf("auth: BearerConfig: %w", err)
	}
	keys, err := newKeySet(&config)
	if err != nil {
		return nil, fmt.Errorf("auth: BearerConfig: %w", err)
	}
	challenge := `Bearer realm="` + realm + `"`
	if len(config.Scopes) > 0 {
		challenge += `, scope="` + strings.Join(config.Scopes, " ") + `"`
	}
	return &Bearer{
		config:     config,
		challenges: []string{challenge},
		verifier: oidc.NewVerifier(config.Issuer, keys, &oidc.Config{
			ClientID:             config.Audience,
			SupportedSigningAlgs: config.Algorithms,
			Now:                  func() time.Time { return config.now().Add(-config.Leeway) },
		}),
	}, nil
}

// Authenticate returns the principal with "bearer" as Method and the scopes of
// the token. It returns a 401 if the token is missing or invalid, a 403 if it
// lacks a required scope, and a 503 if the keys cannot be fetched.
func (b *Bearer) Authenticate(r *http.Request) (openbroker.Principal, error) {
	raw, failure := authorization(r, "Bearer")
	if failure != nil {
		return openbroker.Principal{}, failure
	}
	ctx, outcome := withOutcome(r.Context())
	token, err := b.verifier.Verify(ctx, raw)
	var expired *oidc.TokenExpiredError
	switch {
	case outcome.unavailable != nil:
		return openbroker.Principal{}, openbroker.ErrUnavailable.
			WithDescription("The keys that check bearer tokens are temporarily unavailable.").
			WithCause(outcome.unavailable)
	case errors.As(err, &expired):
		// The signature is right, so its owner may learn the reason.
		return openbroker.Principal{}, refuse("the token expired at " + expired.Expiry.UTC().Format(time.RFC3339)).
			WithDescription("The bearer token has expired.")
	case err != nil:
		return openbroker.Principal{}, openbroker.ErrUnauthorized.WithCause(shortError{err})
	}
	claims, err := readClaims(token)
	if err != nil {
		return openbroker.Principal{}, openbroker.ErrUnauthorized.WithCause(err)
	}
	return b.principal(claims)
}

// principal returns the principal that the claims of a valid token describe.
func (b *Bearer) principal(claims claims) (openbroker.Principal, error) {
	principal := openbroker.Principal{Method: "bearer", Platform: b.config.Platform}
	err := claims.checkNotBefore(b.config.now().Add(b.config.Leeway))
	if err == nil {
		principal.Name, err = claims.name(b.config.NameClaim)
	}
	if err == nil && b.config.PlatformClaim != "" {
		principal.Platform, err = claims.name(b.config.PlatformClaim)
	}
	if err == nil {
		principal.Scopes, err = claims.scopes()
	}
	if err != nil {
		return openbroker.Principal{}, openbroker.ErrUnauthorized.WithCause(err)
	}
	for _, scope := range b.config.Scopes {
		if !slices.Contains(principal.Scopes, scope) {
			return openbroker.Principal{}, openbroker.NewError(http.StatusForbidden, "InsufficientScope",
				fmt.Sprintf("The bearer token lacks the scope %q, which this service broker requires.", scope))
		}
	}
	return principal, nil
}

// Challenges returns the challenge of RFC 6750, with the required scopes.
func (b *Bearer) Challenges() []string { return slices.Clone(b.challenges) }

type outcomeKey struct{}

// An outcome in the context of a verification reports unavailable keys. The errors
// of go-oidc cannot report them: they contain an error of the key set only as text.
type outcome struct{ unavailable error }

func withOutcome(ctx context.Context) (context.Context, *outcome) {
	o := new(outcome)
	return context.WithValue(ctx, outcomeKey{}, o), o
}

func setUnavailable(ctx context.Context, err error) {
	if o, ok := ctx.Value(outcomeKey{}).(*outcome); ok {
		o.unavailable = err
	}
}

// shortError bounds the text that an issuer can write into the log.
type shortError struct{ error }

func (e shortError) Error() string {
	const limit = 300
	text := e.error.Error()
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "..."
	}
	return text
}

func (e shortError) Unwrap() error { return e.error }
