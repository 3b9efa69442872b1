package redis_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/provider/internal/servicetest"
)

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, condition func(ctx context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for !condition(ctx) {
		select {
		case <-ctx.Done():
			t.Fatal("in three minutes, " + what + " did not happen")
		case <-ticker.C:
		}
	}
}

// works waits until an application can log in and write.
func (b *bound) works(t *testing.T) {
	t.Helper()
	eventually(t, "logging in again", func(ctx context.Context) bool {
		s, err := login(ctx, b.credentials)
		if err != nil {
			return false
		}
		defer func() { _ = s.Close() }()
		return s.Write(ctx, "again", "x") == nil
	})
}

// refused fails the test if an application can log in.
func (b *bound) refused(t *testing.T) {
	t.Helper()
	if s, err := login(t.Context(), b.credentials); err == nil {
		_ = s.Close()
		t.Error("an unbound application can log in")
	}
}

// A server that has forgotten its users gets them back, but not those of deleted bindings:
// without ACL file, without any data, and after an operator deleted or changed one.
func TestForgottenUsers(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		for name, options := range map[string][]option{"data on disk": {durably}, "nothing on disk": nil} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				server := newServer(t, program, options...)
				b := server.service().Start(t)
				kept := bind(t, b, "i", nil)
				reader := bindAgain(t, b, "i", "ro", map[string]any{"mode": "ro"})
				gone := bindAgain(t, b, "i", "gone", nil)
				unbind(t, b, "i", "gone")
				before := server.users(t.Context(), t)
				if err := server.Kill(); err != nil {
					t.Fatal(err)
				}
				if err := server.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				kept.works(t)
				eventually(t, "making all users again", func(ctx context.Context) bool { return slices.Equal(before, server.users(ctx, t)) })
				gone.refused(t)
				if again, err := login(t.Context(), reader.credentials); err != nil {
					t.Errorf("the reader: %v", err)
				} else {
					refusedWith(t, again.do(t.Context(), "set", again.prefix+"k", "v"), "NOPERM", "writing as a reader")
					_ = again.Close()
				}

				// The registry is there again, too: what was allocated is not allocated twice.
				if names, err := b.Resources(t.Context()); err != nil || len(names) != 1 {
					t.Errorf("the provider lists %q, %v", names, err)
				}

				username, _ := kept.credentials["username"].(string)
				if err := server.admin(t).Do(t.Context(), "acl", "deluser", username).Err(); err != nil {
					t.Fatal(err)
				}
				kept.works(t)
				if err := server.admin(t).ACLSetUser(t.Context(), username, "allkeys", "+@all").Err(); err != nil {
					t.Fatal(err)
				}
				eventually(t, "repairing the rights", func(ctx context.Context) bool {
					s, err := login(ctx, kept.credentials)
					if err != nil {
						return false
					}
					defer func() { _ = s.Close() }()
					return denied(s.do(ctx, "keys", "*"))
				})
			})
		}
	})
}

func unbind(t *testing.T, b *servicetest.Broker, instance, binding string) {
	t.Helper()
	if err := b.Unbind(t, instance, binding, "small"); err != nil {
		t.Fatal(err)
	}
}

// An ACL file keeps the users without the broker.
func TestACLFile(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		server := newServer(t, program, withACLFile)
		b := server.service("check_interval: 1h").Start(t)
		kept, gone := bind(t, b, "i", nil), bindAgain(t, b, "i", "gone", nil)
		unbind(t, b, "i", "gone")
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := server.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s, err := login(t.Context(), kept.credentials); err != nil {
			t.Errorf("after a restart: %v", err)
		} else {
			_ = s.Close()
		}
		gone.refused(t)
	})
}

// A logical database stays that of its instance when the server has lost everything.
func TestForgottenDatabases(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		server := newServer(t, program)
		s := server.service()
		s.Catalog = isolations["database"]
		b := s.Start(t)
		one := bind(t, b, "one", nil)
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := server.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		two := bind(t, b, "two", nil)
		if first, second := number(one.credentials["database"]), number(two.credentials["database"]); first == second {
			t.Errorf("both instances have database %d", first)
		}
		one.works(t)
	})
}

