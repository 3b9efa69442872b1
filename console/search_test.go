package console_test

import (
	"context"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/durable/admin"
)

// narrow is a store whose searches look at few records.
type narrow struct{ admin.Store }

const few = 2

func (n narrow) AuditWindow(ctx context.Context, before string, _ int) (string, error) {
	return n.Store.AuditWindow(ctx, before, few)
}

func (n narrow) OperationWindow(ctx context.Context, after string, _ int) (string, error) {
	return n.Store.OperationWindow(ctx, after, few)
}

var olderLink = regexp.MustCompile(`<a href="([^"]+)" rel="next">Search older ones</a>`)

// A filter that few records match is searched a part at a time.
func TestSearchOlder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store, s, stop := w.run()
	t.Cleanup(stop)
	put := func(path string) {
		t.Helper()
		if status := call(t, s, http.MethodPut, path, provision("sync", `{}`)); status != http.StatusCreated {
			t.Fatalf("%s: %d", path, status)
		}
	}
	put("/v2/service_instances/orders")
	put("/v2/service_instances/orders/service_bindings/needle")
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		put("/v2/service_instances/" + id)
	}
	f := open(t, narrow{store}, w.keys, nil)
	for path, want := range map[string]struct {
		found string
		pages int
	}{
		"/audit?action=bind":              {"binding needle", 3},
		"/audit?action=bind&since=1h":     {"binding needle", 3},
		"/operations?view=all&kind=bind":  {"needle", 3},
		"/operations?view=all":            {"needle", 0},
		"/audit?actor=nobody":             {"", 3},
		"/operations?view=all&platform=x": {"", 3},
	} {
		pages, found := 0, false
		for next := path; next != ""; {
			page := f.get(next)
			found = found || want.found != "" && strings.Contains(page, want.found)
			next = ""
			if link := olderLink.FindStringSubmatch(page); link != nil {
				next = html.UnescapeString(link[1])
				pages++
				if pages > 20 {
					t.Fatalf("%s: the search does not end", path)
				}
				if !found && !strings.Contains(page, "among those searched so far") {
					t.Errorf("%s: the page does not say that it is not all:\n%s", path, page)
				}
			}
		}
		if found != (want.found != "") || pages < want.pages || want.pages == 0 && pages > 0 {
			t.Errorf("%s: found is %t after %d links", path, found, pages)
		}
	}
}
