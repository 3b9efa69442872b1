package durable_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

func TestProviderPanics(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		r.provider.on(durable.KindProvision, "i", func(context.Context, *durable.Task) error { panic("no such node") })
		a := r.provision("i", "plan-async", "")
		if s := r.poll("i", a.operation()); s.state() != string(openbroker.OperationFailed) || strings.Contains(s.text, "no such node") {
			t.Errorf("the operation is %s", s.text)
		}
		if !strings.Contains(r.logs.String(), "no such node") || !strings.Contains(r.logs.String(), "fault_test.go") {
			t.Error("the log does not have the panic and its location")
		}
		r.status("i", "", durable.StatusDeleted)
		r.done("j", r.provision("j", "plan-async", ""))
	})
}

// The engine does not wait for a provider that ended its goroutine without
// returning.
func TestProviderExits(t *testing.T) {
	t.Parallel()
	r := start(t, openSQLite(t), newKeys(t), newScripted(), nil)
	r.provider.on(durable.KindProvision, "i", func(context.Context, *durable.Task) error { return exit() })
	a := r.provision("i", "plan-async", "")
	if s := r.poll("i", a.operation()); s.state() != string(openbroker.OperationFailed) {
		t.Errorf("the operation is %s", s.text)
	}
}

// An operation fails at its deadline: the context of the provider ends, and the
// engine cleans up. It abandons a provider that ignores its context.
func TestDeadline(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), func(c *durable.Config) {
			c.StopGrace = 10 * time.Millisecond
			c.Policies["plan-async"] = durable.Policy{Mode: durable.ModeAsynchronous, Deadline: 200 * time.Millisecond}
		})
		r.provider.hold(durable.KindProvision, "listens")
		stubborn := r.provider.stall(durable.KindProvision, "does not")
		defer stubborn.open()
		for _, id := range []string{"listens", "does not"} {
			path := strings.ReplaceAll(id, " ", "%20")
			a := r.provision(path, "plan-async", "")
			if s := r.poll(path, a.operation()); s.state() != string(openbroker.OperationFailed) || !strings.Contains(s.text, "too long") {
				t.Errorf("%s: the operation is %s", id, s.text)
			}
			r.status(id, "", durable.StatusDeleted)
		}
		r.bring("i", "plan-async", ready)
		r.provider.hold(durable.KindDeprovision, "i")
		a := r.deprovision("i", "plan-async")
		if s := r.poll("i", a.operation()); s.state() != string(openbroker.OperationFailed) {
			t.Errorf("the operation is %s", s.text)
		}
		r.send(http.MethodGet, instancePath("i"), "").is(t, http.StatusOK, "")
	})
}

func TestRetries(t *testing.T) {
	t.Parallel()
	errBusy := errors.New("busy")
	for _, test := range []struct {
		name     string
		kind     durable.OperationKind
		err      error
		failures int
		state    string
		calls    int
	}{
		{"a retryable error", durable.KindProvision, durable.Retryable(errBusy, 0), 2, "succeeded", 3},
		{"the limit of attempts", durable.KindProvision, durable.Retryable(errBusy, 0), 99, "failed", 4},
		{"a pause that the provider asks for", durable.KindUpdate, durable.Retryable(errBusy, 20*time.Millisecond), 1, "succeeded", 2},
		{"a retryable answer", durable.KindUpdate, durable.Retryable(errProvider, 0), 1, "succeeded", 2},
		{"an error that is not retryable", durable.KindUpdate, errBusy, 1, "failed", 1},
		{"a deletion with any error", durable.KindDeprovision, errBusy, 10, "succeeded", 11},
		{"a deletion that the service refuses", durable.KindDeprovision, errProvider, 1, "failed", 1},
		{"a deletion that fails with a 5xx", durable.KindDeprovision, openbroker.NewError(502, "", "Down."), 3, "succeeded", 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			forEachStore(t, func(t *testing.T, store durable.Store) {
				r := start(t, store, newKeys(t), newScripted(), func(c *durable.Config) { c.DefaultPolicy.Attempts = 4 })
				var calls atomic.Int64
				began := time.Now()
				r.provider.on(test.kind, "i", func(context.Context, *durable.Task) error {
					if calls.Add(1) <= int64(test.failures) {
						return test.err
					}
					return nil
				})
				var a answer
				switch test.kind {
				case durable.KindProvision:
					a = r.provision("i", "plan-async", "")
				case durable.KindUpdate:
					r.bring("i", "plan-async", ready)
					a = r.update("i", updateExtra)
				default:
					r.bring("i", "plan-async", ready)
					a = r.deprovision("i", "plan-async")
				}
				if s := r.poll("i", a.operation()); s.state() != test.state {
					t.Errorf("the operation is %s", s.text)
				}
				if calls.Load() != int64(test.calls) {
					t.Errorf("%d calls, want %d", calls.Load(), test.calls)
				}
				if strings.HasPrefix(test.name, "a pause") && time.Since(began) < 20*time.Millisecond {
					t.Error("no pause between attempts")
				}
				made := r.provider.called(test.kind, "i")
				for i, c := range made {
					if c.task != a.operation() || c.attempt != i+1 {
						t.Errorf("call %d is attempt %d of %s", i+1, c.attempt, c.task)
					}
				}
			})
		})
	}
}

