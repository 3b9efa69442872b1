package auth_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/auth"
)

func newProxy(tb testing.TB, config auth.ProxyConfig) *auth.Proxy {
	tb.Helper()
	p, err := auth.NewProxy(config)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// With a real server, the peer is the one of the TCP connection.
func TestProxyBasic(t *testing.T) {
	t.Parallel()
	s := serve(t, newProxy(t, auth.ProxyConfig{Peers: []string{"10.0.0.0/8", "127.0.0.1", "::1"}, Platform: "cf"}))
	mustAccept(t, s.provision(t, basicHeader("alice", "whatever-secret")), "alice", "proxy", "cf")
	mustAccept(t, s.provision(t, basicHeader("alice", "")), "alice", "proxy", "cf")
	for name, headers := range map[string][]string{
		"nothing": nil, "another scheme": {"Bearer a.b.c"}, "not base64": {"Basic !"}, "no colon": {"Basic YWxpY2U="},
		"no name": {basicHeader("", "x")}, "control character": {basicHeader("a\nb", "x")}, "no UTF-8": {basicHeader("a\xff", "x")},
		"twice": {basicHeader("alice", "x"), basicHeader("bob", "x")}, "long": {"Basic " + strings.Repeat("YWxp", 8<<10) + "Og=="},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustRefuse(t, s.provision(t, headers...), basicChallenge)
		})
	}
	mustNotReveal(t, s.log.String(), "whatever-secret")
	untrusted := serve(t, newProxy(t, auth.ProxyConfig{Peers: []string{"10.0.0.0/8"}}))
	mustRefuse(t, untrusted.provision(t, basicHeader("alice", "x")), basicChallenge)
	if !strings.Contains(untrusted.log.String(), "the peer 127.0.0.1:") {
		t.Errorf("the log does not name the peer: %s", untrusted.log)
	}
}

func TestProxyPeers(t *testing.T) {
	t.Parallel()
	p := newProxy(t, auth.ProxyConfig{Peers: []string{"10.1.2.0/24", "192.0.2.7", "fd00::/8", "2001:db8::1", "::ffff:198.51.100.9"}, UserHeader: "x-forwarded-user"})
	for remote, trusted := range map[string]bool{
		"10.1.2.1:4711": true, "10.1.3.1:4711": false, "192.0.2.7:1": true, "192.0.2.8:1": false, "[::ffff:10.1.2.9]:1": true,
		"[fd12::1]:1": true, "[fd12::1%eth0]:1": true, "[fe80::1%eth0]:1": false, "[2001:db8::1]:1": true, "[2001:db8::2]:1": false,
		"198.51.100.9:1": true, "": false, "@": false, "10.1.2.1": false, "pipe": false,
	} {
		r := request(t.Context(), "")
		r.RemoteAddr = remote
		r.Header.Set("X-Forwarded-User", "alice")
		r.Header.Set("X-Forwarded-For", "10.1.2.1")
		principal, err := p.Authenticate(r)
		if (err == nil) != trusted || trusted && (principal.Name != "alice" || principal.Method != "proxy") {
			t.Errorf("%q: %v, %v", remote, principal, err)
		}
		if !trusted {
			mustBe401(t, err)
		}
	}
}

func TestProxyHeader(t *testing.T) {
	t.Parallel()
	p := newProxy(t, auth.ProxyConfig{Peers: []string{"192.0.2.1"}, UserHeader: "X-Remote-User", Platform: "sm"})
	for name, c := range map[string]struct {
		values []string
		want   string
	}{
		"one": {[]string{"alice"}, "alice"}, "with a colon": {[]string{"a:b"}, "a:b"}, "UTF-8": {[]string{"jörg"}, "jörg"},
		"none": {}, "empty": {values: []string{""}}, "two": {values: []string{"alice", "bob"}}, "control character": {values: []string{"a\x00"}},
		"no UTF-8": {values: []string{"\xff"}}, "long": {values: []string{strings.Repeat("a", 16<<10+1)}},
	} {
		r := request(t.Context(), basicHeader("bob", "x"))
		r.RemoteAddr = "192.0.2.1:1"
		r.Header["X-Remote-User"] = c.values
		principal, err := p.Authenticate(r)
		if principal.Name != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %v, %v", name, principal, err)
		}
		if err != nil {
			mustBe401(t, err)
		}
	}
	if got := strings.Join(p.Challenges(), "|"); got != `TrustedProxy realm="openbroker"` {
		t.Error(got)
	}
}