// The list of instances is not lost to eviction: it is made again.
func TestEvictedRegistry(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		server := newServer(t, program)
		b := server.service().Start(t)
		one := bind(t, b, "one", nil)
		registry := server.client(1)
		defer func() { _ = registry.Close() }()
		if n, err := registry.Del(t.Context(), "openbroker:instances").Result(); err != nil || n != 1 {
			t.Fatalf("%d keys were deleted (%v)", n, err)
		}
		bind(t, b, "two", nil)
		if names, err := b.Resources(t.Context()); err != nil || len(names) != 2 {
			t.Errorf("the provider lists %q, %v", names, err)
		}
		one.works(t)
	})
}

// A server that forgets its users all the time has, in the end, those of the bindings that
// exist, and no others.
func TestForgettingWhileUnbinding(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		server := newServer(t, program)
		b := server.service().Start(t)
		kept := bind(t, b, "i", nil)
		forgetting, stop := context.WithCancel(t.Context())
		forgot := make(chan int)
		go func() {
			client := server.client(0)
			defer func() { _ = client.Close() }()
			count := 0
			for forgetting.Err() == nil {
				names, _ := client.Do(forgetting, "acl", "users").StringSlice()
				for _, name := range names {
					if name != "default" && client.Do(forgetting, "acl", "deluser", name).Err() == nil {
						count++
					}
				}
			}
			forgot <- count
		}()
		for i := range 40 {
			id := "b" + itoa(i)
			if _, err := b.Bind(t, "i", id, "small", nil); err != nil {
				t.Fatal(err)
			}
			unbind(t, b, "i", id)
		}
		stop()
		if count := <-forgot; count < 10 {
			t.Errorf("only %d users were forgotten", count)
		}
		kept.works(t)
		username, _ := kept.credentials["username"].(string)
		eventually(t, "having the users of all bindings, and no others", func(ctx context.Context) bool {
			return slices.Equal(server.users(ctx, t), []string{username})
		})
	})
}

// A server that has lost its last changes, as one that failed over, gets back the records
// of instances, before it gives their logical databases to others.
func TestLostRecord(t *testing.T) {
	t.Parallel()
	server := newServer(t, servers()[0], durably)
	s := server.service("check_interval: 1h")
	s.Catalog = isolations["database"]
	b := s.Start(t)
	one := bind(t, b, "one", nil)
	registry := server.client(1)
	defer func() { _ = registry.Close() }()
	names, err := b.Resources(t.Context())
	if err != nil || len(names) != 1 {
		t.Fatalf("the provider lists %q, %v", names, err)
	}
	if err := registry.HDel(t.Context(), "openbroker:instances", names[0]).Err(); err != nil {
		t.Fatal(err)
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	two := bind(t, b, "two", nil)
	if first, second := number(one.credentials["database"]), number(two.credentials["database"]); first == second {
		t.Errorf("both instances have database %d", first)
	}
	if names, err := b.Resources(t.Context()); err != nil || len(names) != 2 {
		t.Errorf("the provider lists %q, %v", names, err)
	}

	// An instance whose record is lost while it is deleted is deleted all the same.
	if err := two.Write(t.Context(), "key", "x"); err != nil {
		t.Fatal(err)
	}
	unbind(t, b, "two", "binding")
	if err := registry.HDel(t.Context(), "openbroker:instances", names[0]).Err(); err != nil {
		t.Fatal(err)
	}
	if err := b.Deprovision(t, "two", "small"); err != nil {
		t.Fatal(err)
	}
	if dump, err := server.dump(t.Context()); err != nil || slices.ContainsFunc(dump, func(line string) bool { return strings.HasSuffix(line, " key") }) {
		t.Errorf("the server has %q (%v)", dump, err)
	}
}
