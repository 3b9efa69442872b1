package servicetest

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// Many makes and removes instances with bindings, by clients that work side by side.
// Nothing is left. It logs how long that took.
func (s *Service) Many(t *testing.T, instances, bindings, clients int) {
	t.Helper()
	before := s.dump(t)
	b := s.Start(t)
	started := time.Now()
	var group errgroup.Group
	group.SetLimit(clients)
	for i := range instances {
		group.Go(func() error {
			id := fmt.Sprint("many-", i)
			if err := b.Provision(t, id, s.Small, nil); err != nil {
				return fmt.Errorf("provision: %w", err)
			}
			for j := range bindings {
				if _, err := b.Bind(t, id, fmt.Sprint("binding-", j), s.Small, nil); err != nil {
					return fmt.Errorf("bind: %w", err)
				}
			}
			return nil
		})
	}
	must(t, "creating", group.Wait())
	made := time.Now()
	if names, err := b.Resources(t.Context()); err != nil || len(names) != instances {
		t.Errorf("the provider lists %d instances, %v; want %d", len(names), err, instances)
	}
	for i := range instances {
		group.Go(func() error {
			id := fmt.Sprint("many-", i)
			for j := range bindings {
				if err := b.Unbind(t, id, fmt.Sprint("binding-", j), s.Small); err != nil {
					return fmt.Errorf("unbind: %w", err)
				}
			}
			if err := b.Deprovision(t, id, s.Small); err != nil {
				return fmt.Errorf("deprovision: %w", err)
			}
			return nil
		})
	}
	must(t, "deleting", group.Wait())
	t.Logf("%d instances with %d bindings each, %d clients: made in %v, deleted in %v",
		instances, bindings, clients, made.Sub(started).Round(time.Millisecond), time.Since(made).Round(time.Millisecond))
	s.unchanged(t, before)
}