// Clients that bypass the proxy log in themselves.
func TestProxyBesideBasic(t *testing.T) {
	t.Parallel()
	a := newAny(t, newProxy(t, auth.ProxyConfig{Peers: []string{"192.0.2.1"}, UserHeader: "X-User", Platform: "cf"}),
		newBasic(t, auth.Credential{Username: "cc", Password: "right"}))
	for name, c := range map[string]struct {
		remote, user, authorization, want string
	}{
		"the proxy":                   {"192.0.2.1:1", "alice", "", "alice"},
		"the proxy, no user":          {"192.0.2.1:1", "", basicHeader("cc", "right"), "cc"},
		"a client":                    {"192.0.2.2:1", "", basicHeader("cc", "right"), "cc"},
		"a client that claims a name": {"192.0.2.2:1", "alice", "", ""},
		"a wrong password":            {"192.0.2.2:1", "alice", basicHeader("cc", "wrong"), ""},
	} {
		r := request(t.Context(), c.authorization)
		r.RemoteAddr = c.remote
		if c.user != "" {
			r.Header.Set("X-User", c.user)
		}
		if c.authorization == "" {
			r.Header.Del("Authorization")
		}
		if principal, err := a.Authenticate(r); principal.Name != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %v, %v", name, principal, err)
		}
	}
}

func TestNewProxyRefuses(t *testing.T) {
	t.Parallel()
	for want, config := range map[string]auth.ProxyConfig{
		"no Peers":         {},
		"neither":          {Peers: []string{"proxy.internal"}},
		`"10.1.2.3:80"`:    {Peers: []string{"127.0.0.1", "10.1.2.3:80"}},
		"all addresses":    {Peers: []string{"0.0.0.0/0"}},
		`"::/0"`:           {Peers: []string{"::/0"}},
		"write 10.0.0.0/8": {Peers: []string{"10.1.2.3/8"}},
		"IPv6 form":        {Peers: []string{"::ffff:10.0.0.0/104"}},
		"zone":             {Peers: []string{"fe80::1%eth0"}},
		"not a valid":      {Peers: []string{"127.0.0.1"}, UserHeader: "X User"},
		"leave UserHeader": {Peers: []string{"127.0.0.1"}, UserHeader: "authorization"},
		"Host":             {Peers: []string{"127.0.0.1"}, UserHeader: "host"},
		"control":          {Peers: []string{"127.0.0.1"}, Platform: "a\n"},
	} {
		if _, err := auth.NewProxy(config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", config, err, want)
		}
	}
}

// For any header, a principal has a name that can be stored and logged, and a
// stranger never becomes a principal.
func FuzzProxy(f *testing.F) {
	basic := newProxy(f, auth.ProxyConfig{Peers: []string{"192.0.2.0/24"}})
	named := newProxy(f, auth.ProxyConfig{Peers: []string{"192.0.2.0/24"}, UserHeader: "X-User"})
	for _, seed := range []string{"alice", basicHeader("alice", "x"), "Basic ", "Basic OjpiOg==", "\x00", "a:b"} {
		f.Add("192.0.2.1:1", seed)
		f.Add("[::ffff:192.0.2.1]:1", seed)
		f.Add("192.0.3.1:1", seed)
	}
	f.Fuzz(func(t *testing.T, remote, value string) {
		for _, p := range []*auth.Proxy{basic, named} {
			r := request(t.Context(), value)
			r.Header.Set("X-User", value)
			r.RemoteAddr = remote
			principal, err := p.Authenticate(r)
			if err != nil {
				mustBe401(t, err)
				continue
			}
			if !strings.Contains(remote, "192.0.2.") && !strings.Contains(strings.ToLower(remote), "ffff:c000:2") {
				t.Errorf("%q is trusted", remote)
			}
			_, encoded, _ := strings.Cut(value, " ")
			decoded, _ := base64.StdEncoding.DecodeString(strings.Trim(encoded, " "))
			if principal.Name == "" || p == named && principal.Name != value || p == basic && !strings.HasPrefix(string(decoded), principal.Name+":") {
				t.Errorf("%q became %q", value, principal.Name)
			}
		}
	})
}
