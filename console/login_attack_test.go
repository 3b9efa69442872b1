package console_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/openbroker/openbroker/console"
)

func secureServer() *tls.Config { return &tls.Config{MinVersion: tls.VersionTLS13} }

// edit changes the query of an address.
func edit(t *testing.T, address string, change func(url.Values)) string {
	t.Helper()
	parsed, err := url.Parse(address)
	ok(t, err)
	query := parsed.Query()
	change(query)
	parsed.RawQuery = query.Encode()
	return parsed.String()
}

// TestOIDCAttacks sends browsers to the callback with answers that are not those of
// their logins, or that the provider should not have given.
func TestOIDCAttacks(t *testing.T) {
	t.Parallel()
	const expired, token, away, client, denied = "This login has expired", "did not say who you are", "Try again in a moment", "does not accept the console", "you or the provider refused it"
	claim := func(name string, value any) func(*testing.T, *idp) {
		return func(_ *testing.T, p *idp) { p.claims = map[string]any{name: value} }
	}
	answers := func(change func(p *idp, granted map[string]any)) func(*testing.T, *idp) {
		return func(_ *testing.T, p *idp) {
			p.token = func(w http.ResponseWriter, granted map[string]any) {
				change(p, granted)
				_ = json.NewEncoder(w).Encode(granted)
			}
		}
	}
	query := func(change func(url.Values)) func(*testing.T, *visitor, string) string {
		return func(t *testing.T, _ *visitor, back string) string { t.Helper(); return edit(t, back, change) }
	}
	unverified := func(header string, p *idp, sign func(string) string) string {
		b64 := base64.RawURLEncoding
		payload := fmt.Sprintf(`{"iss":%q,"aud":"openbroker","sub":"sub-ada","preferred_username":"ada","exp":%d}`, p.url, p.clock.Now().Add(time.Hour).Unix())
		text := b64.EncodeToString([]byte(header)) + "." + b64.EncodeToString([]byte(payload))
		return text + "." + sign(text)
	}
	for name, c := range map[string]struct {
		provider func(*testing.T, *idp)
		// back changes where the provider sends the browser.
		back   func(t *testing.T, v *visitor, back string) string
		status int
		says   string
		reason string // in the log
	}{
		"no state":                {nil, query(func(q url.Values) { q.Del("state") }), 400, expired, "the state is not"},
		"another state":           {nil, query(func(q url.Values) { q.Set("state", strings.Repeat("x", 43)) }), 400, expired, "the state is not"},
		"two states":              {nil, query(func(q url.Values) { q.Add("state", "x") }), 400, expired, "state twice"},
		"no code":                 {nil, query(func(q url.Values) { q.Del("code") }), 400, expired, "no code"},
		"an unknown code":         {nil, query(func(q url.Values) { q.Set("code", codePrefix+"guess") }), 400, expired, "invalid_grant"},
		"a code and an error":     {nil, query(func(q url.Values) { q.Set("error", "access_denied") }), 403, denied, "access_denied"},
		"an error that is markup": {nil, query(func(q url.Values) { q.Set("error", "<script>\r\nlevel=ERROR") }), 403, client, "an unknown error"},
		"an error of the server":  {nil, query(func(q url.Values) { q.Set("error", "server_error") }), 503, away, "server_error"},
		"an error of the client":  {nil, query(func(q url.Values) { q.Set("error", "invalid_scope") }), 403, client, "invalid_scope"},
		"another issuer answers":  {nil, query(func(q url.Values) { q.Set("iss", "https://attacker.example") }), 403, token, "another issuer"},
		"no issuer answers": {
			func(_ *testing.T, p *idp) {
				p.document = map[string]any{"authorization_response_iss_parameter_supported": true}
			},
			query(func(q url.Values) { q.Del("iss") }), 403, token, "another issuer",
		},
		"another browser": {nil, func(t *testing.T, v *visitor, back string) string {
			t.Helper()
			v.client.Jar = v.visitor().jar
			return back
		}, 400, expired, "the state is not"},
		// An attacker cannot make a victim log in as the attacker with a link.
		"the login of an attacker": {nil, func(t *testing.T, v *visitor, _ string) string {
			t.Helper()
			attacker := v.visitor()
			return attacker.approve(attacker.begin("/"), "eve")
		}, 400, expired, "the state is not"},
		// Nor inject a code into a login of the victim: the challenge differs.
		"the code of an attacker": {nil, func(t *testing.T, v *visitor, back string) string {
			t.Helper()
			attacker := v.visitor()
			stolen, err := url.Parse(attacker.approve(attacker.begin("/"), "eve"))
			ok(t, err)
			return edit(t, back, func(q url.Values) { q.Set("code", stolen.Query().Get("code")) })
		}, 400, expired, "invalid_grant"},
		"a login that took too long": {nil, func(t *testing.T, v *visitor, back string) string {
			t.Helper()
			v.clock.advance(10 * time.Minute)
			return back
		}, 400, expired, "too old"},
		"a used answer": {nil, func(t *testing.T, v *visitor, back string) string {
			t.Helper()
			v.to(back)
			v.do(http.MethodPost, "/logout", url.Values{})
			return back
		}, 400, expired, "the state is not"},
		"a used answer with its cookie": {nil, func(t *testing.T, v *visitor, back string) string {
			t.Helper()
			at, err := url.Parse(v.url)
			ok(t, err)
			cookies := v.jar.Cookies(at)
			v.to(back)
			v.do(http.MethodPost, "/logout", url.Values{})
			v.jar.SetCookies(at, cookies)
			return back
		}, 400, expired, "invalid_grant"},
		"another cookie": {nil, func(t *testing.T, v *visitor, back string) string {
			t.Helper()
			at, err := url.Parse(v.url)
			ok(t, err)
			for _, cookie := range v.jar.Cookies(at) {
				content, err := base64.RawURLEncoding.DecodeString(cookie.Value)
				ok(t, err)
				content[len(content)/2] ^= 1
				cookie.Value, cookie.Path = base64.RawURLEncoding.EncodeToString(content), "/"
				v.jar.SetCookies(at, []*http.Cookie{cookie})
			}
			return back
		}, 400, expired, "the state is not"},

		"another nonce":     {claim("nonce", strings.Repeat("n", 43)), nil, 403, token, "nonce"},
		"no nonce":          {claim("nonce", nil), nil, 403, token, "nonce"},
		"another audience":  {claim("aud", "grafana"), nil, 403, token, "audience"},
		"issued to another": {claim("azp", "grafana"), nil, 403, token, "azp"},
		"another issuer":    {claim("iss", "https://attacker.example"), nil, 403, token, "different provider"},
		"an expired token":  {claim("exp", 1), nil, 403, token, "expired at 1970"},
		"a token that has expired by the clock of the console": {func(_ *testing.T, p *idp) {
			p.clock.advance(2 * time.Hour)
			p.claims = map[string]any{"exp": time.Now().Add(time.Hour).Unix()}
		}, nil, 403, token, "the ID token expired"},
		"a token of the future":   {claim("nbf", time.Now().Add(time.Hour).Unix()), nil, 403, token, "nbf"},
		"no subject":              {claim("sub", nil), nil, 403, token, `no claim \"sub\"`},
		"an empty subject":        {claim("sub", ""), nil, 403, token, `claim \"sub\"`},
		"no name":                 {claim("preferred_username", nil), nil, 403, token, `no claim \"preferred_username\"`},
		"a name that is a number": {claim("preferred_username", 7), nil, 403, token, `claim \"preferred_username\"`},
		"a name with a line":      {claim("preferred_username", "ada\nlevel=ERROR"), nil, 403, token, `claim \"preferred_username\"`},
		"a name that turns text":  {claim("preferred_username", "\u202eada"), nil, 403, token, `claim \"preferred_username\"`},
		"a long name":             {claim("preferred_username", strings.Repeat("a", 256)), nil, 403, token, `claim \"preferred_username\"`},
		"groups that are objects": {claim("groups", []any{map[string]any{"name": "platform-team"}}), nil, 403, token, `claim \"groups\"`},
		"another key": {func(t *testing.T, p *idp) {
			t.Helper()
			key, err := rsa.GenerateKey(rand.Reader, 2048)
			ok(t, err)
			p.key = key
		}, nil, 403, token, "signature"},
		"no signature": {answers(func(p *idp, granted map[string]any) {
			granted["id_token"] = unverified(`{"alg":"none"}`, p, func(string) string { return "" })
		}), nil, 403, token, "malformed jwt"},
		"signed by the secret": {answers(func(p *idp, granted map[string]any) {
			granted["id_token"] = unverified(`{"alg":"HS256"}`, p, func(string) string { return "c2lnbmF0dXJl" })
		}), nil, 403, token, "malformed jwt"},
		"signed by the public key": {answers(func(p *idp, granted map[string]any) {
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: keyOfProvider().N.Bytes()}, nil)
			ok(p.t, err)
			signed, err := signer.Sign([]byte(`{"sub":"ada"}`))
			ok(p.t, err)
			granted["id_token"], err = signed.CompactSerialize()
			ok(p.t, err)
		}), nil, 403, token, "malformed jwt"},
		"no ID token":      {answers(func(_ *idp, granted map[string]any) { delete(granted, "id_token") }), nil, 403, token, "no id_token"},
		"a token in text":  {answers(func(_ *idp, granted map[string]any) { granted["id_token"] = "eyJ" + accessToken }), nil, 403, token, "malformed"},
		"a refused client": {func(_ *testing.T, p *idp) { p.secret = "another" }, nil, 403, client, "check client_id and client_secret"},
		"an error that repeats the request": {func(_ *testing.T, p *idp) {
			p.token = func(w http.ResponseWriter, granted map[string]any) {
				w.WriteHeader(http.StatusInternalServerError)
				_ = json.NewEncoder(w).Encode(granted)
			}
		}, nil, 503, away, "answered 500"},
		"a token endpoint that redirects": {func(_ *testing.T, p *idp) {
			p.token = func(w http.ResponseWriter, _ map[string]any) {
				w.Header().Set("Location", p.url+"/elsewhere")
				w.WriteHeader(http.StatusTemporaryRedirect)
			}
		}, nil, 503, away, "answered 307"},
		"an endless answer": {func(_ *testing.T, p *idp) {
			p.token = func(w http.ResponseWriter, _ map[string]any) {
				for range 64 {
					_, _ = w.Write(make([]byte, 64<<10))
				}
			}
		}, nil, 503, away, "cannot parse json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newIDP(t)
			if c.provider != nil {
				c.provider(t, p)
			}
			f := p.withLogin(newWorld(t), nil)
			v := f.visitor()
			back := v.approve(v.begin("/"), "ada")
			if c.back != nil {
				back = c.back(t, v, back)
			}
			before := f.logs.Len()
			head, body := v.do(http.MethodGet, back, nil)
			if head.StatusCode != c.status || !strings.Contains(body, c.says) || strings.Contains(body, "<script>") {
				t.Errorf("%d, want %d and %q:\n%s", head.StatusCode, c.status, c.says, body)
			}
			if log := f.logs.String()[before:]; strings.Count(log, "\n") != 1 || !strings.Contains(log, "a login to the console failed") || !strings.Contains(log, c.reason) {
				t.Errorf("the log lacks %q:\n%s", c.reason, log)
			}
			if cookieOf(head, sessionCookie) != nil {
				t.Error("there is a session")
			}
			v.see("/", http.StatusSeeOther)
		})
	}
}

