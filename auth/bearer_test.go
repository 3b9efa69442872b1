package auth_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/openbroker/openbroker/auth"
)

func newBearer(tb testing.TB, config auth.BearerConfig) *auth.Bearer {
	tb.Helper()
	b, err := auth.NewBearer(config)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestBearerAccepts(t *testing.T) {
	t.Parallel()
	signers := []signer{newRSA(t, "rsa"), newECDSA(t, "ec"), newEd25519(t, "ed")}
	i := newIssuer(t, signers...)
	discovery := i.config(new(logBuffer))
	discovery.Platform = "cf"
	remote := discovery
	remote.JWKSURL = i.URL + "/keys"
	static := discovery
	static.HTTPClient = nil
	for _, s := range signers {
		static.Keys = append(static.Keys, s.key.Public())
	}
	for name, config := range map[string]auth.BearerConfig{"discovery": discovery, "key set": remote, "keys": static} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, newBearer(t, config))
			for _, key := range signers {
				got := s.provision(t, key.sign(t, i.claims(map[string]any{"scope": "a b"})))
				mustAccept(t, got, "cc-client", "bearer", "cf")
				if !slices.Equal(got.scopes, []string{"a", "b"}) {
					t.Errorf("scopes %q", got.scopes)
				}
				mustAccept(t, s.provision(t, "bEARER"+key.sign(t, i.claims(nil))[6:]), "cc-client", "bearer", "cf")
			}
		})
	}
}

func TestBearerClaims(t *testing.T) {
	t.Parallel()
	key := newECDSA(t, "k")
	i := newIssuer(t, key)
	now := i.clock.Now()
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	config := i.config(new(logBuffer))
	config.Keys = []crypto.PublicKey{key.key.Public()}
	config.Leeway = 10 * time.Second
	custom := config
	custom.NameClaim, custom.PlatformClaim = "azp", "platform"
	for _, c := range []struct {
		name    string
		config  auth.BearerConfig
		changes map[string]any
		cause   string // empty if it is accepted
	}{
		{"audience in a list", config, map[string]any{"aud": []string{"other", audience}}, ""},
		{"wrong audience", config, map[string]any{"aud": "other"}, "expected audience"},
		{"no audience", config, map[string]any{"aud": nil}, "expected audience"},
		{"wrong issuer", config, map[string]any{"iss": "https://other"}, "issued by a different provider"},
		{"issuer with a slash", config, map[string]any{"iss": i.URL + "/"}, "issued by a different provider"},
		{"no issuer", config, map[string]any{"iss": nil}, "issued by a different provider"},
		{"expired within leeway", config, map[string]any{"exp": at(-9 * time.Second)}, ""},
		{"expired", config, map[string]any{"exp": at(-11 * time.Second)}, "the token expired at"},
		{"no expiry", config, map[string]any{"exp": nil}, "expired"},
		{"expiry is text", config, map[string]any{"exp": "tomorrow"}, "unmarshal"},
		{"not yet valid within leeway", config, map[string]any{"nbf": at(9 * time.Second)}, ""},
		{"not yet valid", config, map[string]any{"nbf": at(11 * time.Second)}, "not valid yet"},
		{"not valid for long", config, map[string]any{"nbf": at(time.Hour)}, "nbf"},
		{"no subject", config, map[string]any{"sub": nil}, `no claim "sub"`},
		{"empty subject", config, map[string]any{"sub": ""}, `claim "sub"`},
		{"subject is a number", config, map[string]any{"sub": 5}, "unmarshal"},
		{"long subject", config, map[string]any{"sub": strings.Repeat("x", 256)}, `claim "sub"`},
		{"line break in subject", config, map[string]any{"sub": "a\nb"}, `claim "sub"`},
		{"scope is a number", config, map[string]any{"scope": 5}, `claim "scope"`},
		{"other claims", custom, map[string]any{"azp": "cc-client", "platform": "", "sub": nil}, `claim "platform"`},
		{"no platform claim", custom, map[string]any{"azp": "cc-client"}, `no claim "platform"`},
		{"platform is a list", custom, map[string]any{"azp": "cc-client", "platform": []string{"a"}}, `claim "platform"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, newBearer(t, c.config))
			got := s.provision(t, key.sign(t, i.claims(c.changes)))
			if c.cause == "" {
				mustAccept(t, got, "cc-client", "bearer", "")
				return
			}
			mustRefuse(t, got, bearerChallenge)
			if !strings.Contains(s.log.String(), strings.ReplaceAll(c.cause, `"`, `\"`)) {
				t.Errorf("no %q in %s", c.cause, s.log)
			}
		})
	}
	t.Run("custom claims", func(t *testing.T) {
		t.Parallel()
		s := serve(t, newBearer(t, custom))
		got := s.provision(t, key.sign(t, i.claims(map[string]any{"azp": "cc", "platform": "cf"})))
		mustAccept(t, got, "cc", "bearer", "cf")
	})
}

