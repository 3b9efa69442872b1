package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/console"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	if _, err := console.New(console.Config{}); err == nil {
		t.Error("a console without a configuration")
	}
	for _, host := range []string{"", "a:8081", "http://a", "a/b", "u@a"} {
		if console.CheckHost(host) == nil {
			t.Errorf("the host %q is accepted", host)
		}
	}
	for _, host := range []string{"console.example.com", "10.0.0.1", "::1", "[fd00::1]"} {
		if err := console.CheckHost(host); err != nil {
			t.Error(err)
		}
	}
	for _, origin := range []string{"", "console.example.com", "https://a/b", "https://u@a/"} {
		if console.CheckOrigin(origin) == nil {
			t.Errorf("the origin %q is accepted", origin)
		}
	}
	if err := console.CheckOrigin("https://console.example.com:8443"); err != nil {
		t.Error(err)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	f := start(t)
	for name, c := range map[string]struct {
		change request
		want   int
	}{
		"without credentials": {func(r *http.Request) { r.Header.Del("Authorization") }, http.StatusUnauthorized},
		"a wrong password":    {func(r *http.Request) { r.SetBasicAuth("ada", "guess") }, http.StatusUnauthorized},
		"a user without role": {as("mallory"), http.StatusForbidden},
		"a viewer":            {as("eve"), http.StatusOK},
		"an operator":         {as("ada"), http.StatusOK},
	} {
		for _, path := range []string{"/", "/static/console.js", "/events?page=/none"} {
			if strings.HasPrefix(path, "/events") && c.want == http.StatusOK {
				continue // It does not end.
			}
			answer, body := f.send(http.MethodGet, path, nil, c.change)
			if answer.StatusCode != c.want {
				t.Errorf("%s, %s: %d, want %d", name, path, answer.StatusCode, c.want)
			}
			if challenge := answer.Header.Get("WWW-Authenticate"); (challenge != "") != (c.want == http.StatusUnauthorized) {
				t.Errorf("%s, %s: the challenge is %q", name, path, challenge)
			}
			if c.want != http.StatusOK && strings.Contains(body, "stuck") {
				t.Errorf("%s, %s: the answer shows records", name, path)
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, path := range []string{"/", "/none", "/static/console.css"} {
		answer, _ := f.send(http.MethodGet, path, nil)
		policy := answer.Header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy %q lacks %q", path, policy, part)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
		for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin"} {
			if got := answer.Header.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", path, header, got, want)
			}
		}
	}
	answer, _ := f.send(http.MethodGet, "/static/console.js", nil)
	if got := answer.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/javascript") {
		t.Errorf("the script is %q", got)
	}
	tag := answer.Header.Get("ETag")
	if again, _ := f.send(http.MethodGet, "/static/console.js", nil, header("If-None-Match", tag)); again.StatusCode != http.StatusNotModified {
		t.Errorf("the script again, with %s: %d", tag, again.StatusCode)
	}
}

// A web site whose name resolves to this machine must not reach the console.
func TestHosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store, _, stop := w.run()
	t.Cleanup(stop)
	f := open(t, store, w.keys, func(c *console.Config) { c.Hosts = []string{"Console.Example.com"} })
	for host, want := range map[string]int{
		"attacker.example": http.StatusMisdirectedRequest, "attacker.example:8081": http.StatusMisdirectedRequest,
		"127.0.0.1.attacker.example": http.StatusMisdirectedRequest, "10.0.0.1": http.StatusMisdirectedRequest,
		"localhost": http.StatusOK, "localhost:8081": http.StatusOK, "127.0.0.1:1": http.StatusOK, "[::1]:8081": http.StatusOK,
		"console.example.com": http.StatusOK, "CONSOLE.example.com:443": http.StatusOK,
	} {
		if answer, _ := f.send(http.MethodGet, "/", nil, header("Host", host)); answer.StatusCode != want {
			t.Errorf("%s: %d, want %d", host, answer.StatusCode, want)
		}
	}
}