// A clean-up is repeated until it succeeds.
func TestCleanUpIsRetried(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		r.provider.fail(durable.KindProvision, "i", errProvider)
		var calls atomic.Int64
		r.provider.on(durable.KindDeprovision, "i", func(context.Context, *durable.Task) error {
			if calls.Add(1) < 3 {
				return errProvider
			}
			return nil
		})
		r.provision("i", "plan-async", "")
		r.status("i", "", durable.StatusDeleted)
		if calls.Load() != 3 {
			t.Errorf("the clean-up was tried %d times", calls.Load())
		}
	})
}

// After CleanupTimeout, the instance stays for an operator.
func TestCleanUpThatFails(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), func(c *durable.Config) { c.CleanupTimeout = time.Millisecond })
		r.provider.fail(durable.KindProvision, "i", errProvider)
		r.provider.fail(durable.KindDeprovision, "i", errProvider)
		a := r.provision("i", "plan-async", "")
		r.status("i", "", durable.StatusCreateFailed)
		if s := r.lastOperation("i", ""); s.text != r.lastOperation("i", a.operation()).text {
			t.Errorf("the platform sees the clean-up: %s", s.text)
		}
		r.provision("i", "plan-async", "").is(t, http.StatusConflict, "")
		r.provider.on(durable.KindDeprovision, "i", nil)
		r.done("i", r.deprovision("i", "plan-async"))
	})
}

// An operation completes after its client has disconnected.
func TestClientDisconnects(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		g := r.provider.hold(durable.KindProvision, "i")
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := r.try(ctx, http.MethodPut, instancePath("i"), provisionBody("plan-sync", ""))
			left <- err
		}()
		receive(t, "the provision", g.entered)
		leave()
		if err := receive(t, "the client", left); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		g.open()
		r.status("i", "", durable.StatusReady)
		r.provision("i", "plan-sync", "").is(t, http.StatusOK, "")
	})
}

// A decision is written even if the client disconnects at that moment.
func TestClientDisconnectsWhileTheDecisionIsWritten(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, inner durable.Store) {
		store := &flakyStore{Store: inner}
		r := start(t, store, newKeys(t), newScripted(), nil)
		ctx, leave := context.WithCancel(t.Context())
		store.accept = leave
		_, err := r.Provision(ctx, &openbroker.ProvisionRequest{InstanceID: "i", ServiceID: serviceID, PlanID: "plan-sync"})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		r.status("i", "", durable.StatusReady)
	})
}

// Secrets are neither in the log nor unencrypted in the database.
func TestSecrets(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "openbroker.db")
	store := openSQLiteFile(t, path)
	r := start(t, store, newKeys(t), newScripted(), nil)
	const secret = "hunter2-"
	parameters := `,"parameters":{"password":"` + secret + `parameter"},"context":{"platform":"cloudfoundry","note":"` + secret + `context"}`
	r.provider.provisioned = func() durable.ProvisionResult { return durable.ProvisionResult{State: []byte(`"` + secret + `state"`)} }
	r.provider.bound = func(durable.Binding) durable.BindResult {
		return durable.BindResult{Credentials: openbroker.Credentials{"password": secret + "credential"}, State: []byte(`"` + secret + `state"`)}
	}
	saves := func(ctx context.Context, task *durable.Task) error {
		if err := task.Save(ctx, secret+"checkpoint"); err != nil {
			return err
		}
		if task.Attempt() == 1 {
			return durable.Retryable(errors.New("busy"), 0)
		}
		return nil
	}
	for _, kind := range []durable.OperationKind{durable.KindProvision, durable.KindUpdate, durable.KindBind, durable.KindUnbind} {
		r.provider.on(kind, "", saves)
	}
	r.provider.on(durable.KindBind, "i/panics", func(context.Context, *durable.Task) error { panic("down") })
	r.done("i", r.provision("i", "plan-async", parameters))
	r.done("i", r.update("i", `,"parameters":{"password":"`+secret+`update"}`))
	r.done("i/service_bindings/b", r.bind("i", "b", "plan-async", parameters))
	r.done("i/service_bindings/gone", r.bind("i", "gone", "plan-async", parameters))
	r.done("i/service_bindings/gone", r.unbind("i", "gone", "plan-async"))
	r.poll("i/service_bindings/panics", r.bind("i", "panics", "plan-async", parameters).operation())
	r.provision("i", "plan-async", `,"parameters":{"password":"`+secret+`other"}`).is(t, http.StatusConflict, "")
	if a := r.send(http.MethodGet, bindingPath("i", "b"), ""); !strings.Contains(a.text, secret+"credential") || !strings.Contains(a.text, secret+"parameter") {
		t.Fatalf("the binding is %s", a.text)
	}
	if strings.Contains(r.logs.String(), secret) {
		t.Errorf("the log has a secret:\n%s", r.logs)
	}
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 2 {
		t.Fatalf("the files are %v (%v)", files, err)
	}
	size := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		size += len(data)
		if strings.Contains(string(data), secret) {
			t.Errorf("%s has a secret", file)
		}
	}
	if size < 10_000 {
		t.Errorf("the database has %d bytes", size)
	}
}