// A login leads only to pages of the console.
func TestOIDCReturn(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	f := p.withLogin(newWorld(t), nil)
	for back, want := range map[string]string{
		"/operations?view=all": "/operations?view=all", "/instance?platform=default&id=a//b": "/instance?platform=default&id=a//b", "": "/", "operations": "/",
		"//evil.example": "/", "///evil.example": "/", "/\\evil.example": "/", "\\\\evil.example": "/", "/\\/evil.example": "/", "https://evil.example": "/", "https:evil.example": "/",
		"/a//b": "/", "/%2f/evil.example": "/", "/%5cevil.example": "/", "javascript:alert(1)": "/", "/\tevil": "/", "/\r\nSet-Cookie: a=b": "/", " //evil.example": "/",
		"/login?return=/": "/", "/logout": "/", "/oidc/callback?state=x": "/", "/oidc/login": "/", "/events?page=/": "/", "/static/console.js": "/",
		"/" + strings.Repeat("a", 1024): "/",
	} {
		v := f.visitor()
		provider := v.to("/oidc/login?" + url.Values{"return": {back}}.Encode())
		if got := v.to(v.approve(provider, "ada")); got != want {
			t.Errorf("return to %q: %q, want %q", back, got, want)
		}
		// With a session, the page of the login returns at once.
		if got := v.to("/login?" + url.Values{"return": {back}}.Encode()); got != want {
			t.Errorf("return to %q with a session: %q, want %q", back, got, want)
		}
	}
}

