package console_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/console"
	"github.com/openbroker/openbroker/durable/admin"
)

const (
	sessionCookie = "openbroker_console"
	loginCookie   = "openbroker_login"
)

// cookieOf returns the cookie of an answer whose name contains the given one.
func cookieOf(head answer, name string) *http.Cookie {
	for _, cookie := range head.Cookies {
		if strings.Contains(cookie.Name, name) {
			return cookie
		}
	}
	return nil
}

// actor returns who did what the audit trail has last.
func (f *fixture) actor() string {
	f.Helper()
	trail, err := f.admin.AuditTrail(f.Context(), admin.AuditFilter{Actions: admin.Interventions(), Limit: 1})
	ok(f, err)
	if len(trail) == 0 {
		return ""
	}
	return trail[0].Actor
}

func TestOIDC(t *testing.T) {
	t.Parallel()
	p, w := newIDP(t), newWorld(t)
	w.fill()
	f := p.withLogin(w, nil)
	stuck := f.operationOf("stuck")
	form := url.Values{"operation": {stuck}, "act": {"retry"}, "reason": {"the network is back"}}

	// Without a session, a page leads to the login, and Basic is no login.
	ada := f.visitor()
	for _, change := range [][]request{nil, {as("ada")}} {
		head, body := ada.do(http.MethodGet, "/operations?view=all", nil, change...)
		if want := f.url + "/login?return=%2Foperations%3Fview%3Dall"; head.StatusCode != http.StatusSeeOther || head.Header.Get("Location") != want || strings.Contains(body, "stuck") {
			t.Errorf("without a session: %d to %s", head.StatusCode, head.Header.Get("Location"))
		}
		for _, refused := range []struct{ method, path string }{{http.MethodPost, "/act"}, {http.MethodPost, "/theme"}, {http.MethodGet, "/events?page=/"}} {
			head, body := ada.do(refused.method, refused.path, form, change...)
			if challenge := head.Header.Get("WWW-Authenticate"); head.StatusCode != http.StatusUnauthorized || strings.Contains(challenge, "Basic") || challenge == "" || !strings.Contains(body, "Log in") {
				t.Errorf("%s %s without a session: %d, %q\n%s", refused.method, refused.path, head.StatusCode, challenge, body)
			}
		}
	}
	if page := ada.see("/login", http.StatusOK); !strings.Contains(page, strings.TrimPrefix(p.url, "http://")) || strings.Contains(page, "/instances") {
		t.Errorf("the login page:\n%s", page)
	}
	ada.see("/static/console.css", http.StatusOK)

	// The login leads back to the page, and the cookies are as they should be.
	provider := ada.begin("/operations?view=all")
	head, _ := ada.do(http.MethodGet, ada.approve(provider, "ada"), nil)
	if head.StatusCode != http.StatusSeeOther || head.Header.Get("Location") != "/operations?view=all" {
		t.Fatalf("the callback: %d to %s", head.StatusCode, head.Header.Get("Location"))
	}
	cookie := cookieOf(head, sessionCookie)
	if cookie == nil || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" || cookie.MaxAge != 0 || len(cookie.Value) < 43 {
		t.Errorf("the session cookie is %v", cookie)
	}
	if gone := cookieOf(head, loginCookie); gone == nil || gone.MaxAge >= 0 {
		t.Errorf("the login cookie is not removed: %v", gone)
	}
	if page := ada.see("/operations?view=all", http.StatusOK); !strings.Contains(page, "ada, operator") || !strings.Contains(page, "Log out") || !strings.Contains(page, stuck) {
		t.Errorf("the page of ada:\n%s", page)
	}
	if back := ada.to("/login?return=/instances"); back != "/instances" {
		t.Errorf("a login page with a session leads to %s", back)
	}

	// A viewer looks, and does not act.
	eve := f.visitor()
	eve.login("/", "eve")
	if page := eve.see("/operation?id="+stuck, http.StatusOK); !strings.Contains(page, "eve, viewer") || strings.Contains(page, "act=retry") {
		t.Errorf("the page of eve:\n%s", page)
	}
	if head, _ := eve.do(http.MethodPost, "/act", form); head.StatusCode != http.StatusForbidden || f.actor() != "" {
		t.Errorf("eve acts: %d by %q", head.StatusCode, f.actor())
	}

	// Forms of other web sites are refused, although the cookie would come along.
	for name, change := range map[string]request{
		"cross-site": header("Sec-Fetch-Site", "cross-site"), "same-site": header("Sec-Fetch-Site", "same-site"), "another origin": header("Origin", "https://attacker.example"),
	} {
		for _, path := range []string{"/act", "/theme", "/logout"} {
			if head, _ := ada.do(http.MethodPost, path, form, change); head.StatusCode != http.StatusForbidden {
				t.Errorf("%s, %s: %d", path, name, head.StatusCode)
			}
		}
	}
	if f.actor() != "" {
		t.Errorf("a foreign form did something, by %s", f.actor())
	}
	if head, body := ada.do(http.MethodPost, "/act", form); head.StatusCode != http.StatusSeeOther {
		t.Errorf("ada acts: %d\n%s", head.StatusCode, body)
	}
	if f.actor() != "ada (sub sub-ada)" {
		t.Errorf("the actor is %q", f.actor())
	}

	// Only a POST logs out, and then the cookie is worth nothing.
	ada.see("/logout", http.StatusNotFound)
	ada.see("/", http.StatusOK)
	if head, _ := ada.do(http.MethodPost, "/logout", url.Values{}); head.StatusCode != http.StatusSeeOther || head.Header.Get("Location") != "/login?out=yes" {
		t.Errorf("logout: %d to %s", head.StatusCode, head.Header.Get("Location"))
	}
	if head, _ := f.visitor().do(http.MethodGet, "/", nil, func(r *http.Request) { r.AddCookie(cookie) }); head.StatusCode != http.StatusSeeOther {
		t.Errorf("the cookie after the logout: %d", head.StatusCode)
	}
	eve.see("/", http.StatusOK)
	out := ada.see("/login?out=yes", http.StatusOK)
	if !strings.Contains(out, "You have logged out") {
		t.Errorf("after the logout:\n%s", out)
	}
	if again := ada.to(strings.ReplaceAll(loginLink.FindStringSubmatch(out)[1], "&amp;", "&")); !strings.Contains(again, "prompt=login") {
		t.Errorf("the login after the logout goes to %s", again)
	}

	if len(p.faults) > 0 {
		t.Errorf("the provider found: %v", p.faults)
	}
	for _, want := range []string{"a user logged in to the console", "name=ada subject=sub-ada operator=true", "a user logged out"} {
		if !strings.Contains(f.logs.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, f.logs)
		}
	}
}

