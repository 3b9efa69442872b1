package redis_test

import (
	"bytes"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/openbroker/openbroker/internal/testserver"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/redis"
	"github.com/openbroker/openbroker/server/config"
)

// load reads settings as the configuration of a broker.
func load(t *testing.T, settings string) (*config.Config, error) {
	t.Helper()
	set, err := provider.NewSet(redis.Definition)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "openbroker.yaml")
	text := "provider:\n  redis:\n    " + strings.ReplaceAll(strings.TrimSpace(settings), "\n", "\n    ") + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(file, set)
}

// startProvider starts a provider with settings, and returns the error and the log.
func startLogged(t *testing.T, settings string) (string, error) {
	t.Helper()
	read, err := load(t, settings)
	if err != nil {
		t.Fatal(err)
	}
	group, err := read.Group()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	started, err := group.Start(t.Context(), provider.Host{Data: t.TempDir(), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err == nil {
		err = started.Close()
	}
	return log.String(), err
}

func startProvider(t *testing.T, settings string) error {
	t.Helper()
	_, err := startLogged(t, settings)
	return err
}

// Settings that cannot work are refused without starting anything, and without the URL,
// which has the password.
func TestSettings(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{
		"url: redis://127.0.0.1:6379":                          "",
		"url: redis://127.0.0.1":                               "",
		"url: valkeys://me:secret@[::1]:6379/":                 "",
		"url: redis://:secret@h\nnodes: [a, 'b:7', '[::1]:7']": "",
		"nodes: [a]":                                         "url",
		"url: http://:secret@h":                              "must begin with redis://",
		"url: redis://:secret@":                              "has no host",
		"url: redis://:sec#ret@h":                            "is no URL",
		"url: redis://:secret@h:port":                        "is no URL",
		"url: redis://:secret@h/3":                           "selects no database",
		"url: redis://:secret@h?ssl=true":                    "has no options",
		"url: redis://secret@h":                              "has a user and no password",
		"url: redis://:secret@h1:1,h2:2":                     "put each but the first in nodes",
		"url: redis://:secret@h:70000":                       "port",
		"url: redis://h\nnodes: ['::1']":                     "IPv6 address needs brackets",
		"url: redis://h\nnodes: ['redis://h']":               "is not HOST:PORT",
		"url: redis://h\ntls: {mode: require}":               "has no effect with redis://",
		"url: rediss://h\ntls: {mode: disable}":              "is disable",
		"url: rediss://h\ntls: {mode: require, ca: /ca.pem}": "verifies nothing",
		"url: redis://h\ncheck_interval: 1ms":                "at least 100ms",
		"url: redis://h\nconnections: 0":                     "connections",
		"url: redis://h\nhost: public.test\nport: 7\ndiscover: false\nconnections: 9": "",
	} {
		_, err := load(t, settings)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", settings, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error has the password: %v", settings, err)
		}
	}
}

// A plan cannot have commands that reach other instances or the server.
func TestPlanSettings(t *testing.T) {
	t.Parallel()
	set, err := provider.NewSet(redis.Definition)
	if err != nil {
		t.Fatal(err)
	}
	for settings, want := range map[string]string{
		"isolation: prefix": "", "isolation: database, scripts: true, memory_mb: 5": "",
		"commands: [client|list, '@json', ft.search, restore, scan]": "",
		"isolation: none":          "isolation",
		"memory_mb: -1":            "memory_mb",
		"commands: [GET]":          "is no command",
		"commands: ['+get']":       "is no command",
		"commands: ['~*']":         "is no command",
		"commands: ['@all']":       "could reach other instances",
		"commands: [config|get]":   "could reach other instances",
		"commands: [client]":       "could reach other instances",
		"commands: [client|kill]":  "could reach other instances",
		"commands: [flushdb]":      "could reach other instances",
		"commands: [eval]":         "set scripts: true instead",
		"commands: [script|flush]": "set scripts: true instead",
		"isolations: prefix":       "isolations",
	} {
		directory := t.TempDir()
		for name, text := range map[string]string{"catalog.yaml": catalogWith(settings, ""), "openbroker.yaml": "provider: {redis: {url: 'redis://h'}}\ncatalog: {file: catalog.yaml}\n"} {
			if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		read, err := config.Load(filepath.Join(directory, "openbroker.yaml"), set)
		if err == nil {
			_, err = read.ReadCatalog()
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", settings, err)
		}
	}
}

// documentedRights returns the rules that docs/services/redis.md gives the account of the
// broker.
func documentedRights(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/services/redis.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "ACL SETUSER openbroker on >PASSWORD ")
	rules, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("the page has no rules for the account of the broker")
	}
	return strings.Fields(rules)
}

