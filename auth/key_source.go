package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/openbroker/openbroker/internal/boundedhttp"
)

const (
	// fetchTimeout covers discovery and keys together. It is shorter than the
	// shortest timeout of a platform, 10 s, so that the platform sees the 503.
	fetchTimeout   = 5 * time.Second
	maxKeys        = 200
	maxRedirects   = 3
	schemeHTTPS    = "https"
	schemeHTTP     = "http"
	usageSignature = "sig"
)

// A keySource fetches the keys of an issuer.
type keySource func(context.Context) ([]jose.JSONWebKey, error)

func newKeySource(config *BearerConfig) (keySource, error) {
	client := newFetchClient(config.HTTPClient)
	if config.JWKSURL != "" {
		if err := checkURL(config.JWKSURL); err != nil {
			return nil, fmt.Errorf("the JWKSURL %w", err)
		}
		return func(ctx context.Context) ([]jose.JSONWebKey, error) {
			return fetchKeys(ctx, client, config.JWKSURL)
		}, nil
	}
	if err := checkURL(config.Issuer); err != nil {
		return nil, fmt.Errorf("the Issuer %w; or set JWKSURL or Keys", err)
	}
	return func(ctx context.Context) ([]jose.JSONWebKey, error) {
		// Repeat the discovery: the issuer may move its keys.
		provider, err := oidc.NewProvider(oidc.ClientContext(ctx, client), config.Issuer)
		if err != nil {
			return nil, fmt.Errorf("OpenID Connect discovery: %w", withoutURL(err))
		}
		var document struct {
			JWKSURL string `json:"jwks_uri"`
		}
		if err := provider.Claims(&document); err != nil {
			return nil, fmt.Errorf("OpenID Connect discovery: %w", err)
		}
		if err := checkURL(document.JWKSURL); err != nil {
			return nil, fmt.Errorf("OpenID Connect discovery: the jwks_uri %w", err)
		}
		return fetchKeys(ctx, client, document.JWKSURL)
	}, nil
}

// withoutURL removes the URL that package http puts in front of an error.
func withoutURL(err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err
	}
	return err
}

// checkURL requires https: an attacker who can change the keys in transit can
// sign tokens. The error completes a sentence that begins with the URL's name.
func checkURL(raw string) error {
	parsed, err := url.Parse(raw)
	switch {
	case strings.Contains(raw, "@"): // A parsed URL hides a password that is not escaped.
		return errors.New("contains a user name or password, which is not supported")
	case err != nil || parsed.Host == "":
		return errors.New("is not a URL")
	case parsed.Scheme == schemeHTTPS, parsed.Scheme == schemeHTTP && isLoopback(parsed.Hostname()):
		return nil
	default:
		return errors.New("must be an https URL; http is accepted for loopback hosts only")
	}
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// newFetchClient returns a copy of base with bounded time, size and redirects. It
// follows redirects to https only.
func newFetchClient(base *http.Client) *http.Client {
	client := new(http.Client)
	if base != nil {
		*client = *base
	}
	client.Transport = boundedhttp.Transport{Base: client.Transport}
	if client.Timeout == 0 || client.Timeout > fetchTimeout {
		client.Timeout = fetchTimeout
	}
	client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return errors.New("too many redirects")
		}
		if err := checkURL(r.URL.String()); err != nil {
			return fmt.Errorf("the target of the redirect %w", err)
		}
		return nil
	}
	return client
}

func fetchKeys(ctx context.Context, client *http.Client, address string) ([]jose.JSONWebKey, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	shown := request.URL.Scheme + "://" + request.URL.Host + request.URL.Path // The query may contain a token.
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("key set: %s: %w", shown, withoutURL(err))
	}
	defer response.Body.Close() //nolint:errcheck // The body was only read.
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("key set: %s answered %s", shown, response.Status)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	keys, err := parseKeySet(body)
	if err != nil {
		return nil, fmt.Errorf("key set: %s: %w", shown, err)
	}
	return keys, nil
}

// parseKeySet parses a JSON Web Key Set. It skips keys that are not for
// signatures and keys of unsupported types (RFC 7517, section 5).
func parseKeySet(body []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, errors.New("the response is not a JSON Web Key Set")
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("the key set has %d keys: at most %d are accepted", len(set.Keys), maxKeys)
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if err := json.Unmarshal(raw, &key); err != nil {
			continue
		}
		if (key.Use == "" || key.Use == usageSignature) && key.Valid() && checkPublicKey(key.Key) == nil {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the key set has no usable public key for signatures")
	}
	return keys, nil
}