// A browser sends the credentials of basic authentication also with a form of another
// web site.
func TestForeignForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill()
	store, _, stop := w.run()
	t.Cleanup(stop)
	f := open(t, store, w.keys, func(c *console.Config) {
		c.Hosts, c.TrustedOrigins = []string{"console.example.com"}, []string{"https://console.example.com"}
	})
	form := url.Values{"operation": {f.operationOf("stuck")}, "act": {"retry"}, "reason": {"because"}}
	for name, change := range map[string][]request{
		"by Sec-Fetch-Site":                {header("Sec-Fetch-Site", "cross-site")},
		"of a sibling":                     {header("Sec-Fetch-Site", "same-site")},
		"by Origin":                        {header("Origin", "https://attacker.example")},
		"of no origin":                     {header("Origin", "null")},
		"with a user in Origin":            {header("Origin", "https://x@console.example.com")},
		"behind a proxy that changes Host": {header("Origin", "https://other.example.com"), header("Host", "127.0.0.1:8081")},
	} {
		for _, path := range []string{"/act", "/theme"} {
			if answer, _ := f.send(http.MethodPost, path, form, change...); answer.StatusCode != http.StatusForbidden {
				t.Errorf("%s, %s: %d, want 403", name, path, answer.StatusCode)
			}
		}
	}
	if answer, _ := f.send(http.MethodGet, "/events?page=/", nil, header("Sec-Fetch-Site", "cross-site")); answer.StatusCode != http.StatusForbidden {
		t.Errorf("events of another web site: %d", answer.StatusCode)
	}
	// Nothing is done by GET.
	if answer, _ := f.send(http.MethodGet, "/act?"+form.Encode(), nil, header("Sec-Fetch-Site", "cross-site")); answer.StatusCode != http.StatusOK {
		t.Errorf("the form: %d", answer.StatusCode)
	}
	if trail, err := f.admin.AuditTrail(t.Context(), admin.AuditFilter{Actions: admin.Interventions()}); err != nil || len(trail) > 0 {
		t.Fatalf("a foreign form did something: %+v, %v", trail, err)
	}
	for name, change := range map[string][]request{
		"same origin": {header("Sec-Fetch-Site", "same-origin")},
		"the trusted origin, through a proxy that changes Host": {header("Origin", "https://console.example.com"), header("Host", "127.0.0.1:8081")},
	} {
		if answer, body := f.send(http.MethodPost, "/theme", url.Values{"theme": {"dark"}}, change...); answer.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: %d\n%s", name, answer.StatusCode, body)
		}
	}
}

func TestActs(t *testing.T) {
	t.Parallel()
	f := start(t)
	stuck := f.operationOf("stuck")
	form := func(act, reason string) url.Values {
		return url.Values{"operation": {stuck}, "act": {act}, "reason": {reason}}
	}
	for name, c := range map[string]struct {
		form   url.Values
		change request
		want   int
		says   string
	}{
		"a viewer":             {form("retry", "because"), as("eve"), http.StatusForbidden, "not act"},
		"no reason":            {form("retry", "  "), as("ada"), http.StatusUnprocessableEntity, "Say why"},
		"control characters":   {form("retry", "a\x1bb"), as("ada"), http.StatusUnprocessableEntity, "control characters"},
		"a long reason":        {form("retry", strings.Repeat("x", 1001)), as("ada"), http.StatusUnprocessableEntity, "too long"},
		"a huge form":          {form("retry", strings.Repeat("x", 1<<20)), as("ada"), http.StatusBadRequest, "cannot be read"},
		"an unknown act":       {form("forget", "because"), as("ada"), http.StatusBadRequest, "unknown"},
		"an unknown operation": {url.Values{"operation": {"none"}, "act": {"retry"}, "reason": {"r"}}, as("ada"), http.StatusNotFound, "none"},
		"an ended operation":   {url.Values{"operation": {f.operationOf("orders")}, "act": {"cancel"}, "reason": {"r"}}, as("ada"), http.StatusConflict, "succeeded"},
	} {
		answer, body := f.send(http.MethodPost, "/act", c.form, c.change)
		if answer.StatusCode != c.want || !strings.Contains(body, c.says) {
			t.Errorf("%s: %d, want %d and %q:\n%s", name, answer.StatusCode, c.want, c.says, body)
		}
	}
	if answer, _ := f.send(http.MethodGet, "/act?act=retry&operation="+stuck, nil, as("eve")); answer.StatusCode != http.StatusForbidden {
		t.Errorf("the form for a viewer: %d", answer.StatusCode)
	}
	if page := f.get("/operation?id="+stuck, as("eve")); strings.Contains(page, "Retry") || !strings.Contains(page, "eve, viewer") {
		t.Errorf("a viewer sees the acts:\n%s", page)
	}
	if trail, err := f.admin.AuditTrail(t.Context(), admin.AuditFilter{Actions: admin.Interventions()}); err != nil || len(trail) > 0 {
		t.Fatalf("a refused act did something: %+v, %v", trail, err)
	}

	answer, _ := f.send(http.MethodPost, "/act", form("retry", " OPS-42: <i>the network</i> is back "))
	if want := "/operation?id=" + stuck + "&done=retry"; answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != want {
		t.Fatalf("retry: %d to %s", answer.StatusCode, answer.Header.Get("Location"))
	}
	await(t, func() bool {
		operation, err := f.admin.Operation(t.Context(), stuck)
		ok(t, err)
		return operation.State == durable.OperationSucceeded
	})
	trail, err := f.admin.AuditTrail(t.Context(), admin.AuditFilter{OperationID: stuck, Actions: admin.Interventions()})
	ok(t, err)
	if len(trail) != 1 || trail[0].Actor != "ada" || trail[0].Reason != "OPS-42: <i>the network</i> is back" || trail[0].Action != admin.ActionRetry {
		t.Errorf("the audit trail is %+v", trail)
	}
	for _, path := range []string{"/operation?id=" + stuck + "&done=retry", "/instance?platform=default&id=stuck"} {
		page := f.get(path)
		for _, text := range []string{"ada", "OPS-42: &lt;i&gt;the network&lt;/i&gt; is back", "succeeded"} {
			if !strings.Contains(page, text) {
				t.Errorf("%s lacks %q:\n%s", path, text, page)
			}
		}
	}
}

