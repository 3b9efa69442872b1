package console_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/openbroker/openbroker/console"
)

// What no page and no log may have.
const (
	clientSecret = "client-secret-dGhlIHNlY3JldA"
	codePrefix   = "code-of-the-provider-"
	accessToken  = "access-token-of-the-provider"
	tokenPrefix  = "eyJhbGciOi" // {"alg":
)

// A clock is the clock of a console and of its provider.
type clock struct{ offset atomic.Int64 }

func (c *clock) Now() time.Time          { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

// keyOfProvider is generated once, because that takes long.
var keyOfProvider = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// An idp is an OpenID Connect provider that refuses whatever is not exactly right.
type idp struct {
	t        *testing.T
	server   *httptest.Server
	url      string
	clock    *clock
	redirect string // the registered redirect URL

	mu sync.Mutex
	// The fields below change what it does.
	document map[string]any                                      // further fields of the discovery document
	claims   map[string]any                                      // claims of the next ID token; nil removes one
	key      *rsa.PrivateKey                                     // that signs, or nil
	token    func(w http.ResponseWriter, granted map[string]any) // answers in place of the token endpoint
	answer   http.HandlerFunc                                    // answers in place of everything
	secret   string                                              // of the client, or empty for a public one
	post     bool                                                // the secret is in the form
	codes    map[string]url.Values                               // the requests of the codes that were not used
	prompts  []string                                            // of the requests
	faults   []string                                            // what was not right
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	p := &idp{t: t, clock: new(clock), secret: clientSecret, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		document := map[string]any{
			"issuer": p.url, "authorization_endpoint": p.url + "/authorize", "token_endpoint": p.url + "/token", "jwks_uri": p.url + "/keys",
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		}
		maps.Copy(document, p.document)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(document)
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: keyOfProvider().Public(), KeyID: "one", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /authorize", p.ask)
	mux.HandleFunc("POST /authorize", p.grant)
	mux.HandleFunc("POST /token", p.exchange)
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.answer != nil {
			p.answer(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.server.Close)
	// Another site than the console, so that browsers treat its cookies so.
	p.url = strings.Replace(p.server.URL, "127.0.0.1", "localhost", 1)
	return p
}

// set changes what the provider does.
func (p *idp) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

func (p *idp) refuse(w http.ResponseWriter, code, format string, args ...any) {
	p.faults = append(p.faults, fmt.Sprintf(format, args...))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": code, "error_description": fmt.Sprintf(format, args...)})
}

// wrong returns what is not right with an authorization request, or empty.
func (p *idp) wrong(q url.Values) string {
	challenge, err := base64.RawURLEncoding.DecodeString(q.Get("code_challenge"))
	switch {
	case q.Get("client_id") != "openbroker":
		return "the client id is " + q.Get("client_id")
	case q.Get("redirect_uri") != p.redirect:
		return "the redirect URL is " + q.Get("redirect_uri")
	case q.Get("response_type") != "code":
		return "the response type is " + q.Get("response_type")
	case !slices.Contains(strings.Fields(q.Get("scope")), "openid"):
		return "the scope is " + q.Get("scope")
	case q.Get("code_challenge_method") != "S256" || err != nil || len(challenge) != sha256.Size:
		return "the challenge is " + q.Get("code_challenge_method") + " " + q.Get("code_challenge")
	case len(q.Get("state")) < 32 || len(q.Get("nonce")) < 32:
		return "state and nonce are " + q.Get("state") + " and " + q.Get("nonce")
	default:
		return ""
	}
}

// ask is the page on which users log in.
func (p *idp) ask(w http.ResponseWriter, r *http.Request) {
	if wrong := p.wrong(r.URL.Query()); wrong != "" {
		p.refuse(w, "invalid_request", "%s", wrong)
		return
	}
	p.prompts = append(p.prompts, r.URL.Query().Get("prompt"))
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, `<!doctype html><title>Provider</title><h1>Who are you?</h1><form method=post action="/authorize?`+html.EscapeString(r.URL.RawQuery)+`">
		<input name=user id=user><button id=allow>Allow</button><button id=deny name=deny value=yes>Deny</button></form>`)
}

// grant sends the user back with a code.
func (p *idp) grant(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if wrong := p.wrong(q); wrong != "" {
		p.refuse(w, "invalid_request", "%s", wrong)
		return
	}
	answer := url.Values{"state": {q.Get("state")}}
	if r.FormValue("deny") != "" {
		answer.Set("error", "access_denied")
		answer.Set("error_description", "<b>"+r.FormValue("user")+"</b> does not want to")
	} else {
		code := codePrefix + rand.Text()
		q.Set("user", r.FormValue("user"))
		p.codes[code] = q
		answer.Set("code", code)
	}
	if p.document["authorization_response_iss_parameter_supported"] == true {
		answer.Set("iss", p.url)
	}
	http.Redirect(w, r, p.redirect+"?"+answer.Encode(), http.StatusSeeOther)
}

// exchange is the token endpoint.
func (p *idp) exchange(w http.ResponseWriter, r *http.Request) {
	client, secret, basic := r.BasicAuth()
	if !basic {
		client, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if client != "openbroker" || secret != p.secret || basic != (p.secret != "" && !p.post) {
		p.refuse(w, "invalid_client", "the client is %q, basic %v", client, basic)
		return
	}
	code := r.PostFormValue("code")
	asked := p.codes[code]
	delete(p.codes, code)
	verifier := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case asked == nil:
		p.refuse(w, "invalid_grant", "the code %s is unknown or was used", code)
		return
	case r.PostFormValue("grant_type") != "authorization_code" || r.PostFormValue("redirect_uri") != p.redirect:
		p.refuse(w, "invalid_grant", "the grant type or the redirect URL differs")
		return
	case base64.RawURLEncoding.EncodeToString(verifier[:]) != asked.Get("code_challenge"):
		p.refuse(w, "invalid_grant", "the verifier is not that of the challenge")
		return
	}
	now := p.clock.Now()
	claims := map[string]any{
		"iss": p.url, "aud": "openbroker", "sub": "sub-" + asked.Get("user"), "nonce": asked.Get("nonce"),
		"iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "preferred_username": asked.Get("user"),
	}
	maps.Copy(claims, p.claims)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	granted := map[string]any{"access_token": accessToken, "token_type": "Bearer", "expires_in": 300, "id_token": p.sign(claims)}
	w.Header().Set("Content-Type", "application/json")
	if p.token != nil {
		p.token(w, granted)
		return
	}
	_ = json.NewEncoder(w).Encode(granted)
}

func (p *idp) sign(claims map[string]any) string {
	key := p.key
	if key == nil {
		key = keyOfProvider()
	}
	payload, err := json.Marshal(claims)
	ok(p.t, err)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "one"}}, (&jose.SignerOptions{}).WithType("JWT"))
	ok(p.t, err)
	signed, err := signer.Sign(payload)
	ok(p.t, err)
	compact, err := signed.CompactSerialize()
	ok(p.t, err)
	return compact
}

