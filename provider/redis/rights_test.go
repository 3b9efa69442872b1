package redis_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/internal/servicetest"
)

// bound is a binding with a session.
type bound struct {
	*session
	credentials openbroker.Credentials
}

// bind provisions an instance with the plan small, binds it, and logs in.
func bind(t *testing.T, b *servicetest.Broker, instance string, parameters map[string]any) *bound {
	t.Helper()
	if err := b.Provision(t, instance, "small", nil); err != nil {
		t.Fatal(err)
	}
	return bindAgain(t, b, instance, "binding", parameters)
}

// bindAgain binds an instance, and logs in.
func bindAgain(t *testing.T, b *servicetest.Broker, instance, binding string, parameters map[string]any) *bound {
	t.Helper()
	credentials, err := b.Bind(t, instance, binding, "small", parameters)
	if err != nil {
		t.Fatal(err)
	}
	s, err := login(t.Context(), credentials)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &bound{s, credentials}
}

// split splits a command at spaces. "$" stands for the prefix of keys, "%" for that of
// channels.
func (b *bound) split(command string) []any {
	channel, _ := b.credentials["channel-prefix"].(string)
	words := strings.Fields(strings.NewReplacer("$", b.prefix, "%", channel).Replace(command))
	arguments := make([]any, len(words))
	for i, word := range words {
		arguments[i] = word
	}
	return arguments
}

// The commands of commands.txt are allowed or denied as it says. docs/services/redis.md
// refers to it.
func TestCommands(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/commands.txt")
	if err != nil {
		t.Fatal(err)
	}
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		server := newServer(t, program)
		version := server.compatible(t)
		prefix := server.service()
		prefix.Catalog = catalogWith("scripts: true", "")
		withDatabase := newServer(t, program).service()
		withDatabase.Catalog = catalogWith("isolation: database, scripts: true", "")
		plain := newServer(t, program).service()
		columns := map[string]*bound{}
		prefixBroker, databaseBroker := prefix.Start(t), withDatabase.Start(t)
		columns["prefix"] = bind(t, prefixBroker, "i", nil)
		columns["prefix-ro"] = bindAgain(t, prefixBroker, "i", "ro", map[string]any{"mode": "ro"})
		columns["database"] = bind(t, databaseBroker, "i", nil)
		columns["database-ro"] = bindAgain(t, databaseBroker, "i", "ro", map[string]any{"mode": "ro"})
		columns["no-scripts"] = bind(t, plain.Start(t), "i", nil)
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			allowed, command, _ := strings.Cut(line, ": ")
			since := 60
			for _, word := range strings.Fields(allowed) {
				switch word {
				case "6.2+":
					since = 62
				case "7.0+":
					since = 70
				case "7.2+":
					since = 72
				}
			}
			if version < since {
				continue
			}
			for name, b := range columns {
				want := permits(allowed, name)
				err := b.do(t.Context(), b.split(command)...)
				if denied(err) == want {
					t.Errorf("%s with %s: error %v, want permission %t", command, name, err, want)
				}
			}
		}
	})
}

// permits reports whether a list of columns has one, by its name or that of a group.
func permits(list, name string) bool {
	for _, word := range strings.Fields(list) {
		switch word {
		case name, "all":
			return true
		case "rw":
			if !strings.HasSuffix(name, "-ro") {
				return true
			}
		case "scripts":
			if name == "prefix" || name == "database" {
				return true
			}
		case "databases":
			if strings.HasPrefix(name, "database") {
				return true
			}
		}
	}
	return false
}

// denied reports whether the server denied a command, or is too old to know it. Other
// errors, such as wrong arguments, come after the check of permissions.
func denied(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "NOPERM") || strings.Contains(err.Error(), "unknown command"))
}