// More operations than workers wait in the store without a lease.
func TestWorkersAreBounded(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), func(c *durable.Config) { c.Workers = 2 })
		var running atomic.Int64
		g := r.provider.hold(durable.KindProvision, "")
		r.provider.on(durable.KindProvision, "", func(ctx context.Context, _ *durable.Task) error {
			defer running.Add(-1)
			if n := running.Add(1); n > 2 {
				t.Errorf("%d operations run at a time", n)
			}
			select {
			case <-g.opened:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		ids := strings.Split("abcdefghijkl", "")
		for _, id := range ids {
			r.provision(id, "plan-async", "").is(t, http.StatusAccepted, "")
		}
		leased := 0
		for _, id := range ids {
			snapshot, err := store.Load(t.Context(), durable.Key{Platform: openbroker.DefaultPlatform, InstanceID: id})
			if err != nil {
				t.Fatal(err)
			}
			if !snapshot.Open[0].LeaseUntil.IsZero() {
				leased++
			}
		}
		if leased > 2 {
			t.Errorf("%d operations are leased", leased)
		}
		g.open()
		for _, id := range ids {
			r.status(id, "", durable.StatusReady)
		}
	})
}

// Waiting operations begin oldest first.
func TestOldestFirst(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), func(c *durable.Config) { c.Workers = 1 })
		order := make(chan string, 100)
		r.provider.on(durable.KindProvision, "", func(_ context.Context, task *durable.Task) error {
			order <- task.ID()
			return nil
		})
		g := r.provider.hold(durable.KindProvision, "first")
		r.provision("first", "plan-async", "")
		receive(t, "the first operation", g.entered)
		ids := strings.Split("abcdefghijkl", "")
		var want []string
		for _, id := range ids {
			want = append(want, r.provision(id, "plan-async", "").is(t, http.StatusAccepted, "").operation())
		}
		g.open()
		for i := range want {
			if got := receive(t, "an operation", order); got != want[i] {
				t.Errorf("got %s instead of %s", got, want[i])
			}
		}
	})
}

// A request begins its operation immediately, even during a claim.
func TestRequestsDoNotWaitForClaims(t *testing.T) {
	t.Parallel()
	claiming, claim := make(chan struct{}, 100), make(chan struct{})
	store := &flakyStore{Store: openSQLite(t), claim: func() error {
		claiming <- struct{}{}
		<-claim
		return nil
	}}
	r := start(t, store, newKeys(t), newScripted(), nil)
	defer close(claim)
	receive(t, "a claim", claiming)
	r.provision("i", planID, "").is(t, http.StatusCreated, "")
}

// A failed creation is not usable. A failed deletion of it says so, unless the
// provider says otherwise.
func TestFailedDeletionOfFailedCreation(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		locked := openbroker.NewError(http.StatusConflict, "", "Locked.")
		for id, c := range map[string]struct {
			err  error
			want string
		}{
			"says-nothing": {locked, `{"state":"failed","description":"Locked.","instance_usable":false}`},
			"says-usable":  {locked.WithInstanceUsable(true), `{"state":"failed","description":"Locked.","instance_usable":true}`},
		} {
			r.bring(id, "plan-manual", leftBehind)
			r.provider.fail(durable.KindDeprovision, id, c.err)
			a := r.deprovision(id, "plan-manual").is(t, http.StatusAccepted, "")
			if s := r.poll(id, a.operation()); s.text != c.want {
				t.Errorf("%s: the deletion is %s", id, s.text)
			}
			r.status(id, "", durable.StatusCreateFailed)
		}
	})
}
