package servicetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/openbroker/openbroker/durable"
)

// errCrash ends an attempt in place of a crash.
var errCrash = errors.New("servicetest: a crash")

// life is an instance with two bindings, from its creation to its deletion. It reports
// whether applications work in between.
func (s *Service) life(t *testing.T, b *Broker, id string) {
	t.Helper()
	must(t, "provision", b.Provision(t, id, s.Small, nil))
	first, err := b.Bind(t, id, "first", s.Small, nil)
	must(t, "bind", err)
	one := s.session(t, first)
	write(t, one, "shared", "by the first")
	must(t, "update", b.Update(t, id, s.Small, s.Large, nil))
	second, err := b.Bind(t, id, "second", s.Large, s.secondBinding())
	must(t, "bind", err)
	read(t, s.session(t, second), "shared", "by the first")
	must(t, "unbind", b.Unbind(t, id, "first", s.Large))
	s.refused(t, first, "after the unbind")
	read(t, s.session(t, second), "shared", "by the first")
	must(t, "unbind", b.Unbind(t, id, "second", s.Large))
	must(t, "deprovision", b.Deprovision(t, id, s.Large))
}

// secondBinding are the parameters of the second binding in life.
func (s *Service) secondBinding() map[string]any {
	if s.ReadOnly {
		return map[string]any{"mode": "ro"}
	}
	return nil
}

// steps lives a life whose attempts all succeed, and returns its steps.
func (s *Service) steps(t *testing.T, b *Broker) []point {
	t.Helper()
	var points []point
	b.hooks.set(func(_ context.Context, kind durable.OperationKind, name string) error {
		points = append(points, point{kind, len(points), name})
		return nil
	})
	// A server that was started a moment ago may make attempts fail, whose steps would count.
	for failed := -1; failed != b.log.count("attempt failed"); {
		failed, points = b.log.count("attempt failed"), nil
		s.life(t, b, "steps")
	}
	b.hooks.set(nil)
	kinds := map[durable.OperationKind]int{}
	for _, p := range points {
		kinds[p.kind]++
	}
	for _, kind := range []durable.OperationKind{durable.KindProvision, durable.KindDeprovision, durable.KindBind, durable.KindUnbind} {
		if kinds[kind] == 0 {
			t.Errorf("%s has no steps: call step.Done after each change of the server", kind)
		}
	}
	return points
}

// Crashes lives a life for each step of each operation, with a crash after this step.
// The next attempt, which knows only the checkpoint, comes to the same end.
func (s *Service) Crashes(t *testing.T) {
	t.Helper()
	before := s.dump(t)
	b := s.Start(t)
	for _, p := range s.steps(t, b) {
		t.Run(fmt.Sprintf("%d %s %s", p.number, p.kind, p.name), func(t *testing.T) {
			var count, crashed atomic.Int64
			b.hooks.set(func(_ context.Context, kind durable.OperationKind, name string) error {
				if count.Add(1)-1 != int64(p.number) {
					return nil
				}
				crashed.Add(1)
				if kind != p.kind || name != p.name {
					return fmt.Errorf("the step is %s of %s, want %s of %s: steps must have the same order in each life", name, kind, p.name, p.kind)
				}
				return durable.Unreachable(errCrash)
			})
			s.life(t, b, fmt.Sprint("crash-", p.number))
			b.hooks.set(nil)
			if crashed.Load() != 1 {
				t.Error("the crash did not happen")
			}
			s.unchanged(t, before)
		})
	}
}

// Cancellations deletes an instance or a binding while its creation is at each of its
// steps. Nothing is left.
func (s *Service) Cancellations(t *testing.T) {
	t.Helper()
	before := s.dump(t)
	b := s.Start(t)
	for _, p := range s.steps(t, b) {
		if p.kind != durable.KindProvision && p.kind != durable.KindBind {
			continue
		}
		t.Run(fmt.Sprintf("%d %s %s", p.number, p.kind, p.name), func(t *testing.T) {
			id := fmt.Sprint("cancel-", p.number)
			b.cancelAt(t, id, p)
			s.unchanged(t, before)
		})
	}
}

// cancelAt lives the first part of a life, and deletes what is created at the point.
func (b *Broker) cancelAt(t *testing.T, id string, p point) {
	t.Helper()
	s := b.service
	reached := make(chan struct{})
	var count atomic.Int64
	b.hooks.set(func(ctx context.Context, _ durable.OperationKind, _ string) error {
		if count.Add(1)-1 != int64(p.number) {
			return nil
		}
		close(reached)
		<-ctx.Done() // The deletion cancels the operation.
		return context.Cause(ctx)
	})
	defer b.hooks.set(nil)
	created := make(chan error, 1)
	go func() {
		err := b.Provision(t, id, s.Small, nil)
		if err == nil {
			_, err = b.Bind(t, id, "first", s.Small, nil)
		}
		if err == nil && p.kind == durable.KindBind {
			err = b.Update(t, id, s.Small, s.Large, nil)
			if err == nil {
				_, err = b.Bind(t, id, "second", s.Large, s.secondBinding())
			}
		}
		created <- err
	}()
	select {
	case <-reached:
	case err := <-created:
		t.Fatalf("the step was not reached: %v", err)
	}
	if p.kind == durable.KindBind {
		for _, binding := range []string{"second", "first"} {
			must(t, "unbind", b.Unbind(t, id, binding, s.Small))
		}
	}
	must(t, "deprovision", b.Deprovision(t, id, s.Small))
	if err := <-created; err == nil {
		t.Error("the cancelled operation succeeded")
	}
}
