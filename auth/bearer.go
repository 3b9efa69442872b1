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
	maxLeeway     = 2 * time.Minute // go-oidc allows 5 minutes for nbf, of which this is taken off.
)

// signatureAlgorithms are those that can be allowed, all of them with public
// keys: "none" and the HMACs must never be. True are the default.
var signatureAlgorithms = map[string]bool{
	oidc.RS256: true, oidc.RS384: false, oidc.RS512: false,
	oidc.PS256: true, oidc.PS384: false, oidc.PS512: false,
	oidc.ES256: true, oidc.ES384: false, oidc.ES512: false,
	oidc.EdDSA: true,
}

// BearerConfig says which tokens [Bearer] accepts.
type BearerConfig struct {
	// Issuer is the exact "iss" claim of the tokens. Required. If neither
	// JWKSURL nor Keys is set it must be the URL of an OpenID Connect provider,
	// whose discovery document says where its keys are.
	Issuer string
	// Audience must be among the "aud" claim of the tokens. Required: an
	// issuer also issues tokens that were not meant for the broker.
	Audience string
	// JWKSURL is where the JSON Web Key Set of the issuer is. URLs must be
	// https; http is accepted for loopback hosts only.
	JWKSURL string
	// Keys are the public keys of the issuer, *rsa.PublicKey of at least 2048
	// bits, *ecdsa.PublicKey or ed25519.PublicKey, if they are not to be
	// fetched.
	Keys []crypto.PublicKey
	// Algorithms are the accepted signature algorithms, by default RS256, PS256,
	// ES256 and EdDSA; the 384 and 512 bit variants can be added. Others are an
	// error.
	Algorithms []string
	// Scopes are all required; they are looked for in the claims "scope" and
	// "scp", which are space-separated strings or arrays. A valid token that
	// lacks one is answered with 403.
	Scopes []string
	// NameClaim is the claim that names the principal, "sub" by default. A
	// token without it is refused.
	NameClaim string
	// Platform is the platform of every token's principal. If it is empty and
	// PlatformClaim too, that of [Credential] applies.
	Platform string
	// PlatformClaim is the claim that names the platform, if tokens of several
	// platforms are accepted. A token without it is refused. Set it or
	// Platform.
	PlatformClaim string
	// Leeway is how far the clocks of issuer and broker may differ: 30 s by
	// default, at most 2 minutes, negative for none.
	Leeway time.Duration
	// HTTPClient fetches discovery document and keys; a plain client by
	// default. A request that takes more than 5 seconds is given up anyway.
	HTTPClient *http.Client
	// Now is the clock, [time.Now] by default.
	Now func() time.Time
	// Logger is told when keys cannot be refreshed; [slog.Default] by default.
	Logger *slog.Logger
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
	if c.Now == nil {
		c.Now = time.Now
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
		return errors.New("the Issuer has a user name or password, which is not supported")
	case c.JWKSURL != "" && len(c.Keys) > 0:
		return errors.New("there are both JWKSURL and Keys: set one of them, or none for OpenID Connect discovery")
	case c.Platform != "" && c.PlatformClaim != "":
		return errors.New("there are both Platform and PlatformClaim: set one of them")
	case !printable(c.Platform):
		return errors.New("the Platform has a control character or is not UTF-8")
	case c.Leeway > maxLeeway:
		return fmt.Errorf("the Leeway is %v: at most %v is accepted", c.Leeway, maxLeeway)
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
// Keys are fetched when the first token arrives, refreshed every ten minutes in
// the background, and fetched again, at most every five seconds, when a token is
// signed by an unknown one, so that the issuer can rotate them. While the issuer
// is away, the keys that are known stay in use for a day; tokens that cannot be
// checked are answered with 503, since a 401 would say that they are wrong.
type Bearer struct {
	config     BearerConfig
	verifier   *oidc.IDTokenVerifier
	challenges []string
}

var _ openbroker.Authenticator = (*Bearer)(nil)

// NewBearer returns an authenticator for tokens. It does not use the network,
// so the broker starts while the issuer is away. The error says which field of
// config is unacceptable.
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
			Now:                  func() time.Time { return config.Now().Add(-config.Leeway) },
		}),
	}, nil
}

// Authenticate returns the principal with "bearer" as Method and the scopes of
// the token. The error is 401 if there is no token or an unacceptable one, 403
// if it lacks a required scope, and 503 if the keys cannot be fetched.
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
		// Its signature was right, so its owner may know.
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

// principal makes the caller out of the claims of a valid token.
func (b *Bearer) principal(claims claims) (openbroker.Principal, error) {
	principal := openbroker.Principal{Method: "bearer", Platform: b.config.Platform}
	err := claims.checkNotBefore(b.config.Now().Add(b.config.Leeway))
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

// An outcome carries out of go-oidc, which flattens the errors of a key set,
// that the keys are away.
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

// shortError bounds what an issuer can write into the log.
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
