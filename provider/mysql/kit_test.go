package mysql_test

import (
	"testing"
)

func TestLifeCycle(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) { s.service().LifeCycle(t) })
}

func TestRotation(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) { s.service().Rotation(t) })
}

func TestRemainingBindings(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) { s.service().RemainingBindings(t) })
}

func TestIsolation(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) { s.service().Isolation(t) })
}

func TestReadOnlyBinding(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) { s.service().ReadOnlyBinding(t) })
}

func TestConformance(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) { s.service().Conformance(t) })
}

func TestCrashes(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) { s.service().Crashes(t) })
}

func TestCancellations(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) { s.service().Cancellations(t) })
}

func TestRestarts(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) { s.service().Restarts(t) })
}

func TestAway(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) { s.service().Away(t) })
}

func TestLeaks(t *testing.T) {
	t.Parallel()
	for _, name := range tested() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := map[string][]string{"mariadb": {"--log-bin=binlog", "--log-bin-trust-function-creators=ON"}}[name]
			s := startServer(t, name, options...)
			s.forgetLogs(t)
			s.service().Leaks(t, brokerPassword)
		})
	}
}

func TestMany(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) { s.service().Many(t, 20, 3, 16) })
}