func TestCancelAndFail(t *testing.T) {
	t.Parallel()
	for act, want := range map[string]struct {
		action admin.Action
		form   url.Values
		status durable.RecordStatus
	}{
		"cancel":                {admin.ActionCancel, url.Values{}, durable.StatusDeleted},
		"fail":                  {admin.ActionFail, url.Values{}, durable.StatusDeleted},
		"fail, without cleanup": {admin.ActionFail, url.Values{"keep": {"yes"}}, durable.StatusCreateFailed},
	} {
		t.Run(act, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			stuck := f.operationOf("stuck")
			want.form.Set("operation", stuck)
			want.form.Set("act", string(want.action))
			want.form.Set("reason", "the volume is lost")
			if answer, body := f.send(http.MethodPost, "/act", want.form); answer.StatusCode != http.StatusSeeOther {
				t.Fatalf("%d\n%s", answer.StatusCode, body)
			}
			await(t, func() bool {
				detail, err := f.admin.Instance(t.Context(), durable.Key{Platform: "default", InstanceID: "stuck"})
				ok(t, err)
				return detail.Status == want.status
			})
			if page := f.get("/operation?id=" + stuck); !strings.Contains(page, "the volume is lost") || !strings.Contains(page, "failed") {
				t.Errorf("the page:\n%s", page)
			}
		})
	}
}

func TestTheme(t *testing.T) {
	t.Parallel()
	f := start(t)
	for back, want := range map[string]string{
		"/operations?view=all": "/operations?view=all", "": "/", "//evil.example": "/", "/\\evil.example": "/", "https://evil.example": "/",
		"/a//b": "/", "/%2f/evil.example": "/", "/%5cevil.example": "/", "javascript:alert(1)": "/", "/\tevil": "/",
	} {
		answer, _ := f.send(http.MethodPost, "/theme", url.Values{"theme": {"dark"}, "return": {back}}, as("eve"))
		if got := answer.Header.Get("Location"); got != want || answer.StatusCode != http.StatusSeeOther {
			t.Errorf("return to %q: %d to %q, want %q", back, answer.StatusCode, got, want)
		}
	}
	answer, _ := f.send(http.MethodPost, "/theme", url.Values{"theme": {"dark"}})
	cookie := answer.Cookies[0]
	if cookie.Value != "dark" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode {
		t.Errorf("the cookie is %v", cookie)
	}
	if page := f.get("/", func(r *http.Request) { r.AddCookie(cookie) }); !strings.Contains(page, `<html lang="en" data-theme="dark">`) {
		t.Error("the page is not dark")
	}
	if page := f.get("/", header("Cookie", cookie.Name+`="><script>`)); !strings.Contains(page, `<html lang="en">`) {
		t.Error("an unknown theme reaches the page")
	}
	if answer, _ := f.send(http.MethodPost, "/theme", url.Values{"theme": {""}}); answer.Cookies[0].MaxAge >= 0 {
		t.Error("the choice is not forgotten")
	}
}
