package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"github.com/openbroker/openbroker/provider/redis"
)

// Each instance has a logical database of its own, also if several brokers provision at
// once: never 0, nor that of the list, nor one that has keys. When all are used, the next
// one is refused, and a deleted one is free again.
func TestDatabases(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		server := newServer(t, program, lines("databases 10"))
		foreign := server.client(4)
		defer func() { _ = foreign.Close() }()
		if err := foreign.Set(t.Context(), "foreign", "x", 0).Err(); err != nil {
			t.Fatal(err)
		}
		s := server.service()
		s.Catalog = isolations["database"]
		first, second := s.Start(t), s.Start(t)
		var group errgroup.Group
		for i := range 7 {
			group.Go(func() error {
				b := first
				if i%2 == 1 {
					b = second
				}
				return b.Provision(t, fmt.Sprint("i", i), "small", nil)
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		// Databases have the numbers 2 to 9 without 4. The ids of the second broker are not
		// those of the first, but name the same platform: they are different instances.
		err := first.Provision(t, "full", "small", nil)
		if err == nil || !strings.Contains(err.Error(), "All 10 logical databases") {
			t.Errorf("an instance more than there are databases: %v", err)
		}
		var numbers []int
		for i := range 7 {
			b := first
			if i%2 == 1 {
				b = second
			}
			c, err := b.Bind(t, fmt.Sprint("i", i), "b", "small", nil)
			if err != nil {
				t.Fatal(err)
			}
			numbers = append(numbers, number(c["database"]))
			if uri, _ := c["uri"].(string); !strings.HasSuffix(uri, fmt.Sprint("/", numbers[i])) {
				t.Errorf("the URI does not end with the database %d", numbers[i])
			}
		}
		slices.Sort(numbers)
		if !slices.Equal(numbers, []int{2, 3, 5, 6, 7, 8, 9}) {
			t.Errorf("the databases are %v", numbers)
		}
		if err := first.Unbind(t, "i0", "b", "small"); err != nil {
			t.Fatal(err)
		}
		if err := first.Deprovision(t, "i0", "small"); err != nil {
			t.Fatal(err)
		}
		if err := first.Provision(t, "full", "small", nil); err != nil {
			t.Errorf("an instance after another was deleted: %v", err)
		}
	})
}

// A binding with a logical database begins there by its URI. It is in database 0 without
// the URI's number and after RESET, where nothing of the broker or of others is, and
// nothing that it can do there reaches them. docs/services/redis.md says so.
func TestDatabaseZero(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		server := newServer(t, program)
		s := server.service()
		s.Catalog = isolations["database"]
		b := s.Start(t)
		one, two := bind(t, b, "one", nil), bind(t, b, "two", nil)
		if err := one.Write(t.Context(), "shared", "mine"); err != nil {
			t.Fatal(err)
		}
		conn := two.client.Conn()
		defer func() { _ = conn.Close() }()
		if server.compatible(t) >= 62 {
			username, _ := two.credentials["username"].(string)
			password, _ := two.credentials["password"].(string)
			if err := conn.Do(t.Context(), "reset").Err(); err != nil {
				t.Fatal(err)
			}
			if err := conn.Do(t.Context(), "auth", username, password).Err(); err != nil {
				t.Fatal(err)
			}
			if keys, err := conn.Keys(t.Context(), "*").Result(); err != nil || len(keys) != 0 {
				t.Errorf("database 0 has the keys %q (%v)", keys, err)
			}
			if err := conn.FlushDB(t.Context()).Err(); err != nil {
				t.Error(err)
			}
		}
		for _, command := range []string{"select 0", "select 1", "select " + itoa(number(one.credentials["database"])), "swapdb 0 1", "move shared 2", "copy a b db 2", "flushall"} {
			if err := two.do(t.Context(), two.split(command)...); !denied(err) {
				t.Errorf("%s: %v", command, err)
			}
		}
		if value, err := one.Read(t.Context(), "shared"); err != nil || value != "mine" {
			t.Errorf("the other instance reads %q (%v)", value, err)
		}
		if names, err := b.Resources(t.Context()); err != nil || len(names) != 2 {
			t.Errorf("the provider lists %q (%v)", names, err)
		}
	})
}

