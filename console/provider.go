package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/openbroker/openbroker/internal/boundedhttp"
)

const (
	// providerTimeout limits each request to the provider.
	providerTimeout = 10 * time.Second
	// discoveryAge is how long the result of a discovery is used: a provider may move
	// its addresses.
	discoveryAge = time.Hour
	// discoveryRetry is the shortest time between two discoveries, which anyone can cause.
	discoveryRetry = 5 * time.Second
)

// A provider is the OpenID Connect provider, which is discovered when it is needed: a
// console starts without it.
type provider struct {
	config *OIDC
	client *http.Client

	turn    chan struct{} // holds one value while a request reads or changes what follows
	known   *discovered
	fetched time.Time // when known was fetched
	tried   time.Time // when the last discovery began
	failure error     // of the last discovery
}

// discovered is what the provider says about itself.
type discovered struct {
	provider *oidc.Provider
	oauth    *oauth2.Config
	// namesIssuer says that each answer of the provider has its issuer (RFC 9207).
	namesIssuer bool
}

func newProvider(config *OIDC) *provider {
	client := new(http.Client)
	if config.HTTPClient != nil {
		*client = *config.HTTPClient
	}
	client.Transport = boundedhttp.Transport{Base: client.Transport}
	client.Timeout = providerTimeout
	client.Jar = nil
	// A redirect could lead the secret of the client elsewhere.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &provider{config: config, client: client, turn: make(chan struct{}, 1)}
}

// context returns a context in which requests have the client.
func (p *provider) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.client)
}

// discover returns what the provider says about itself. If it does not answer, the
// last answer stays in use.
func (p *provider) discover(ctx context.Context) (*discovered, error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	now := p.config.now()
	if p.known != nil && now.Sub(p.fetched) < discoveryAge {
		return p.known, nil
	}
	if p.tried.IsZero() || now.Sub(p.tried) >= discoveryRetry {
		p.tried = now
		// The next request needs it, even if this browser is gone.
		var found *discovered
		if found, p.failure = p.fetch(context.WithoutCancel(ctx)); p.failure == nil {
			p.known, p.fetched = found, now
		}
	}
	if p.known == nil {
		return nil, p.failure
	}
	return p.known, nil
}

func (p *provider) fetch(ctx context.Context) (*discovered, error) {
	found, err := oidc.NewProvider(p.context(ctx), p.config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	var document struct {
		Keys        string   `json:"jwks_uri"`
		Methods     []string `json:"token_endpoint_auth_methods_supported"`
		NamesIssuer bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := found.Claims(&document); err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	endpoint := found.Endpoint()
	for name, address := range map[string]string{"authorization_endpoint": endpoint.AuthURL, "token_endpoint": endpoint.TokenURL, "jwks_uri": document.Keys} {
		if _, err := secureURL(address); err != nil {
			return nil, fmt.Errorf("discovery: the %s %w", name, err)
		}
	}
	// Without a list, the method is client_secret_basic (OpenID Connect Discovery 1.0).
	// Trying both would send a code twice.
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	post := len(document.Methods) > 0 && !slices.Contains(document.Methods, "client_secret_basic") && slices.Contains(document.Methods, "client_secret_post")
	if p.config.ClientSecret == "" || post {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &discovered{
		provider: found, namesIssuer: document.NamesIssuer,
		oauth: &oauth2.Config{
			ClientID: p.config.ClientID, ClientSecret: p.config.ClientSecret, Endpoint: endpoint,
			RedirectURL: p.config.RedirectURL, Scopes: p.config.Scopes,
		},
	}, nil
}

// exchange exchanges a code for the identity of the user.
func (p *provider) exchange(ctx context.Context, known *discovered, code string, began *pending) (*identity, error) {
	ctx, cancel := context.WithTimeout(p.context(ctx), providerTimeout)
	defer cancel()
	tokens, err := known.oauth.Exchange(ctx, code, oauth2.VerifierOption(began.Verifier))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused):
		return nil, tokenRefusal(refused)
	case err != nil:
		return nil, failure{http.StatusServiceUnavailable, textAway, "the token endpoint: " + short(err)}
	}
	raw, isText := tokens.Extra("id_token").(string)
	if !isText {
		return nil, failure{http.StatusForbidden, textToken, "the answer of the token endpoint has no id_token: the scopes need openid"}
	}
	who, err := p.config.identify(ctx, known, raw, began.Nonce)
	var expired *oidc.TokenExpiredError
	switch {
	case err == nil:
		return who, nil
	case errors.As(err, &expired):
		return nil, failure{http.StatusForbidden, textToken, "the ID token expired at " + expired.Expiry.UTC().Format(time.RFC3339) + ": compare the clocks"}
	case strings.Contains(err.Error(), raw):
		return nil, failure{http.StatusForbidden, textToken, "the ID token is malformed"}
	default:
		return nil, failure{http.StatusForbidden, textToken, short(err)}
	}
}

// tokenRefusal is the failure for an error of the token endpoint. The text of such an
// error has the answer, which could repeat the request.
func tokenRefusal(refused *oauth2.RetrieveError) failure {
	reason := "the token endpoint answered " + refused.Response.Status
	switch refused.ErrorCode {
	case "invalid_grant":
		return failure{http.StatusBadRequest, textExpired, reason + ", invalid_grant: the code is expired, used or that of another login"}
	case "invalid_client", "unauthorized_client":
		return failure{http.StatusForbidden, textClient, reason + ", " + refused.ErrorCode + ": check client_id and client_secret"}
	case "":
		return failure{http.StatusServiceUnavailable, textAway, reason}
	default:
		return failure{http.StatusForbidden, textToken, reason + ", " + errorCode(refused.ErrorCode)}
	}
}

// errorCode returns an error code of OAuth 2.0 if it looks like one.
func errorCode(code string) string {
	if len(code) > 64 || strings.ContainsFunc(code, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' }) {
		return "an unknown error"
	}
	return code
}

// short limits what a provider can write to the log.
func short(err error) string {
	const limit = 300
	text := err.Error()
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "..."
	}
	return text
}