// Whatever a link says, a browser stays at the console after the login.
func FuzzReturn(f *testing.F) {
	for _, back := range []string{"/", "/operations?view=all", "//evil.example", "/\\evil.example", "/%2f/evil.example", "https://evil.example", "/./login", "/../..//evil.example"} {
		f.Add(back)
	}
	base := &url.URL{Scheme: "https", Host: "console.example.com", Path: "/oidc/callback"}
	f.Fuzz(func(t *testing.T, back string) {
		got := console.ReturnPath(back)
		target, err := base.Parse(got)
		if err != nil || target.Host != base.Host || target.Scheme != base.Scheme || !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") ||
			strings.HasPrefix(target.Path, "//") || strings.ContainsAny(got, "\\\r\n\t") || len(got) > 1024 {
			t.Errorf("%q returns to %q", back, got)
		}
	})
}

// Another web site cannot begin a login, which would replace the one in progress.
func TestOIDCForeignBegin(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	f := p.withLogin(newWorld(t), nil)
	v := f.visitor()
	provider := v.begin("/instances")
	for _, site := range []string{"cross-site", "same-site"} {
		head, _ := v.do(http.MethodGet, "/oidc/login", nil, header("Sec-Fetch-Site", site))
		if head.StatusCode != http.StatusSeeOther || head.Header.Get("Location") != "/login?return=%2F" || len(head.Cookies) > 0 {
			t.Errorf("%s: %d to %s, %v", site, head.StatusCode, head.Header.Get("Location"), head.Cookies)
		}
	}
	// A callback with another state does not end it, either.
	v.see("/oidc/callback?state=x&code=y", http.StatusBadRequest)
	if back := v.to(v.approve(provider, "ada")); back != "/instances" {
		t.Errorf("the login returns to %s", back)
	}
}