func TestOIDCRoles(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	f := p.withLogin(newWorld(t), nil)
	for name, c := range map[string]struct {
		user   string
		groups any
		role   string
	}{
		"an operator by name":             {"ada", nil, "operator"},
		"a viewer by name":                {"eve", []string{}, "viewer"},
		"an operator by group":            {"bob", []string{"staff", "platform-team"}, "operator"},
		"a viewer by a group in a text":   {"bob", "on-call", "viewer"},
		"both":                            {"eve", []string{"platform-team"}, "operator"},
		"neither":                         {"mallory", []string{"staff"}, ""},
		"a name like a group":             {"group:platform-team", nil, ""},
		"a group like a name":             {"mallory", []string{"ada"}, ""},
		"a group like an entry":           {"mallory", []string{"group:platform-team", "*"}, ""},
		"a name like everyone":            {"*", nil, ""},
		"a name in other letters":         {"ADA", nil, ""},
		"a name with a space":             {"ada ", nil, ""},
		"a name that is markup":           {markup, nil, ""},
		"a group that is part of another": {"mallory", "platform", ""},
		"several groups in a text":        {"mallory", "staff platform-team", ""},
	} {
		p.set(func() { p.claims = map[string]any{"groups": c.groups} })
		v := f.visitor()
		head, body := v.do(http.MethodGet, v.approve(v.begin("/"), c.user), nil)
		if c.role != "" {
			if page := v.see("/", http.StatusOK); !strings.Contains(page, c.user+", "+c.role) {
				t.Errorf("%s: the page is\n%s", name, page)
			}
			continue
		}
		if head.StatusCode != http.StatusForbidden || !strings.Contains(body, "who has no role in this console") || cookieOf(head, sessionCookie) != nil ||
			strings.Contains(body, markup) || c.user != markup && !strings.Contains(body, "You are logged in as "+c.user) {
			t.Errorf("%s: %d, %v\n%s", name, head.StatusCode, head.Cookies, body)
		}
		v.see("/", http.StatusSeeOther)
		v.see("/login", http.StatusOK)
	}
	if !strings.Contains(f.logs.String(), "a user without a role") {
		t.Errorf("the log is\n%s", f.logs)
	}
}

func TestOIDCNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		claim, operator string
		claims          map[string]any
		actor           string
	}{
		"the subject":             {"sub", "sub-ada", nil, "sub-ada"},
		"an address":              {"email", "ada@example.com", map[string]any{"email": "ada@example.com"}, "ada@example.com (sub sub-ada)"},
		"a verified address":      {"email", "ada@example.com", map[string]any{"email": "ada@example.com", "email_verified": true}, "ada@example.com (sub sub-ada)"},
		"an address not verified": {"email", "ada@example.com", map[string]any{"email": "ada@example.com", "email_verified": false}, ""},
		"an address, perhaps":     {"email", "ada@example.com", map[string]any{"email": "ada@example.com", "email_verified": "false"}, ""},
		"a missing claim":         {"nickname", "ada", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, w := newIDP(t), newWorld(t)
			if c.actor != "" {
				w.fill()
			}
			p.claims = c.claims
			f := p.withLogin(w, func(config *console.Config) { config.OIDC.NameClaim, config.Operators = c.claim, []string{c.operator} })
			v := f.visitor()
			head, body := v.do(http.MethodGet, v.approve(v.begin("/"), "ada"), nil)
			if c.actor == "" {
				if head.StatusCode != http.StatusForbidden || !strings.Contains(f.logs.String(), "the claim") && !strings.Contains(f.logs.String(), "no claim") {
					t.Errorf("%d\n%s\n%s", head.StatusCode, body, f.logs)
				}
				return
			}
			form := url.Values{"operation": {f.operationOf("stuck")}, "act": {"retry"}, "reason": {"because"}}
			if head, body := v.do(http.MethodPost, "/act", form); head.StatusCode != http.StatusSeeOther || f.actor() != c.actor {
				t.Errorf("%d, by %q\n%s", head.StatusCode, f.actor(), body)
			}
		})
	}
}

// A console that is served by HTTPS has cookies that no other host can set.
func TestOIDCSecureCookies(t *testing.T) {
	t.Parallel()
	p, w := newIDP(t), newWorld(t)
	store, _, stop := w.run()
	t.Cleanup(stop)
	server := httptest.NewUnstartedServer(nil)
	server.EnableHTTP2 = true
	server.TLS = secureServer()
	p.redirect = "https://" + server.Listener.Addr().String() + console.CallbackPath
	f := openOn(t, server, store, w.keys, func(c *console.Config) {
		c.Authenticator, c.OIDC = nil, &console.OIDC{Issuer: p.url, ClientID: "openbroker", ClientSecret: clientSecret, RedirectURL: p.redirect}
	})
	v := f.visitor()
	head, _ := v.do(http.MethodGet, "/oidc/login", nil)
	login := cookieOf(head, loginCookie)
	head, _ = v.do(http.MethodGet, v.approve(head.Header.Get("Location"), "ada"), nil)
	for name, cookie := range map[string]*http.Cookie{loginCookie: login, sessionCookie: cookieOf(head, sessionCookie)} {
		if cookie == nil || !strings.HasPrefix(cookie.Name, "__Host-"+name) || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" {
			t.Errorf("the cookie is %v", cookie)
		}
	}
	v.see("/", http.StatusOK)
}

func TestOIDCSessions(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	f := p.withLogin(newWorld(t), nil)
	v := f.visitor()

	v.login("/", "ada")
	for range 12 * 2 { // Requests keep a session for 12 hours, and no longer.
		v.see("/", http.StatusOK)
		p.clock.advance(30 * time.Minute)
	}
	v.see("/", http.StatusSeeOther)

	v.login("/", "ada")
	p.clock.advance(59 * time.Minute)
	v.see("/", http.StatusOK)
	p.clock.advance(time.Hour)
	v.see("/", http.StatusSeeOther)

	// The updates of an open page do not keep a session. They end with it.
	v.login("/", "ada")
	p.clock.advance(59 * time.Minute)
	cookies := func(r *http.Request) {
		r.Header.Del("Authorization")
		for _, cookie := range v.jar.Cookies(r.URL) {
			r.AddCookie(cookie)
		}
	}
	s := f.stream("/", cookies)
	s.await("page", "Overview")
	p.clock.advance(time.Minute)
	s.ends()
	v.see("/", http.StatusSeeOther)

	// A second login of a browser ends the first session.
	v.login("/", "ada")
	first := v.jar.Cookies(&url.URL{Scheme: "http", Host: strings.TrimPrefix(f.url, "http://"), Path: "/"})
	v.to(v.approve(v.to("/oidc/login"), "ada"))
	v.see("/", http.StatusOK)
	if head, _ := f.visitor().do(http.MethodGet, "/", nil, func(r *http.Request) { r.AddCookie(first[0]) }); len(first) != 1 || head.StatusCode != http.StatusSeeOther {
		t.Errorf("the cookies %v after a second login: %d", first, head.StatusCode)
	}

	// A logout ends the updates as well.
	s = f.stream("/", cookies)
	s.await("page", "Overview")
	v.do(http.MethodPost, "/logout", url.Values{})
	s.ends()
}