func TestBearerScopes(t *testing.T) {
	t.Parallel()
	key := newECDSA(t, "k")
	i := newIssuer(t, key)
	config := i.config(new(logBuffer))
	config.Scopes = []string{"broker.read", "broker.write"}
	s := serve(t, newBearer(t, config))
	for _, c := range []struct {
		name    string
		changes map[string]any
		status  int
	}{
		{"string", map[string]any{"scope": "x broker.write broker.read"}, http.StatusCreated},
		{"array", map[string]any{"scope": []string{"broker.write", "broker.read"}}, http.StatusCreated},
		{"scp", map[string]any{"scp": []string{"broker.write", "broker.read"}}, http.StatusCreated},
		{"scp string", map[string]any{"scp": "broker.write broker.read"}, http.StatusCreated},
		{"both claims", map[string]any{"scp": "broker.write", "scope": "broker.read"}, http.StatusCreated},
		{"one", map[string]any{"scope": "broker.read"}, http.StatusForbidden},
		{"part of a word", map[string]any{"scope": "broker.read broker.writer"}, http.StatusForbidden},
		{"none", nil, http.StatusForbidden},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := s.provision(t, key.sign(t, i.claims(c.changes)))
			if got.status != c.status {
				t.Fatalf("status %d, want %d: %v", got.status, c.status, got.body)
			}
			description, _ := got.body["description"].(string)
			if c.status == http.StatusForbidden && (!strings.Contains(description, "scope") || got.body["error"] != "InsufficientScope") {
				t.Errorf("body %v does not name the scope", got.body)
			}
		})
	}
	mustRefuse(t, s.provision(t), `Bearer realm="openbroker", scope="broker.read broker.write"`)
}

func TestBearerRefusesForgeries(t *testing.T) {
	t.Parallel()
	key, ec, stranger := newRSA(t, "k"), newECDSA(t, "ec"), newRSA(t, "k")
	i := newIssuer(t, key, ec)
	log := new(logBuffer)
	config := i.config(log)
	static := config
	static.Keys = []crypto.PublicKey{key.key.Public(), ec.key.Public()}
	claims := i.claims(nil)
	good := key.sign(t, claims)
	der, err := x509.MarshalPKIXPublicKey(key.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	armored := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	hmacWith := func(secret []byte) string {
		return "Bearer " + signWith(t, jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: secret, KeyID: "k"}}, claims)
	}
	parts := strings.Split(good, ".")
	other := strings.Split(key.sign(t, i.claims(map[string]any{"sub": "admin"})), ".")
	ps256 := signer{id: "k", algorithm: jose.PS256, key: key.key}
	rs512 := signer{id: "k", algorithm: jose.RS512, key: key.key}
	for _, c := range []struct{ name, header string }{
		{"none", unsigned(t, `{"alg":"none","kid":"k"}`, "", claims)},
		{"none with a signature", unsigned(t, `{"alg":"none","kid":"k"}`, "x", claims)},
		{"None", unsigned(t, `{"alg":"NONE"}`, "x", claims)},
		{"no algorithm", unsigned(t, `{"kid":"k"}`, "x", claims)},
		{"header as an array", unsigned(t, `[]`, "x", claims)},
		{"HS256 with the public key in DER", hmacWith(der)},
		{"HS256 with the public key in PEM", hmacWith(armored)},
		{"an algorithm that is not allowed", rs512.sign(t, claims)},
		{"another algorithm than that of the key", ps256.sign(t, claims)},
		{"the id of another key", signer{id: "k", algorithm: jose.ES256, key: ec.key}.sign(t, claims)},
		{"no id", signer{algorithm: jose.RS256, key: stranger.key}.sign(t, claims)},
		{"another's key under a known id", stranger.sign(t, claims)},
		{"an unknown id", signer{id: "other", algorithm: jose.RS256, key: stranger.key}.sign(t, claims)},
		{"its own key in the header", embedded(t, stranger, claims)},
		{"replaced payload", parts[0] + "." + other[1] + "." + parts[2]},
		{"truncated signature", good[:len(good)-20]},
		{"no signature", parts[0] + "." + parts[1] + "."},
		{"two parts", parts[0] + "." + parts[1]},
		{"four parts", good + ".x"},
		{"JSON serialization", `Bearer {"payload":"` + parts[1] + `","protected":"` + strings.TrimPrefix(parts[0], "Bearer ") + `","signature":"` + parts[2] + `"}`},
		{"junk", "Bearer \xff\xfe"},
		{"empty", "Bearer "},
		{"scheme only", "Bearer"},
		{"basic", basicHeader("cc", "secret")},
		{"huge", "Bearer " + strings.Repeat("a", 20_000)},
		{"huge parts", "Bearer " + strings.Repeat("a", 5000) + "." + strings.Repeat("a", 5000) + "." + strings.Repeat("a", 5000)},
		{"encrypted", "Bearer a.b.c.d.e"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, config := range []auth.BearerConfig{config, static} {
				if strings.Contains(c.name, "another") && len(config.Keys) > 0 && !strings.Contains(c.name, "another's") {
					continue // Fixed keys have neither ids nor algorithms.
				}
				s := serve(t, newBearer(t, config))
				mustRefuse(t, s.provision(t, c.header), bearerChallenge)
				if token, ok := strings.CutPrefix(c.header, "Bearer "); ok && len(token) > 20 {
					mustNotReveal(t, s.log.String(), token)
				}
				mustAccept(t, s.provision(t, good), "cc-client", "bearer", "")
			}
		})
	}
	t.Run("twice", func(t *testing.T) {
		t.Parallel()
		s := serve(t, newBearer(t, config))
		mustRefuse(t, s.provision(t, good, good), bearerChallenge)
		mustRefuse(t, s.provision(t), bearerChallenge)
		mustNotReveal(t, s.log.String(), good[7:], parts[2])
	})
}