// withLogin serves a console whose users log in at the provider: ada and the group
// platform-team may act, eve and the group on-call may look.
func (p *idp) withLogin(w *world, change func(*console.Config)) *fixture {
	p.t.Helper()
	store, s, stop := w.run()
	p.t.Cleanup(stop)
	server := httptest.NewUnstartedServer(nil)
	p.redirect = "http://" + server.Listener.Addr().String() + console.CallbackPath
	login := &console.OIDC{Issuer: p.url, ClientID: "openbroker", ClientSecret: clientSecret, RedirectURL: p.redirect}
	login.SetClock(p.clock.Now)
	f := openOn(p.t, server, store, w.keys, func(c *console.Config) {
		c.Authenticator, c.OIDC = nil, login
		c.Operators, c.Viewers = []string{"ada", "group:platform-team"}, []string{"eve", "group:on-call"}
		if change != nil {
			change(c)
		}
	})
	f.simulator, f.clock = s, p.clock
	p.t.Cleanup(func() {
		for _, secret := range []string{clientSecret, codePrefix, accessToken, tokenPrefix} {
			if strings.Contains(f.logs.String(), secret) {
				p.t.Errorf("the log has %q:\n%s", secret, f.logs)
			}
		}
	})
	return f
}

// A visitor is a browser with cookies, which follows no redirects.
type visitor struct {
	*fixture
	client *http.Client
	jar    *cookiejar.Jar
}

