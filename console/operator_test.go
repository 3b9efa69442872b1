package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/openbroker/openbroker/durable/admin"
)

// TestOperator does in a real browser what an operator does: find a stuck operation by
// its age, retry it with a reason, and see it succeed.
func TestOperator(t *testing.T) {
	t.Parallel()
	browser, checker := startBrowser(t), axeScript(t)
	f := start(t)
	stuck := f.operationOf("stuck")
	ada := browser.open(f.url, "ada")

	// The overview lists the stuck operation with its age, which leads to its page.
	row := "#operation-" + stuck
	ada.has(row+" td[data-name=Age]", "3 h")
	ada.holds(`document.getElementById("stream").textContent === "Live, as of"`)
	ada.do(chromedp.Click(row+" a"), chromedp.WaitVisible("#act-retry"))
	ada.has("h1 .badge", "stuck")
	for _, path := range []string{"/", "/instance?platform=default&id=orders", "/act?act=fail&operation=" + stuck, "/audit"} {
		ada.visit(path)
		if faults := ada.faults(checker); len(faults) > 0 {
			t.Errorf("%s: %s", path, strings.Join(faults, "\n"))
		}
	}
	ada.scheme("dark") // Only the contrast differs.
	for _, path := range []string{"/operation?id=" + stuck, "/", "/audit"} {
		ada.visit(path)
		if faults := ada.faults(checker, "color-contrast"); len(faults) > 0 {
			t.Errorf("%s, dark: %s", path, strings.Join(faults, "\n"))
		}
	}

	// An update changes the page, and leaves the focus and what is typed alone.
	ada.visit("/operations?view=open&platform=")
	ada.do(chromedp.Focus(row+" a"), chromedp.SendKeys("[name=instance]", "st"), chromedp.Focus(row+" a"))
	ada.do(chromedp.Evaluate[chromedp.Void](`window.kept = document.activeElement; void 0`))
	if status := call(t, f.simulator, http.MethodPut, "/v2/service_instances/later?accepts_incomplete=true", provision("async", `{"delay":"1h"}`)); status != http.StatusAccepted {
		t.Fatalf("provision: %d", status)
	}
	ada.has("#live", "later")
	ada.holds(`document.activeElement === window.kept && window.kept.isConnected && document.querySelector("[name=instance]").value === "st"`)

	// Retry with a reason, by the keyboard, and see it succeed without a reload.
	ada.visit("/operation?id=" + stuck)
	ada.do(chromedp.Focus("#act-retry"), chromedp.KeyEvent("\r"), chromedp.WaitVisible("#reason"))
	ada.holds(`document.activeElement.id === "reason"`)
	ada.do(chromedp.KeyEvent("OPS-42: the network is back"), chromedp.KeyEvent("\r"), chromedp.WaitVisible(".done"))
	ada.has("h1 .badge", "succeeded")
	ada.has("#live", "OPS-42: the network is back")

	// The audit trail has the act.
	ada.do(chromedp.Click(`nav a[href="/audit"]`), chromedp.WaitVisible("[name=action]"), chromedp.SetValue("[name=action]", "retry"), chromedp.Click(".filters button"))
	ada.holds(`location.search.includes("action=retry") && document.querySelectorAll("#live tbody tr").length === 1`)
	ada.has("#live .records", "OPS-42: the network is back")
	ada.has("#live .records", "ada")
	ada.has("#live .records", stuck)

	// Markup in ids and texts of records stays text.
	ada.visit("/instances")
	ada.holds(`document.querySelectorAll("#live img, #live b").length === 0`)
	ada.has("#live", "onerror=alert(1)")

	// Without scripts, everything works but the updates.
	later := f.operationOf("later")
	ada.script(false)
	ada.do(chromedp.Navigate(f.url+"/act?act=cancel&operation="+later), chromedp.WaitVisible("#reason"), chromedp.SendKeys("#reason", "no longer needed"),
		chromedp.Click("form.act button"), chromedp.WaitVisible(".done"))
	if text := value(ada.browser, chromedp.Text("#live")); !strings.Contains(text, "no longer needed") {
		t.Errorf("without scripts: %s", text)
	}
	ada.script(true)

	if foreign := ada.foreign(); len(foreign) > 0 {
		t.Errorf("requests left the origin: %v", foreign)
	}

	// A viewer sees no act, and cannot reach one by its address.
	eve := browser.open(f.url, "eve")
	eve.visit("/operation?id=" + f.operationOf("broken"))
	eve.holds(`document.querySelector(".acts") === null && document.querySelector(".who").textContent.includes("viewer")`)
	eve.visit("/act?act=retry&operation=" + f.operationOf("broken"))
	eve.has("#live", "You may look, but not act.")

	// A form on another web site, while ada is logged in, does nothing.
	before, err := f.admin.AuditTrail(t.Context(), admin.AuditFilter{Actions: admin.Interventions()})
	ok(t, err)
	attacker := f.attacker(url.Values{"operation": {f.operationOf("broken")}, "act": {"retry"}, "reason": {"gotcha"}})
	ada.do(chromedp.Navigate(attacker), chromedp.Click("button"))
	ada.has("body", "another web site")
	after, err := f.admin.AuditTrail(t.Context(), admin.AuditFilter{Actions: admin.Interventions()})
	ok(t, err)
	if len(after) != len(before) {
		t.Errorf("a form of another web site did something: %+v", after[0])
	}
}
