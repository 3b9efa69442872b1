package console_test

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// axe is the checker of accessibility that .ci/tools downloads: axe-core 4.14.1, under
// the Mozilla Public License 2.0. Only tests use it.
const axe = "../.tmp/axe-core-4.14.1/package/axe.min.js"

// A browser is a running Chromium, or a tab of it.
type browser struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // It lives as long as the test.
}

// startBrowser starts the Chromium of the system. The test fails if it is missing.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is not installed: run make tools, which installs it")
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.WSURLReadTimeout(patience))
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	// The browser lives as long as the context of the first action.
	ok(t, chromedp.Do(ctx, chromedp.Navigate("about:blank")))
	return &browser{t, ctx}
}

// do runs actions that return nothing.
func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// value runs an action that returns a value.
func value[T any](b *browser, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Run(ctx, action)
	if err != nil {
		b.t.Fatal(err)
	}
	return result
}

// A tab is a page of a user, with cookies and a login of its own. It records its
// requests.
type tab struct {
	*browser

	origin *url.URL

	mu       sync.Mutex
	requests []string
}

// open opens a tab, and logs the user in by basic authentication.
func (b *browser) open(origin, name string) *tab {
	b.t.Helper()
	t := b.blank(origin)
	login := *t.origin
	login.User = url.UserPassword(name, map[string]string{"ada": "lovelace", "eve": "onlooker"}[name])
	login.Path = "/"
	t.do(chromedp.Navigate(login.String()), chromedp.WaitVisible("h1"))
	return t
}

// blank opens a tab.
func (b *browser) blank(origin string) *tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	b.t.Cleanup(cancel)
	parsed, err := url.Parse(origin)
	ok(b.t, err)
	t := &tab{browser: &browser{b.t, ctx}, origin: parsed}
	ok(b.t, chromedp.Listen(ctx, func(event any) {
		if sent, is := event.(*network.EventRequestWillBeSent); is {
			t.mu.Lock()
			t.requests = append(t.requests, sent.Request.URL)
			t.mu.Unlock()
		}
	}))
	return t
}

// visit shows a page of the console.
func (t *tab) visit(path string) {
	t.t.Helper()
	t.do(chromedp.Navigate(t.origin.String()+path), chromedp.WaitVisible("h1"))
}

// foreign returns the requests that left the origin.
func (t *tab) foreign() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var left []string
	for _, sent := range t.requests {
		if u, err := url.Parse(sent); err != nil || u.Host != t.origin.Host {
			left = append(left, sent)
		}
	}
	return left
}

// has waits until an element of the page has a text.
func (t *tab) has(selector, text string) {
	t.t.Helper()
	t.holds(`document.querySelector("` + selector + `")?.textContent.includes("` + text + `")`)
}

// holds waits until an expression is true.
func (t *tab) holds(expression string) {
	t.t.Helper()
	await(t.t, func() bool {
		ctx, cancel := context.WithTimeout(t.ctx, patience)
		defer cancel()
		holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		return err == nil && holds // An error says that the page is changing.
	})
}

// size sets the size of the window, and scheme the preferred colours.
func (t *tab) size(width, height int64) {
	t.t.Helper()
	t.do(chromedp.EmulateViewport(width, height))
}

func (t *tab) scheme(scheme string) {
	t.t.Helper()
	_, err := chromedp.Call(t.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	ok(t.t, err)
}

// script switches scripts off or on.
func (t *tab) script(on bool) {
	t.t.Helper()
	_, err := chromedp.Call(t.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
	ok(t.t, err)
}

// look makes a picture of the whole page.
func (t *tab) look(file string) {
	t.t.Helper()
	ok(t.t, os.WriteFile(file, value(t.browser, chromedp.FullScreenshot(100)), 0o600))
}

// faults returns what axe-core finds on the page, of the impacts serious and critical.
// rules limits it to some rules, or is empty.
func (t *tab) faults(checker string, rules ...string) []string {
	t.t.Helper()
	only, err := json.Marshal(rules)
	ok(t.t, err)
	t.do(chromedp.Evaluate[chromedp.Void](checker))
	return value(t.browser, chromedp.Evaluate[[]string](
		`axe.run(document, `+string(only)+` ? {runOnly: `+string(only)+`} : {}).then((r) => r.violations.filter((v) => v.impact === "serious" || v.impact === "critical")
			.map((v) => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map((n) => n.html).join(" | ")))`, chromedp.EvalAwaitPromise))
}

func axeScript(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile(filepath.FromSlash(axe))
	if err != nil {
		t.Fatal("axe-core is missing: run make tools, which downloads it")
	}
	return string(script)
}
