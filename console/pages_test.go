package console_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
)

func TestPages(t *testing.T) {
	t.Parallel()
	f := start(t)
	operation := f.operationOf("stuck")
	for path, want := range map[string][]string{
		"/": {
			"<strong>1</strong><span>stuck</span>", "<strong>1</strong><span>failed</span>", "<strong>1</strong><span>retrying</span>", "<strong>1</strong><span>left behind</span>",
			"waiting for the volume", "3 h 0 min", "Next attempt in ", operation, "leftover", "All times are in UTC", "ada, operator", "v1.2.3",
		},
		"/instances":                      {"orders", "leftover", "stuck", html.EscapeString(markup), "sync", "simulated"},
		"/instances?status=create+failed": {"leftover", "Show all"},
		"/instances?platform=other":       {"No instance matches the filter."},
		"/instance?platform=default&id=orders": {
			"orders", "<code>password</code>", "<code>size</code>", "token", "app", "provision", "bind", "took ", "org", "space",
		},
		"/operations":                                           {operation, "Oldest first", "stuck"},
		"/operations?view=stuck&kind=provision":                 {operation},
		"/operations?view=stuck&kind=bind":                      {"No operation."},
		"/operations?view=all&platform=default&instance=orders": {"provision", "bind", "Newest first"},
		"/operations?view=failed":                               {"broken", "&lt;b&gt;The volume&lt;/b&gt; is lost"},
		"/operation?id=" + operation:                            {"Retry…", "Cancel…", "Fail…", "waiting for the volume", "3 h 0 min", "stuck", "Nothing."},
		"/act?act=cancel&operation=" + operation:                {"Cancel this operation?", "Users of the platform read it"},
		"/catalog":                                              {"simulated", "async", "plan-description", "Say what the plan is for."},
		"/audit":                                                {"provision", "bind", "accepted", "orders", operation, "begin chain"},
		"/audit?action=bind&since=1h&platform=default":          {"Show all", "orders", "binding app"},
		"/audit?instance=stuck&outcome=accepted":                {"stuck", operation},
		"/audit?operation=" + operation:                         {operation, "provision"},
		"/audit?actor=eve":                                      {"No entry matches the filter."},
		"/audit?outcome=refused":                                {"No entry matches the filter."},
		"/health":                                               {"provider-acme", "timed out", "degraded", "v1.2.3"},
	} {
		page := f.get(path)
		for _, text := range want {
			if !strings.Contains(page, text) {
				t.Errorf("%s lacks %q:\n%s", path, text, page)
			}
		}
		if strings.Contains(page, secret) {
			t.Errorf("%s shows the value of a parameter", path)
		}
		if strings.Contains(page, markup) || strings.Contains(page, "<b>The volume") {
			t.Errorf("%s does not escape a text of a record", path)
		}
		if inline := strings.Contains(page, "<script>") || strings.Contains(page, "style=") || strings.Contains(page, " on"+"click"); inline {
			t.Errorf("%s has inline code", path)
		}
	}
}

func TestNothingNeedsAttention(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store, _, stop := w.run()
	t.Cleanup(stop)
	f := open(t, store, w.keys, nil)
	for path, want := range map[string]string{"/": "Nothing needs attention.", "/instances": "No instance yet.", "/operations": "No operation."} {
		if page := f.get(path); !strings.Contains(page, want) {
			t.Errorf("%s lacks %q", path, want)
		}
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	f := start(t)
	for path, want := range map[string]int{
		"/none":                                  http.StatusNotFound,
		"/operation?id=none":                     http.StatusNotFound,
		"/operation":                             http.StatusNotFound,
		"/instance?platform=default&id=none":     http.StatusNotFound,
		"/instances?status=bad":                  http.StatusBadRequest,
		"/audit?action=bad":                      http.StatusBadRequest,
		"/audit?outcome=bad":                     http.StatusBadRequest,
		"/audit?since=bad":                       http.StatusBadRequest,
		"/audit?before=none":                     http.StatusOK,
		"/operations?view=bad":                   http.StatusBadRequest,
		"/operations?kind=bad":                   http.StatusBadRequest,
		"/operations?after=none":                 http.StatusOK, // It was pruned.
		"/find?id=":                              http.StatusBadRequest,
		"/find?id=none":                          http.StatusNotFound,
		"/act?act=forget&operation=none":         http.StatusBadRequest,
		"/act?act=retry&operation=none":          http.StatusNotFound,
		"/static/none.js":                        http.StatusNotFound,
		"/static/":                               http.StatusNotFound,
		"/static/..%2f..%5cconsole.go":           http.StatusNotFound,
		"/static/..%2f%5cexample.com%2f%3f%2f..": http.StatusNotFound,
	} {
		answer, body := f.send(http.MethodGet, path, nil)
		if answer.StatusCode != want {
			t.Errorf("%s: %d, want %d\n%s", path, answer.StatusCode, want, body)
		}
		if location := answer.Header.Get("Location"); location != "" {
			t.Errorf("%s leads to %s", path, location)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	f := start(t)
	operation := f.operationOf("stuck")
	for id, want := range map[string]string{
		operation:  "/operation?id=" + operation,
		"orders\t": "/instance?id=orders&platform=default",
		"app":      "/instance?id=orders&platform=default",
		markup:     "/instance?" + url.Values{"id": {markup}, "platform": {openbroker.DefaultPlatform}}.Encode(),
	} {
		answer, _ := f.send(http.MethodGet, "/find?"+url.Values{"id": {id}}.Encode(), nil)
		if got := answer.Header.Get("Location"); got != want || answer.StatusCode != http.StatusSeeOther {
			t.Errorf("find %q: %d to %s, want %s", id, answer.StatusCode, got, want)
		}
	}
}
