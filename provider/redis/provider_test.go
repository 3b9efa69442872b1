package redis_test

import (
	"testing"

	"github.com/openbroker/openbroker/provider/internal/servicetest"
)

// isolations are what instances can be.
var isolations = map[string]string{
	"prefix":   "",
	"database": catalogWith("isolation: database", "isolation: database, scripts: true"),
}

// forEachIsolation runs a test with a server of its own for each isolation and program.
func forEachIsolation(t *testing.T, test func(t *testing.T, s *servicetest.Service)) {
	t.Helper()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		for name, catalog := range isolations {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := newServer(t, program, withACLFile, durably).service()
				s.Catalog = catalog
				test(t, s)
			})
		}
	})
}

func TestLifeCycle(t *testing.T) {
	t.Parallel()
	forEachIsolation(t, func(t *testing.T, s *servicetest.Service) { t.Helper(); s.LifeCycle(t) })
}

func TestRotation(t *testing.T) {
	t.Parallel()
	forEachIsolation(t, func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Rotation(t) })
}

func TestRemainingBindings(t *testing.T) {
	t.Parallel()
	forEachIsolation(t, func(t *testing.T, s *servicetest.Service) { t.Helper(); s.RemainingBindings(t) })
}

func TestIsolation(t *testing.T) {
	t.Parallel()
	forEachIsolation(t, func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Isolation(t) })
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	forEachIsolation(t, func(t *testing.T, s *servicetest.Service) { t.Helper(); s.ReadOnlyBinding(t) })
}

func TestCrashes(t *testing.T) {
	t.Parallel()
	forEachIsolation(t, func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Crashes(t) })
}

func TestCancellations(t *testing.T) {
	t.Parallel()
	forEachIsolation(t, func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Cancellations(t) })
}

func TestRestarts(t *testing.T) {
	t.Parallel()
	forEachIsolation(t, func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Restarts(t) })
}

func TestAway(t *testing.T) {
	t.Parallel()
	forEachIsolation(t, func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Away(t) })
}

func TestLeaks(t *testing.T) {
	t.Parallel()
	forEachIsolation(t, func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Leaks(t, adminPassword) })
}

func TestConformance(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		newServer(t, program).service().Conformance(t)
	})
}

func TestMany(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		newServer(t, program).service().Many(t, 40, 3, 16)
	})
}