// Prefixes and logical databases exclude each other on a server, because a binding with a
// logical database could use all keys in database 0. So do keys of others there.
func TestMixedIsolations(t *testing.T) {
	t.Parallel()
	server := newServer(t, servers()[0])
	s := server.service()
	s.Catalog = catalogWith("isolation: prefix", "isolation: database")
	b := s.Start(t)
	if err := b.Provision(t, "prefix", "small", nil); err != nil {
		t.Fatal(err)
	}
	if err := b.Provision(t, "database", "large", nil); err == nil || !strings.Contains(err.Error(), "cannot have others") {
		t.Errorf("a logical database beside a prefix: %v", err)
	}
	if err := b.Update(t, "prefix", "small", "large", nil); err == nil || !strings.Contains(err.Error(), "cannot change between") {
		t.Errorf("an update to a logical database: %v", err)
	}
	if err := b.Deprovision(t, "prefix", "small"); err != nil {
		t.Fatal(err)
	}
	if err := server.admin(t).Set(t.Context(), "foreign", "x", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := b.Provision(t, "database", "large", nil); err == nil || !strings.Contains(err.Error(), "Database 0 of the server has keys") {
		t.Errorf("a logical database beside foreign keys: %v", err)
	}
	if err := server.admin(t).Del(t.Context(), "foreign").Err(); err != nil {
		t.Fatal(err)
	}
	if err := b.Provision(t, "database", "large", nil); err != nil {
		t.Error(err)
	}
	if err := b.Provision(t, "prefix", "small", nil); err == nil || !strings.Contains(err.Error(), "cannot have others") {
		t.Errorf("a prefix beside a logical database: %v", err)
	}
}

// The sum of all plans is held against maxmemory, when instances are made and when they
// are updated.
func TestMemoryOfPlans(t *testing.T) {
	t.Parallel()
	server := newServer(t, servers()[0], lines("maxmemory 100mb"))
	s := server.service()
	s.Catalog = catalogWith("memory_mb: 40", "memory_mb: 70")
	b := s.Start(t)
	eventually(t, "the first pass", func(ctx context.Context) bool { _, err := b.Resources(ctx); return err == nil })
	for _, id := range []string{"a", "b"} {
		if err := b.Provision(t, id, "small", nil); err != nil {
			t.Fatal(err)
		}
	}
	full := "has 100 MiB of memory, and all instances together would count for "
	if err := b.Provision(t, "c", "small", nil); err == nil || !strings.Contains(err.Error(), full+"120 MiB") {
		t.Errorf("an instance too many: %v", err)
	}
	if err := b.Update(t, "a", "small", "large", nil); err == nil || !strings.Contains(err.Error(), full+"110 MiB") {
		t.Errorf("an update to a plan that is too large: %v", err)
	}
	if err := b.Deprovision(t, "b", "small"); err != nil {
		t.Fatal(err)
	}
	if err := b.Update(t, "a", "small", "large", nil); err != nil {
		t.Errorf("an update to a plan that fits: %v", err)
	}
	if err := b.Provision(t, "d", "small", nil); err == nil {
		t.Error("the update does not count")
	}
}

// maxmemory is one for all: an instance can fill it. Then nobody can write, and the broker
// still binds, unbinds and deletes.
func TestFullMemory(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		server := newServer(t, program)
		s := server.service()
		s.Catalog = catalogWith("", "")
		b := s.Start(t)
		greedy, victim := bind(t, b, "greedy", nil), bind(t, b, "victim", nil)
		if err := greedy.Write(t.Context(), "much", strings.Repeat("x", 1<<20)); err != nil {
			t.Fatal(err)
		}
		if err := server.admin(t).ConfigSet(t.Context(), "maxmemory", "1mb").Err(); err != nil {
			t.Fatal(err)
		}
		refusedWith(t, victim.Write(t.Context(), "key", "x"), "OOM", "writing to a full server")
		bindAgain(t, b, "victim", "another", nil)
		if err := b.Provision(t, "new", "small", nil); err == nil || !strings.Contains(err.Error(), "out of memory") {
			t.Errorf("an instance on a full server: %v", err)
		}
		unbind(t, b, "victim", "another")
		unbind(t, b, "greedy", "binding")
		greedy.refused(t)
		if err := b.Deprovision(t, "greedy", "small"); err != nil {
			t.Errorf("the deprovision on a full server: %v", err)
		}
	})
}

// Applications that use all connections of the server do not lock the broker out.
func TestFullConnections(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		server := newServer(t, program)
		b := server.service().Start(t)
		greedy := bind(t, b, "greedy", nil)
		if err := server.admin(t).ConfigSet(t.Context(), "maxclients", "20").Err(); err != nil {
			t.Fatal(err)
		}
		var refused error
		for range 100 {
			s, err := login(t.Context(), greedy.credentials)
			if err != nil {
				refused = err
				break
			}
			t.Cleanup(func() { _ = s.Close() })
		}
		if refused == nil {
			t.Fatal("the server takes more connections than maxclients")
		}
		unbind(t, b, "greedy", "binding")
		greedy.refused(t)
	})
}

// A prefix with characters of patterns opens only itself.
func TestPatternCharacters(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		server := newServer(t, program)
		prefix := `a[x]*?\^-:`
		pattern := "~" + redis.EscapeGlob(prefix) + "*"
		admin := server.admin(t)
		if err := admin.ACLSetUser(t.Context(), "u", "reset", "on", ">pw", pattern, "+get", "+ping", "+hello").Err(); err != nil {
			t.Fatal(err)
		}
		client := goredis.NewClient(&goredis.Options{Addr: server.address(), Username: "u", Password: "pw", MaxRetries: -1, DisableIdentity: true})
		defer func() { _ = client.Close() }()
		if err := client.Get(t.Context(), prefix+"key").Err(); !errors.Is(err, goredis.Nil) {
			t.Errorf("the own key: %v", err)
		}
		for _, key := range []string{"ax*?\\^-:key", "a[x]yz\\^-:key", "a[x]*?-:key", "ax", "a[x]"} {
			if err := client.Get(t.Context(), key).Err(); !denied(err) {
				t.Errorf("the key %q: %v", key, err)
			}
		}
	})
}
