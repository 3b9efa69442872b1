package mysql_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	sqldriver "github.com/go-sql-driver/mysql"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/transport"
	"github.com/openbroker/openbroker/provider/mysql"
)

func TestURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"mysql://root@127.0.0.1:3306":                        "root::[127.0.0.1:3306]:",
		"mysql://broker:secret@db.example.com":               "broker:secret:[db.example.com:3306]:",
		"mysql://b:a%40b%2Fc%3A%23%25+@h:1/?sslmode=require": "b:a@b/c:#%+:[h:1]:require",
		"mysql://b@h1:1,h2,[fe80::1]:3,[::1]":                "b::[h1:1 h2:3306 [fe80::1]:3 [::1]:3306]:",
		"mysql://h":                                          "::[h:3306]:",
	} {
		hosts, user, password, mode, err := mysql.ParseURL(text)
		if got := fmt.Sprintf("%s:%s:%v:%s", user, password, hosts, mode); got != want || err != nil {
			t.Errorf("%s is %s, %v; want %s", text, got, err, want)
		}
	}
	// An error has nothing of a URL: where an escape is missing, anything may be of the
	// password.
	for text, want := range map[string]string{
		"postgres://b:secret@h":              "does not begin with mysql://",
		"b:secret@tcp(h)/":                   "does not begin with mysql://",
		"mysql://b:sec#ret@h":                "has a # or a space",
		"mysql://b:sec ret@h":                "has a # or a space",
		"mysql://b:sec/ret@h":                "has a slash before its @",
		"mysql://b:sec?ret@h":                "parameter sslmode",
		"mysql://b:sec%ret@h":                "wrong escape",
		"mysql://b:sec:ret@h":                "without one",
		"mysql://b:sec@ret@h":                "without one",
		"mysql://b:secret@h:99999":           "port",
		"mysql://b:secret@h:0":               "port",
		"mysql://b:secret@h:":                "port",
		"mysql://b:secret@fe80::1":           "without brackets",
		"mysql://b:secret@[fe80::1":          "not closed",
		"mysql://b:secret@[h]":               "something else than an IPv6 address",
		"mysql://b:secret@[::1]secret":       "text after its bracket",
		"mysql://b:secret@":                  "host that is missing",
		"mysql://b:secret@h,,h":              "host that is missing",
		"mysql://b:secret@h/secret":          "has a path",
		"mysql://b:secret@h?sslmode=secret":  "unknown sslmode",
		"mysql://b:secret@h?tls=secret":      "only the parameter sslmode",
		"mysql://b:secret@tcp(h:1)?sslmode=": "sslmode",
	} {
		_, _, _, _, err := mysql.ParseURL(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sec") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzURL(f *testing.F) {
	for _, seed := range []string{"mysql://b:p%40@h1:1,[::1]:2/?sslmode=require", "mysql://@", "mysql://:@[", "mysql://%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		hosts, user, password, _, err := mysql.ParseURL(text)
		if err != nil {
			return
		}
		if len(hosts) == 0 {
			t.Fatal("there is no host")
		}
		again := "mysql://" + url.UserPassword(user, password).String() + "@" + strings.Join(hosts, ",")
		if _, u, p, _, err := mysql.ParseURL(again); err != nil || u != user || p != password {
			t.Errorf("%q is %q, which is %q and %q: %v", text, again, u, p, err)
		}
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	valid := func(change func(*mysql.Settings)) mysql.Settings {
		s := mysql.Settings{URL: "mysql://b:secret@h"}
		change(&s)
		return s
	}
	for name, test := range map[string]struct {
		settings mysql.Settings
		field    string
	}{
		"minimal":        {valid(func(*mysql.Settings) {}), ""},
		"username":       {valid(func(s *mysql.Settings) { s.URL, s.Username = "mysql://h", "b" }), ""},
		"no username":    {valid(func(s *mysql.Settings) { s.URL = "mysql://h" }), "username"},
		"url":            {valid(func(s *mysql.Settings) { s.URL = "mysql://b:secret@" }), "url"},
		"hosts":          {valid(func(s *mysql.Settings) { s.Hosts = []string{"db.example.com", "[::1]:3307"} }), ""},
		"no host":        {valid(func(s *mysql.Settings) { s.Hosts = []string{"db/name"} }), "hosts"},
		"key without":    {valid(func(s *mysql.Settings) { s.TLS.Key = "/k" }), "tls"},
		"CA and disable": {valid(func(s *mysql.Settings) { s.TLS = transport.TLS{Mode: "disable", CA: "/ca"} }), "tls.mode"},
	} {
		err := mysql.CheckSettings(test.settings)
		var field *provider.FieldError
		if (err == nil) != (test.field == "") || err != nil && (!errors.As(err, &field) || field.Field != test.field) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The driver of Go does not take the URI of the credentials; the documentation says what
// it takes.
func TestDriverRefusesURI(t *testing.T) {
	t.Parallel()
	if config, err := sqldriver.ParseDSN("mysql://user:password@127.0.0.1:3306/database"); err == nil {
		t.Errorf("the driver takes %+v: say so in the documentation", config)
	}
}
