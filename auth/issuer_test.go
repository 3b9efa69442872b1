package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/openbroker/openbroker/auth"
)

const (
	audience        = "https://broker.example"
	bearerChallenge = `Bearer realm="openbroker"`
)

// clock is an injected clock.
type clock struct{ now atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.now.Store(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Unix())
	return c
}

func (c *clock) Now() time.Time          { return time.Unix(c.now.Load(), 0) }
func (c *clock) advance(d time.Duration) { c.now.Add(int64(d / time.Second)) }

// signer is a key of an issuer.
type signer struct {
	id        string
	algorithm jose.SignatureAlgorithm
	key       crypto.Signer
}

func newRSA(tb testing.TB, id string) signer {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	return signer{id: id, algorithm: jose.RS256, key: key}
}

func newECDSA(tb testing.TB, id string) signer {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return signer{id: id, algorithm: jose.ES256, key: key}
}

func newEd25519(tb testing.TB, id string) signer {
	tb.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return signer{id: id, algorithm: jose.EdDSA, key: key}
}

func (s signer) public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: s.key.Public(), KeyID: s.id, Algorithm: string(s.algorithm), Use: "sig"}
}

// sign returns a value of the Authorization header with a signed token.
func (s signer) sign(tb testing.TB, claims map[string]any) string {
	tb.Helper()
	return "Bearer " + signWith(tb, jose.SigningKey{Algorithm: s.algorithm, Key: jose.JSONWebKey{Key: s.key, KeyID: s.id}}, claims)
}

func signWith(tb testing.TB, key jose.SigningKey, claims map[string]any) string {
	tb.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		tb.Fatal(err)
	}
	jws, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		tb.Fatal(err)
	}
	signed, err := jws.Sign(payload)
	if err != nil {
		tb.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		tb.Fatal(err)
	}
	return compact
}

// unsigned returns a token with the given header and signature.
func unsigned(tb testing.TB, header, signature string, claims map[string]any) string {
	tb.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		tb.Fatal(err)
	}
	b64 := base64.RawURLEncoding
	return "Bearer " + b64.EncodeToString([]byte(header)) + "." + b64.EncodeToString(payload) + "." + b64.EncodeToString([]byte(signature))
}

// issuer is an OpenID Connect provider with discovery and a key set, over TLS.
type issuer struct {
	*httptest.Server
	clock   *clock
	fetches atomic.Int64 // of the key set

	mu     sync.Mutex
	keys   []jose.JSONWebKey
	answer http.HandlerFunc // replaces all responses, or nil
}

func newIssuer(tb testing.TB, keys ...signer) *issuer {
	tb.Helper()
	i := &issuer{clock: newClock()}
	i.publish(keys...)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		i.fetches.Add(1)
		i.mu.Lock()
		defer i.mu.Unlock()
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: i.keys})
	})
	i.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		answer := i.answer
		i.mu.Unlock()
		if answer == nil {
			answer = mux.ServeHTTP
		}
		answer(w, r)
	}))
	i.Config.ErrorLog = nil
	tb.Cleanup(i.Close)
	return i
}

func (i *issuer) publish(keys ...signer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = nil
	for _, key := range keys {
		i.keys = append(i.keys, key.public())
	}
}

// breakWith makes the issuer answer every request with the handler; nil restores
// it.
func (i *issuer) breakWith(answer http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = answer
}

// down responds with 500.
func down(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, strings.Repeat("out of order ", 1000), http.StatusInternalServerError)
}

// config returns a configuration for tokens of the issuer that discovers its keys.
func (i *issuer) config(log *logBuffer) auth.BearerConfig {
	config := auth.BearerConfig{Issuer: i.URL, Audience: audience, HTTPClient: i.Client(), Logger: log.logger()}
	config.SetClock(i.clock.Now)
	return config
}

// claims returns valid claims with changes; a nil value removes a claim.
func (i *issuer) claims(changes map[string]any) map[string]any {
	now := i.clock.Now()
	claims := map[string]any{
		"iss": i.URL, "aud": audience, "sub": "cc-client",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}
