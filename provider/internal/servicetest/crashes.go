package servicetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
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
	var numbers order
	b.hooks.set(func(_ context.Context, s stepOf) error {
		points = append(points, numbers.next(s))
		return nil
	})
	// A server that was started a moment ago may make attempts fail, whose steps would count.
	for failed := -1; failed != b.log.count("attempt failed"); {
		failed, points, numbers = b.log.count("attempt failed"), nil, order{}
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

// Crashes lives lives with a crash in each operation: after its first step, then after its
// second, and so on. The next attempt, which knows only the checkpoint, comes to the same
// end.
func (s *Service) Crashes(t *testing.T) {
	t.Helper()
	before := s.dump(t)
	b := s.Start(t)
	points := s.steps(t, b)
	for ordinal, left := 0, len(points); left > 0; ordinal++ {
		crashes := map[int]point{}
		for _, p := range points {
			if p.ordinal == ordinal {
				crashes[p.operation] = p
			}
		}
		left -= len(crashes)
		t.Run(fmt.Sprintf("after step %d", ordinal+1), func(t *testing.T) {
			b.crash(t, crashes, fmt.Sprint("crash-", ordinal))
			s.unchanged(t, before)
		})
	}
}

// crash lives a life with a crash after each of the points, which have the numbers of
// their operations.
func (b *Broker) crash(t *testing.T, points map[int]point, id string) {
	t.Helper()
	var mu sync.Mutex
	var numbers order
	happened := map[int]bool{}
	b.hooks.set(func(_ context.Context, s stepOf) error {
		mu.Lock()
		defer mu.Unlock()
		at := numbers.next(s)
		want, ok := points[at.operation]
		if !ok || at.ordinal != want.ordinal {
			return nil
		}
		happened[at.operation] = true
		if at.kind != want.kind || at.name != want.name {
			return fmt.Errorf("the step is %s, want %s: steps must have the same order in each life", at, want)
		}
		return durable.Unreachable(errCrash)
	})
	b.service.life(t, b, id)
	b.hooks.set(nil)
	for operation, p := range points {
		if !happened[operation] {
			t.Errorf("the crash after %s did not happen", p)
		}
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
	b.hooks.set(func(ctx context.Context, _ stepOf) error {
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
