package rabbitmq_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/transport"
	"github.com/openbroker/openbroker/provider/rabbitmq"
)

const marked = "MARKEDpassword"

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*rabbitmq.Settings)
		want   string
	}{
		"as typed in the documentation": {func(*rabbitmq.Settings) {}, ""},
		"several hosts": {func(s *rabbitmq.Settings) {
			s.URL, s.AMQP = "https://a:"+marked+"@h1,h2:1,[::1]:2,[::2]/prefix/", "amqps://h1,h2:1,[::1]:2"
		}, ""},
		"account beside":            {func(s *rabbitmq.Settings) { s.URL, s.Username, s.Password = "http://h", "a", "p@:/?#%" }, ""},
		"escaped account":           {func(s *rabbitmq.Settings) { s.URL = "http://a%40b:p%2F%3F%23%25@h" }, ""},
		"unescaped at sign":         {func(s *rabbitmq.Settings) { s.URL = "http://a:b@c@h" }, ""},
		"no scheme":                 {func(s *rabbitmq.Settings) { s.URL = "127.0.0.1:15672" }, "url must begin with http:// or https://"},
		"another scheme":            {func(s *rabbitmq.Settings) { s.URL = "amqp://a:" + marked + "@h" }, "url must begin with http:// or https://"},
		"no account":                {func(s *rabbitmq.Settings) { s.URL = "http://h" }, "url has no account: write http://USERNAME:PASSWORD@HOST:15672"},
		"no password":               {func(s *rabbitmq.Settings) { s.URL = "http://a@h" }, "url has no account"},
		"colon in the name":         {func(s *rabbitmq.Settings) { s.Username = "a:b" }, "username must not have a colon"},
		"half an escape":            {func(s *rabbitmq.Settings) { s.URL = "http://a:" + marked + "%@h" }, `url has an account with a "%" that is not percent-encoded`},
		"hash in the password":      {func(s *rabbitmq.Settings) { s.URL = "http://a:" + marked + "#@h" }, `url must have no "?", "#", or "@" after the hosts`},
		"slash in the password":     {func(s *rabbitmq.Settings) { s.URL = "http://a:" + marked + "/@h" }, `url must have no "?", "#", or "@" after the hosts`},
		"no host":                   {func(s *rabbitmq.Settings) { s.URL = "http://a:" + marked + "@" }, "url has as host 1 none"},
		"empty second host":         {func(s *rabbitmq.Settings) { s.AMQP = "amqp://h," }, "amqp has as host 2 none"},
		"bare IPv6":                 {func(s *rabbitmq.Settings) { s.AMQP = "amqp://::1" }, "amqp has as host 1 an IPv6 address without brackets"},
		"IPv4 in brackets":          {func(s *rabbitmq.Settings) { s.AMQP = "amqp://[127.0.0.1]" }, "amqp has as host 1 brackets without an IPv6 address"},
		"half a bracket":            {func(s *rabbitmq.Settings) { s.AMQP = "amqp://[::1" }, "amqp has as host 1 brackets without an IPv6 address"},
		"port 0":                    {func(s *rabbitmq.Settings) { s.AMQP = "amqp://h:0" }, "amqp has as host 1 one with a port that is no number"},
		"large port":                {func(s *rabbitmq.Settings) { s.AMQP = "amqp://h,h:65536" }, "amqp has as host 2 one with a port that is no number"},
		"space in the host":         {func(s *rabbitmq.Settings) { s.AMQP = "amqp://h, h" }, "amqp has as host 2 one with characters"},
		"account for applications":  {func(s *rabbitmq.Settings) { s.AMQP = "amqp://a:" + marked + "@h" }, "amqp must have no account"},
		"virtual host":              {func(s *rabbitmq.Settings) { s.AMQP = "amqp://h/%2F" }, "amqp must end after the port"},
		"slash at the end":          {func(s *rabbitmq.Settings) { s.AMQP = "amqp://h/" }, ""},
		"bad path":                  {func(s *rabbitmq.Settings) { s.URL = "http://a:b@h/%zz" }, "url has a path that is not percent-encoded"},
		"dashboard":                 {func(s *rabbitmq.Settings) { s.Dashboard = "https://rabbit.example.com/ui" }, ""},
		"dashboard with an account": {func(s *rabbitmq.Settings) { s.Dashboard = "https://a:" + marked + "@h" }, "dashboard must have no account"},
		"dashboard elsewhere":       {func(s *rabbitmq.Settings) { s.Dashboard = "ftp://h" }, "dashboard must begin with http:// or https://"},
		"TLS without https":         {func(s *rabbitmq.Settings) { s.TLS.CA = "/ca.pem" }, "tls has no effect with an http url"},
		"https without TLS": {func(s *rabbitmq.Settings) {
			s.URL, s.TLS.Mode = "https://a:b@h", transport.ModeDisable
		}, "tls.mode is disable, and the url is https"},
		"half a certificate": {func(s *rabbitmq.Settings) { s.URL, s.TLS.Key = "https://a:b@h", "/key.pem" }, "tls needs both"},
		"no time":            {func(s *rabbitmq.Settings) { s.Timeout = 0 }, "timeout must be longer than 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := settings(t)
			test.change(settings)
			err := rabbitmq.Definition.Check(settings)
			if (err != nil) != (test.want != "") || err != nil && (!strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), marked)) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// settings returns those of the documentation.
func settings(t *testing.T) *rabbitmq.Settings {
	t.Helper()
	made, ok := rabbitmq.Definition.Settings().(*rabbitmq.Settings)
	if !ok {
		t.Fatal("the settings have another type")
	}
	made.URL, made.AMQP, made.Timeout = "http://guest:guest@127.0.0.1:15672", "amqp://127.0.0.1:5672", provider.Duration(time.Minute)
	made.Connections, made.Overcommit = 8, 1
	return made
}

// An address is refused, or its parts lead to the same address again; errors never have
// a part of it.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"http://a:b@h:1,[::1]:2/x", "https://h", "http://%:@", "http://a@b@c,,", "amqp://[fe80::1%25eth0]", "http://:/?#@"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := rabbitmq.ParseAddress(text)
		if err != nil {
			if _, secret, ok := strings.Cut(text, "//"); ok && len(secret) > 12 && strings.Contains(err.Error(), secret) {
				t.Errorf("the error %v shows %q", err, secret)
			}
			return
		}
		urls := a.URLs()
		for _, one := range urls {
			again, err := rabbitmq.ParseAddress(one)
			if u, _ := url.Parse(one); u != nil && u.Port() == "" {
				continue // A standard port is left out.
			}
			if err != nil || len(again.URLs()) != 1 || again.URLs()[0] != one {
				t.Errorf("%q leads to %q, and that to %v, %v", text, one, again.URLs(), err)
			}
		}
	})
}
