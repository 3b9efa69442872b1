package rabbittest_test

import (
	"testing"

	"github.com/openbroker/openbroker/provider/rabbitmq/internal/rabbittest"
)

func TestCluster(t *testing.T) {
	t.Parallel()
	one := rabbittest.Start(t)
	two := rabbittest.Start(t, one)
	t.Log(one.Name(), two.Name())
	text, err := one.Get(t.Context(), "nodes?columns=name,running,sockets_total")
	t.Log(string(text), err)
	if err := two.Stop(); err != nil {
		t.Error(err)
	}
	if err := two.Start(t.Context()); err != nil {
		t.Error(err)
	}
}