func TestOIDCLimitsSessions(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	f := p.withLogin(newWorld(t), nil)
	eve, ada, late := f.visitor(), f.visitor(), f.visitor()
	eve.login("/", "eve")
	ada.login("/", "ada")
	for range 16 {
		p.clock.advance(time.Second)
		late.jar, late.client.Jar = nil, f.visitor().jar
		late.login("/", "ada")
	}
	// The sessions of one user do not end those of another.
	ada.see("/", http.StatusSeeOther)
	eve.see("/", http.StatusOK)
	late.see("/", http.StatusOK)

	p.clock.advance(time.Second)
	late.see("/", http.StatusOK)
	f.console.BeginSessions(1023) // With these, the session that was not used for the longest time ends.
	late.see("/", http.StatusOK)
	eve.see("/", http.StatusSeeOther)
	if count := f.console.Sessions(); count > 1024 {
		t.Errorf("there are %d sessions", count)
	}
}

// A console starts without its provider, and finds it when it comes back.
func TestOIDCProviderAway(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	requests := 0
	away := func(w http.ResponseWriter, _ *http.Request) {
		requests++
		http.Error(w, strings.Repeat("out of order ", 1000), http.StatusBadGateway)
	}
	p.set(func() { p.answer = away })
	f := p.withLogin(newWorld(t), nil)
	v := f.visitor()
	v.see("/login", http.StatusOK)
	for range 3 {
		if page := v.see("/oidc/login", http.StatusServiceUnavailable); !strings.Contains(page, "Try again in a moment") || strings.Contains(page, "out of order") {
			t.Errorf("without a provider:\n%s", page)
		}
	}
	if requests != 1 {
		t.Errorf("three logins at once made %d requests", requests)
	}
	if !strings.Contains(f.logs.String(), "502 Bad Gateway") || len(f.logs.String()) > 4000 {
		t.Errorf("the log is\n%s", f.logs)
	}
	p.set(func() { p.answer = nil })
	p.clock.advance(5 * time.Second)
	v.login("/", "ada")
	v.see("/", http.StatusOK)

	// A session outlives its provider, and what is known of the provider stays known.
	p.set(func() { p.answer = away })
	v.see("/", http.StatusOK)
	other := f.visitor()
	p.clock.advance(59 * time.Minute)
	v.see("/", http.StatusOK)
	p.clock.advance(2 * time.Minute)
	provider := other.begin("/")
	p.set(func() { p.answer = nil })
	back := other.approve(provider, "eve")
	p.set(func() { p.answer = away })
	if page := other.see(back, http.StatusServiceUnavailable); !strings.Contains(page, "Try again in a moment") {
		t.Errorf("without a token endpoint:\n%s", page)
	}
	v.see("/", http.StatusOK)
}

func TestOIDCRefusesDiscovery(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]map[string]any{
		"another issuer":             {"issuer": "https://attacker.example"},
		"an authorization over http": {"authorization_endpoint": "http://id.example.com/authorize"},
		"tokens over http":           {"token_endpoint": "http://id.example.com/token"},
		"keys over http":             {"jwks_uri": "http://id.example.com/keys"},
		"a script":                   {"authorization_endpoint": "javascript:alert(1)"},
		"no keys":                    {"jwks_uri": ""},
		"an endless document":        {"more": strings.Repeat("a", 2<<20)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newIDP(t)
			p.document = document
			f := p.withLogin(newWorld(t), nil)
			f.visitor().see("/oidc/login", http.StatusServiceUnavailable)
			if !strings.Contains(f.logs.String(), "a login to the console failed") {
				t.Errorf("the log is\n%s", f.logs)
			}
		})
	}
}

// How the console proves who it is: by a secret in the header or in the form, or not.
func TestOIDCClients(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		secret  string
		methods []string
		post    bool
	}{
		"a secret":                   {clientSecret, nil, false},
		"a secret, by choice":        {clientSecret, []string{"client_secret_post", "client_secret_basic"}, false},
		"a secret in the form":       {clientSecret, []string{"client_secret_post", "private_key_jwt"}, true},
		"a public client":            {"", []string{"none"}, false},
		"a public client, unnoticed": {"", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newIDP(t)
			p.secret, p.post = c.secret, c.post
			if c.methods != nil {
				p.document = map[string]any{"token_endpoint_auth_methods_supported": c.methods}
			}
			f := p.withLogin(newWorld(t), func(config *console.Config) { config.OIDC.ClientSecret = c.secret })
			v := f.visitor()
			v.login("/", "ada")
			v.see("/", http.StatusOK)
			if len(p.faults) > 0 {
				t.Errorf("the provider found: %v", p.faults)
			}
		})
	}
}