// embedded returns a token whose header contains its own key.
func embedded(t *testing.T, s signer, claims map[string]any) string {
	t.Helper()
	public, err := json.Marshal(s.public())
	if err != nil {
		t.Fatal(err)
	}
	jws, err := jose.NewSigner(jose.SigningKey{Algorithm: s.algorithm, Key: s.key}, &jose.SignerOptions{EmbedJWK: true})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := jws.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil || !bytes.Contains(public, []byte("kty")) {
		t.Fatal(err)
	}
	return "Bearer " + compact
}

func TestNewBearerRefuses(t *testing.T) {
	t.Parallel()
	key := newECDSA(t, "k")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	base := auth.BearerConfig{Issuer: "https://issuer.example", Audience: "a"}
	if _, err := auth.NewBearer(base); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*auth.BearerConfig)
		want   string
	}{
		{"no issuer", func(c *auth.BearerConfig) { c.Issuer = "" }, "Issuer is empty"},
		{"no audience", func(c *auth.BearerConfig) { c.Audience = "" }, "Audience is empty"},
		{"issuer is no URL", func(c *auth.BearerConfig) { c.Issuer = "issuer" }, "Issuer is not a URL"},
		{"issuer over http", func(c *auth.BearerConfig) { c.Issuer = "http://issuer.example" }, "must be an https URL"},
		{"key set over http", func(c *auth.BearerConfig) { c.JWKSURL = "http://issuer.example/keys" }, "must be an https URL"},
		{"key set from a file", func(c *auth.BearerConfig) { c.JWKSURL = "file://host/keys" }, "must be an https URL"},
		{"password in URL", func(c *auth.BearerConfig) { c.JWKSURL = "https://u:hunter2@issuer.example/keys" }, "user name"},
		{"key set and keys", func(c *auth.BearerConfig) {
			c.JWKSURL, c.Keys = "https://issuer.example/keys", []crypto.PublicKey{key.key.Public()}
		}, "both JWKSURL and Keys"},
		{"weak key", func(c *auth.BearerConfig) { c.Keys = []crypto.PublicKey{weak.Public()} }, "Keys[0] has less than 2048 bits"},
		{"private key", func(c *auth.BearerConfig) { c.Keys = []crypto.PublicKey{key.key.Public(), key.key} }, "Keys[1] is a private key"},
		{"symmetric key", func(c *auth.BearerConfig) { c.Keys = []crypto.PublicKey{[]byte("hunter2")} }, "is a []uint8"},
		{"nil key", func(c *auth.BearerConfig) { c.Keys = []crypto.PublicKey{nil} }, "Keys[0]"},
		{"nil RSA key", func(c *auth.BearerConfig) { c.Keys = []crypto.PublicKey{(*rsa.PublicKey)(nil)} }, "Keys[0]"},
		{"zero ECDSA key", func(c *auth.BearerConfig) { c.Keys = []crypto.PublicKey{new(ecdsa.PublicKey)} }, "has no curve"},
		{"none", func(c *auth.BearerConfig) { c.Algorithms = []string{"RS256", "none"} }, `"none"`},
		{"HS256", func(c *auth.BearerConfig) { c.Algorithms = []string{"HS256"} }, `"HS256"`},
		{"scope", func(c *auth.BearerConfig) { c.Scopes = []string{"a b"} }, `scope "a b"`},
		{"scope breaks out of the challenge", func(c *auth.BearerConfig) { c.Scopes = []string{`a"`} }, "scope"},
		{"platform twice", func(c *auth.BearerConfig) { c.Platform, c.PlatformClaim = "a", "b" }, "both Platform"},
		{"platform", func(c *auth.BearerConfig) { c.Platform = "a\n" }, "Platform"},
		{"leeway", func(c *auth.BearerConfig) { c.Leeway = time.Hour }, "Leeway is 1h0m0s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			config := base
			c.change(&config)
			_, err := auth.NewBearer(config)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			mustNotReveal(t, err.Error(), "hunter2")
		})
	}
}
