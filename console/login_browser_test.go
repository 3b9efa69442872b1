package console_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/openbroker/openbroker/durable/admin"
)

// TestOIDCInBrowser logs in through the page of the provider, which is another site,
// retries an operation and logs out, in a real browser.
func TestOIDCInBrowser(t *testing.T) {
	t.Parallel()
	browser, checker := startBrowser(t), axeScript(t)
	p, w := newIDP(t), newWorld(t)
	w.fill()
	f := p.withLogin(w, nil)
	stuck := f.operationOf("stuck")
	ada := browser.blank(f.url)
	login := func(name, button string) {
		t.Helper()
		ada.do(chromedp.WaitVisible("#login"), chromedp.Click("#login"), chromedp.WaitVisible("#user"), chromedp.SendKeys("#user", name), chromedp.Click(button))
	}

	// The page of an operation leads to the login, and the login back to it.
	ada.do(chromedp.Navigate(f.url + "/operation?id=" + stuck))
	ada.has("h1", "Log in")
	ada.holds(`document.querySelector("nav") === null && document.querySelector(".find") === null`)
	if faults := ada.faults(checker); len(faults) > 0 {
		t.Errorf("the login: %s", strings.Join(faults, "\n"))
	}
	login("ada", "#deny")
	ada.has(".trouble", "you or the provider refused it")
	login("mallory", "#allow")
	ada.has(".trouble", "You are logged in as mallory, who has no role")
	login("ada", "#allow")
	ada.has(".who", "ada, operator")
	ada.holds(`location.pathname + location.search === "/operation?id=` + stuck + `"`)
	ada.holds(`document.getElementById("stream").textContent === "Live, as of"`)
	ada.holds(`document.cookie === ""`)
	if faults := ada.faults(checker); len(faults) > 0 {
		t.Errorf("with a session: %s", strings.Join(faults, "\n"))
	}

	// An act has the name of the user.
	ada.do(chromedp.Click("#act-retry"), chromedp.WaitVisible("#reason"), chromedp.SendKeys("#reason", "OPS-42: the network is back"), chromedp.Click("form.act button"), chromedp.WaitVisible(".done"))
	ada.has("h1 .badge", "succeeded")
	ada.has("#live", "OPS-42: the network is back")
	ada.has("#live", "ada (sub sub-ada)")
	if f.actor() != "ada (sub sub-ada)" {
		t.Errorf("the actor is %q", f.actor())
	}

	// A form of another web site does nothing: the browser does not even send the cookie.
	before, err := f.admin.AuditTrail(t.Context(), admin.AuditFilter{Actions: admin.Interventions()})
	ok(t, err)
	ada.do(chromedp.Navigate(f.attacker(url.Values{"operation": {f.operationOf("broken")}, "act": {"retry"}, "reason": {"gotcha"}})), chromedp.Click("button"))
	ada.has("body", "another web site")
	after, err := f.admin.AuditTrail(t.Context(), admin.AuditFilter{Actions: admin.Interventions()})
	ok(t, err)
	if len(after) != len(before) {
		t.Errorf("a form of another web site did something: %+v", after[0])
	}

	// A link on another web site leads to the page: the cookie is not Strict.
	ada.do(chromedp.Navigate(p.url+"/.well-known/openid-configuration"), chromedp.Evaluate[chromedp.Void](`location.href = "`+f.url+`/instances"; void 0`))
	ada.has(".who", "ada, operator")

	ada.do(chromedp.Click("form.logout button"))
	ada.has("h1", "You have logged out")
	ada.do(chromedp.Navigate(f.url + "/"))
	ada.has("h1", "Log in")
	if len(p.faults) > 0 {
		t.Errorf("the provider found: %v", p.faults)
	}
}
