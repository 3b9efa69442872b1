package rabbitmq_test

import (
	"testing"

	"github.com/openbroker/openbroker/provider/rabbitmq/internal/rabbittest"
)

func TestLifeCycle(t *testing.T) {
	t.Parallel()
	service(rabbit.Node(t)).LifeCycle(t)
}

func TestRotation(t *testing.T) {
	t.Parallel()
	service(rabbit.Node(t)).Rotation(t)
}

func TestRemainingBindings(t *testing.T) {
	t.Parallel()
	service(rabbit.Node(t)).RemainingBindings(t)
}

func TestIsolation(t *testing.T) {
	t.Parallel()
	service(rabbit.Node(t)).Isolation(t)
}

// There is no read-only access: the mode is refused.
func TestReadOnlyBinding(t *testing.T) {
	t.Parallel()
	service(rabbit.Node(t)).ReadOnlyBinding(t)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	service(rabbit.Node(t)).Conformance(t)
}

func TestCrashes(t *testing.T) {
	t.Parallel()
	s := service(rabbit.Node(t))
	s.Open = openQuickly
	s.Crashes(t)
}

func TestCancellations(t *testing.T) {
	t.Parallel()
	s := service(rabbit.Node(t))
	s.Open = openQuickly
	s.Cancellations(t)
}

// The node logs all that it can.
func TestLeaks(t *testing.T) {
	t.Parallel()
	service(rabbit.Node(t)).Leaks(t, rabbittest.Password)
}

func TestMany(t *testing.T) {
	t.Parallel()
	service(rabbit.Node(t)).Many(t, 20, 3, 8)
}

func TestRestarts(t *testing.T) {
	t.Parallel()
	s := service(rabbittest.Start(t))
	s.Open = openQuickly
	s.Restarts(t)
}

func TestAway(t *testing.T) {
	t.Parallel()
	s := service(rabbittest.Start(t))
	s.Open = openQuickly
	s.Away(t)
}