// A start checks the account, and says what it lacks. A server that is away is no error.
func TestStart(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		server := newServer(t, program)
		account := func(name string, rules ...string) string {
			t.Helper()
			if err := server.admin(t).ACLSetUser(t.Context(), name, append([]string{"reset", "on", ">pw"}, rules...)...).Err(); err != nil {
				t.Fatal(err)
			}
			return "url: " + (&url.URL{Scheme: "redis", User: url.UserPassword(name, "pw"), Host: server.address()}).String()
		}
		enough := documentedRights(t)
		if log, err := startLogged(t, account("enough", enough...)); err != nil || strings.Contains(log, "WARN") {
			t.Errorf("an account with the rights that docs/services/redis.md names: %v\n%s", err, log)
		}
		lacking := map[string]string{"-acl": "+acl|list", "-scan": "+scan", "-unlink": "+unlink ~ob*", "-hset": "+hset ~openbroker:*", "-watch": "+watch", "-info": "'info'", "-config": "'config"}
		if server.compatible(t) >= 70 {
			lacking["-flushdb"] = "+flushdb"
			lacking["resetkeys"] = "+unlink ~ob*"
		}
		for rule, want := range lacking {
			if err := startProvider(t, account("lacking", append(append([]string{}, enough...), rule)...)); err == nil || !strings.Contains(err.Error(), strings.Trim(want, "'")) {
				t.Errorf("an account with %s: %v, want %s", rule, err, want)
			}
		}
		if err := startProvider(t, "url: redis://:wrong@"+server.address()); err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
			t.Errorf("a wrong password: %v", err)
		}
		if users := server.users(t.Context(), t); len(users) != 2 {
			t.Errorf("the checks leave the users %q", users)
		}
		port, err := testserver.FreePort(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		log, err := startLogged(t, "url: redis://:secret@127.0.0.1:"+itoa(port))
		if err != nil || !strings.Contains(log, "the server is away") || strings.Contains(log, "secret") {
			t.Errorf("a server that is away: %v\n%s", err, log)
		}

		// A server that lets everybody in isolates nothing.
		if err := server.admin(t).ACLSetUser(t.Context(), "default", "nopass").Err(); err != nil {
			t.Fatal(err)
		}
		log, err = startLogged(t, "url: redis://"+server.address())
		if err != nil || !strings.Contains(log, "the user default has no password") {
			t.Errorf("a server without password: %v\n%s", err, log)
		}
	})
}

// Credentials have the types and forms that libraries expect.
func TestCredentials(t *testing.T) {
	t.Parallel()
	server := newServer(t, servers()[0])
	s := server.service("host: redis.apps.test", "port: 16379")
	b := s.Start(t)
	if err := b.Provision(t, "i", "small", nil); err != nil {
		t.Fatal(err)
	}
	c, err := b.Bind(t, "i", "binding", "small", nil)
	if err != nil {
		t.Fatal(err)
	}
	uri, _ := c["uri"].(string)
	options, err := goredis.ParseURL(uri)
	if err != nil {
		t.Fatal(err)
	}
	if options.Addr != "redis.apps.test:16379" || options.Username != c["username"] || options.Password != c["password"] || options.DB != 0 || options.TLSConfig != nil {
		t.Errorf("the URI means %+v", options)
	}
	for key, want := range map[string]any{"url": uri, "host": "redis.apps.test", "hostname": "redis.apps.test", "ssl": false} {
		if c[key] != want {
			t.Errorf("%s is %v, want %v", key, c[key], want)
		}
	}
	if number(c["port"]) != 16379 || number(c["database"]) != 0 || c["key-prefix"] == "" || c["key-prefix"] != c["channel-prefix"] || c["tls_port"] != nil || c["certificates"] != nil || len(c) != 11 {
		t.Errorf("the credentials are %v", c)
	}
	parsed, err := url.Parse(uri)
	if err != nil || parsed.Scheme != "redis" || parsed.RawQuery != "" || parsed.Path != "/0" {
		t.Errorf("the URI is %s (%v)", parsed.Redacted(), err)
	}
}