// The login begins at the host of the redirect URL, which the console knows by itself.
func TestOIDCHosts(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	f := p.withLogin(newWorld(t), func(c *console.Config) { c.OIDC.RedirectURL = "https://console.example.com/oidc/callback" })
	p.redirect = "https://console.example.com/oidc/callback"
	v := f.visitor()
	for _, host := range []string{"localhost", "127.0.0.1:8081", "console.example.com"} {
		head, _ := v.do(http.MethodGet, "/instances", nil, header("Host", host))
		if got := head.Header.Get("Location"); got != "https://console.example.com/login?return=%2Finstances" {
			t.Errorf("%s: %d to %s", host, head.StatusCode, got)
		}
	}
	for host, want := range map[string]int{"console.example.com": http.StatusOK, "attacker.example": http.StatusMisdirectedRequest} {
		v.see("/login", want, header("Host", host))
	}
	// Behind a proxy that changes the Host header, forms of the console are its own.
	if head, _ := v.do(http.MethodPost, "/logout", url.Values{}, header("Origin", "https://console.example.com")); head.StatusCode != http.StatusSeeOther {
		t.Errorf("a form behind a proxy: %d", head.StatusCode)
	}
}

func TestOIDCCheck(t *testing.T) {
	t.Parallel()
	valid := func() *console.OIDC {
		return &console.OIDC{Issuer: "https://id.example.com", ClientID: "openbroker", RedirectURL: "https://console.example.com/oidc/callback"}
	}
	for name, c := range map[string]struct {
		field  string
		change func(*console.OIDC)
	}{
		"nothing": {"", func(*console.OIDC) {}},
		"loopback": {"", func(o *console.OIDC) {
			o.Issuer, o.RedirectURL = "http://localhost:5556/dex", "http://127.0.0.1:8081/oidc/callback"
		}},
		"no issuer":                 {"Issuer", func(o *console.OIDC) { o.Issuer = "" }},
		"an issuer over http":       {"Issuer", func(o *console.OIDC) { o.Issuer = "http://id.example.com" }},
		"an issuer with a password": {"Issuer", func(o *console.OIDC) { o.Issuer = "https://a:b@id.example.com" }},
		"an issuer with a query":    {"Issuer", func(o *console.OIDC) { o.Issuer = "https://id.example.com?a=b" }},
		"an issuer like loopback":   {"Issuer", func(o *console.OIDC) { o.Issuer = "http://localhost.example.com" }},
		"no client":                 {"ClientID", func(o *console.OIDC) { o.ClientID = "" }},
		"no redirect":               {"RedirectURL", func(o *console.OIDC) { o.RedirectURL = "" }},
		"another path":              {"RedirectURL", func(o *console.OIDC) { o.RedirectURL = "https://console.example.com/callback" }},
		"a path like it":            {"RedirectURL", func(o *console.OIDC) { o.RedirectURL = "https://console.example.com/oidc%2Fcallback" }},
		"a redirect with a query":   {"RedirectURL", func(o *console.OIDC) { o.RedirectURL = "https://console.example.com/oidc/callback?a=b" }},
		"a redirect over http":      {"RedirectURL", func(o *console.OIDC) { o.RedirectURL = "http://console.example.com/oidc/callback" }},
		"no openid":                 {"Scopes", func(o *console.OIDC) { o.Scopes = []string{"profile"} }},
		"a scope of two words":      {"Scopes", func(o *console.OIDC) { o.Scopes = []string{"openid", "a b"} }},
		"a negative lifetime":       {"SessionLifetime", func(o *console.OIDC) { o.SessionLifetime = -1 }},
		"a negative idle time":      {"IdleTimeout", func(o *console.OIDC) { o.IdleTimeout = -1 }},
	} {
		o := valid()
		c.change(o)
		problems := o.Check()
		if (len(problems) > 0) != (c.field != "") || len(problems) > 0 && problems[0].Field != c.field {
			t.Errorf("%s: %v", name, problems)
		}
	}
	for entry, groups := range map[string]bool{"": true, "group:": true, "group:staff": false} {
		if console.CheckRole(entry, groups) == nil {
			t.Errorf("the entry %q is accepted", entry)
		}
	}
}