func (f *fixture) visitor() *visitor {
	f.Helper()
	jar, err := cookiejar.New(nil)
	ok(f, err)
	client := *f.server.Client()
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &visitor{f, &client, jar}
}

// do sends a request to a path of the console, or to an address.
func (v *visitor) do(method, address string, form url.Values, change ...request) (head answer, body string) {
	v.Helper()
	if strings.HasPrefix(address, "/") {
		address = v.url + address
	}
	r, err := http.NewRequestWithContext(v.Context(), method, address, strings.NewReader(form.Encode()))
	ok(v, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range change {
		c(r)
	}
	response, err := v.client.Do(r)
	ok(v, err)
	defer response.Body.Close()
	if response.Header.Get("Content-Type") == "text/event-stream" {
		return answer{response.StatusCode, response.Header, response.Cookies()}, "" // It does not end.
	}
	content, err := io.ReadAll(response.Body)
	ok(v, err)
	if strings.HasPrefix(address, v.url) {
		for _, secret := range []string{clientSecret, codePrefix, accessToken, tokenPrefix} {
			if strings.Contains(string(content), secret) {
				v.Errorf("%s has %q:\n%s", address, secret, content)
			}
		}
	}
	return answer{response.StatusCode, response.Header, response.Cookies()}, string(content)
}

// to requests a page that must redirect, and returns where to.
func (v *visitor) to(address string) string {
	v.Helper()
	head, body := v.do(http.MethodGet, address, nil)
	if head.StatusCode != http.StatusSeeOther {
		v.Fatalf("GET %s: %d, want a redirect\n%s", address, head.StatusCode, body)
	}
	return head.Header.Get("Location")
}

var loginLink = regexp.MustCompile(`id="login" href="([^"]+)"`)

// begin opens a page, goes on to the provider, and returns its address.
func (v *visitor) begin(path string) string {
	v.Helper()
	_, body := v.do(http.MethodGet, v.to(path), nil)
	link := loginLink.FindStringSubmatch(body)
	if link == nil {
		v.Fatalf("the page has no login:\n%s", body)
	}
	return v.to(html.UnescapeString(link[1]))
}

// approve logs a user in at the provider, and returns the address that the provider
// sends the browser to.
func (v *visitor) approve(provider, name string) string {
	v.Helper()
	head, body := v.do(http.MethodPost, provider, url.Values{"user": {name}})
	if head.StatusCode != http.StatusSeeOther {
		v.Fatalf("the provider answered %d: %s", head.StatusCode, body)
	}
	return head.Header.Get("Location")
}

// login logs a user in who wanted to see a page.
func (v *visitor) login(path, name string) {
	v.Helper()
	if back := v.to(v.approve(v.begin(path), name)); back != path {
		v.Fatalf("the login returns to %s, not %s", back, path)
	}
}

// see returns a page that must have a status.
func (v *visitor) see(path string, status int, change ...request) string {
	v.Helper()
	head, body := v.do(http.MethodGet, path, nil, change...)
	if head.StatusCode != status {
		v.Fatalf("GET %s: %d, want %d\n%s", path, head.StatusCode, status, body)
	}
	return body
}