// An application that subscribes hears only the channels of its instance, and the
// notifications about its own keys.
func TestChannels(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		server := newServer(t, program)
		if server.compatible(t) < 62 {
			return // Redis 6.0 has no channels for bindings: commands.txt says so.
		}
		b := server.service().Start(t)
		one, two := bind(t, b, "one", nil), bind(t, b, "two", nil)
		own := one.prefix + "news"
		subscription := one.client.Subscribe(t.Context(), own, "__keyspace@0__:"+one.prefix+"key")
		defer func() { _ = subscription.Close() }()
		for range 2 {
			if _, err := subscription.Receive(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		refusedWith(t, two.do(t.Context(), "publish", own, "x"), "NOPERM", "publishing to another instance")
		refusedWith(t, one.do(t.Context(), "psubscribe", "*"), "NOPERM", "subscribing to everything")
		refusedWith(t, one.do(t.Context(), "psubscribe", one.prefix+"n*"), "NOPERM", "subscribing to a part of the pattern") // docs/services/redis.md says so.
		pattern := one.client.PSubscribe(t.Context(), one.prefix+"*")
		defer func() { _ = pattern.Close() }()
		if _, err := pattern.Receive(t.Context()); err != nil {
			t.Error(err)
		}
		if err := two.Write(t.Context(), "key", "x"); err != nil {
			t.Error(err)
		}
		if err := one.Write(t.Context(), "key", "x"); err != nil {
			t.Error(err)
		}
		if err := one.do(t.Context(), "publish", own, "hello"); err != nil {
			t.Error(err)
		}
		for _, want := range []string{"set", "hello"} {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
			message, err := subscription.ReceiveMessage(ctx)
			cancel()
			if err != nil || message.Payload != want {
				t.Errorf("the message is %v (%v), want %q", message, err, want)
			}
		}
	})
}

// SORT reads only keys that the binding may read.
func TestSort(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		b := newServer(t, program).service().Start(t)
		victim, thief := bind(t, b, "victim", nil), bind(t, b, "thief", nil)
		if err := victim.Write(t.Context(), "secret", "value"); err != nil {
			t.Fatal(err)
		}
		if err := thief.client.RPush(t.Context(), thief.prefix+"names", victim.prefix+"secret").Err(); err != nil {
			t.Fatal(err)
		}
		found, err := thief.client.Do(t.Context(), "sort", thief.prefix+"names", "by", "nosort", "get", "*").StringSlice()
		if err == nil {
			t.Errorf("SORT GET reads %q of another instance", found)
		}
	})
}

// A tenant that runs a script without end is stopped, and the others go on.
func TestEndlessScript(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		s := newServer(t, program, lines("lua-time-limit 100")).service()
		s.Catalog = catalogWith("scripts: true", "")
		b := s.Start(t)
		guilty, other := bind(t, b, "guilty", nil), bind(t, b, "other", nil)
		err := guilty.client.Eval(t.Context(), "while true do end", nil).Err()
		if err == nil || !strings.Contains(err.Error(), "killed") {
			t.Errorf("the script: %v", err)
		}
		if err := other.Write(t.Context(), "key", "value"); err != nil {
			t.Errorf("another instance after the script: %v", err)
		}
	})
}

// A script can do no more than its binding.
func TestScripts(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		s := newServer(t, program).service()
		s.Catalog = catalogWith("scripts: true", "")
		b := s.Start(t)
		one, two := bind(t, b, "one", nil), bind(t, b, "two", nil)
		script := goredis.NewScript(`return redis.call("set", KEYS[1], ARGV[1])`)
		if err := script.Run(t.Context(), one.client, []string{one.prefix + "k"}, "v").Err(); err != nil {
			t.Errorf("a script of the application: %v", err)
		}
		// The second run uses the cache of scripts, which is common.
		if err := script.Run(t.Context(), one.client, []string{one.prefix + "k"}, "v").Err(); err != nil {
			t.Errorf("a script of the application, again: %v", err)
		}
		for what, command := range map[string]string{"a declared key": `redis.call("get", KEYS[1])`, "an undeclared key": `redis.call("get", ARGV[1])`, "a command": `redis.call("keys", "*")`} {
			keys := []string{two.prefix + "k"}
			if what != "a declared key" {
				keys = nil
			}
			if err := one.client.Eval(t.Context(), "return "+command, keys, two.prefix+"k").Err(); err == nil || errors.Is(err, goredis.Nil) {
				t.Errorf("a script reaches another instance by %s", what)
			}
		}
	})
}
