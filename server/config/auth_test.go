package config_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/openbroker/openbroker"
)

// The section auth decides about requests by their address and headers.
func TestAuth(t *testing.T) {
	t.Parallel()
	const proxies = "auth: {proxy: [{peers: [10.1.2.0/24], platform: cf}, {peers: [10.9.9.9], user_header: X-User}]}"
	for name, c := range map[string]struct {
		text, remote, user, header string
		want                       openbroker.Principal
		challenge                  string
	}{
		"proxy, basic":            {proxies, "10.1.2.7:1", "alice", "", openbroker.Principal{Name: "alice", Method: "proxy", Platform: "cf"}, ""},
		"proxy, header":           {proxies, "10.9.9.9:1", "", "bob", openbroker.Principal{Name: "bob", Method: "proxy"}, ""},
		"proxy, another's header": {proxies, "10.1.2.7:1", "", "bob", openbroker.Principal{}, `Basic realm="openbroker", charset="UTF-8"`},
		"another peer":            {proxies, "10.2.2.7:1", "alice", "bob", openbroker.Principal{}, `Basic realm="openbroker", charset="UTF-8"`},
		"realm":                   {"auth: {realm: Billing, basic: [{username: a, password: b}]}", "10.1.2.7:1", "", "", openbroker.Principal{}, `Basic realm="Billing", charset="UTF-8"`},
		"none":                    {"auth: {none: true}", "10.1.2.7:1", "alice", "", openbroker.Principal{Name: "anonymous", Method: "none"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := parse(t, c.text, nil).Auth.Authenticator(t.Context(), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v2/catalog", http.NoBody)
			r.RemoteAddr = c.remote
			if c.user != "" {
				r.SetBasicAuth(c.user, "x")
			}
			if c.header != "" {
				r.Header.Set("X-User", c.header)
			}
			got, err := a.Authenticate(r)
			if got.Name != c.want.Name || got.Method != c.want.Method || got.Platform != c.want.Platform || (err == nil) != (c.want.Name != "") {
				t.Errorf("got %+v, %v", got, err)
			}
			if c.challenge != "" && (len(a.Challenges()) == 0 || a.Challenges()[0] != c.challenge) {
				t.Errorf("challenges %q", a.Challenges())
			}
		})
	}
}
