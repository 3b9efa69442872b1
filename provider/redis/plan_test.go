package redis_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
)

// An update changes what existing bindings may do, also in their open connections.
func TestUpdateChangesRights(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		s := newServer(t, program).service()
		s.Catalog = catalogWith("", "scripts: true, commands: [client|list]")
		b := s.Start(t)
		one, reader := bind(t, b, "i", nil), bindAgain(t, b, "i", "ro", map[string]any{"mode": "ro"})
		expect := func(allowed bool) {
			t.Helper()
			for what, err := range map[string]error{
				"a script": one.do(t.Context(), "eval", "return 1", 0), "a further command": one.do(t.Context(), "client", "list"),
				"a further command of a reader": reader.do(t.Context(), "client", "list"),
			} {
				if denied(err) == allowed {
					t.Errorf("%s: error %v, want permission %t", what, err, allowed)
				}
			}
			if err := reader.do(t.Context(), "set", reader.prefix+"k", "v"); !denied(err) {
				t.Errorf("writing as a reader: %v", err)
			}
		}
		expect(false)
		if err := b.Update(t, "i", "small", "large", nil); err != nil {
			t.Fatal(err)
		}
		expect(true)
		if err := b.Update(t, "i", "large", "small", nil); err != nil {
			t.Fatal(err)
		}
		expect(false)
	})
}

// An instance whose plan has left the catalog keeps what it has: its users are made again,
// and it can be unbound and deleted.
func TestRetiredPlan(t *testing.T) {
	t.Parallel()
	for name, plans := range map[string]string{"prefix": catalogWith("scripts: true, commands: [client|list]", ""), "database": catalogWith("isolation: database, scripts: true, commands: [client|list]", "isolation: database")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, servers()[0], durably)
			s := server.service()
			s.Catalog = plans
			b := s.Start(t)
			before, err := server.dump(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			one := bind(t, b, "i", nil)
			full, err := b.Engine.Catalog(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			less := &openbroker.Catalog{Services: slices.Clone(full.Services)}
			less.Services[0].Plans = slices.Clone(full.Services[0].Plans[1:])
			if _, err := catalog.SourceOf(less); err != nil {
				t.Fatal(err)
			}
			if err := b.Engine.SetCatalog(less); err != nil {
				t.Fatal(err)
			}
			if err := server.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := server.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			one.works(t)
			again, err := login(t.Context(), one.credentials)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = again.Close() }()
			if err := again.do(t.Context(), "client", "list"); err != nil {
				t.Errorf("a command of the retired plan: %v", err)
			}
			unbind(t, b, "i", "binding")
			if err := b.Deprovision(t, "i", "small"); err != nil {
				t.Fatal(err)
			}
			after, err := server.dump(t.Context())
			if err != nil || !slices.Equal(before, after) {
				t.Errorf("the server has %q (%v), and had %q", after, err, before)
			}
		})
	}
}

// A plan with a command that the server does not have fails at bind, and does not keep
// others from getting their users again.
func TestUnknownCommand(t *testing.T) {
	t.Parallel()
	server := newServer(t, servers()[0])
	s := server.service()
	s.Catalog = catalogWith("", "commands: [vector.add]")
	b := s.Start(t)
	one := bind(t, b, "i", nil)
	if err := b.Provision(t, "unknown", "large", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Bind(t, "unknown", "binding", "large", nil); err == nil {
		t.Error("a plan with an unknown command can be bound")
	}
	if err := b.Update(t, "i", "small", "large", nil); err == nil {
		t.Error("an instance can be updated to a plan with an unknown command")
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	one.works(t)
}

// A deprovision deletes many keys in steps, and only those of the instance.
func TestManyKeys(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		server := newServer(t, program)
		b := server.service().Start(t)
		one, two := bind(t, b, "one", nil), bind(t, b, "two", nil)
		for _, x := range []*bound{one, two} {
			pipe := x.client.Pipeline()
			for i := range 5000 {
				pipe.Set(t.Context(), fmt.Sprint(x.prefix, "key*", i), i, 0)
			}
			if _, err := pipe.Exec(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		unbind(t, b, "one", "binding")
		if err := b.Deprovision(t, "one", "small"); err != nil {
			t.Fatal(err)
		}
		keys, err := server.admin(t).Keys(t.Context(), "*").Result()
		if err != nil || len(keys) != 5000 || slices.ContainsFunc(keys, func(key string) bool { return !strings.HasPrefix(key, two.prefix) }) {
			t.Errorf("%d keys are left (%v)", len(keys), err)
		}
	})
}

// The metadata of an instance says what serves it.
func TestLabels(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		server := newServer(t, program)
		b := server.service("host: redis.apps.test").Start(t)
		if err := b.Provision(t, "i", "small", nil); err != nil {
			t.Fatal(err)
		}
		instance, err := b.Client.GetInstance(context.WithoutCancel(t.Context()), &openbroker.GetInstanceRequest{InstanceID: "i"})
		if err != nil {
			t.Fatal(err)
		}
		engine := "redis"
		if strings.Contains(program, "valkey") {
			engine = "valkey"
		}
		labels := instance.Metadata.Labels
		version, _ := labels["version"].(string)
		if labels["engine"] != engine || labels["host"] != "redis.apps.test" || strings.Count(version, ".") != 2 || labels["cluster"] != nil {
			t.Errorf("the labels are %v", labels)
		}
	})
}
