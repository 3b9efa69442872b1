package rabbitmq_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/openbroker/openbroker/provider/internal/servicetest"
	"github.com/openbroker/openbroker/provider/rabbitmq/internal/management"
	"github.com/openbroker/openbroker/provider/rabbitmq/internal/rabbittest"
)

// A cluster of two nodes.
func TestCluster(t *testing.T) {
	t.Parallel()
	one := rabbittest.Start(t)
	two := rabbittest.Start(t, one)
	s := service(one)
	s.Settings = fmt.Sprintf("url: http://%s:%s@127.0.0.1:%d,127.0.0.1:%d\namqp: amqp://127.0.0.1:%d,127.0.0.1:%d\ntimeout: 5s",
		rabbittest.Username, rabbittest.Password, one.HTTP, two.HTTP, one.AMQP, two.AMQP)
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s *servicetest.Service, one, two *rabbittest.Node)
	}{
		{"a virtual host that is down on a node", testVhostDown},
		{"a connection with the other node", testOtherNode},
		{"a node that is away", testNodeAway},
		{"a node that is away while an instance is deleted", testDeleteWhileAway},
	} {
		// The tests share the nodes, and some of them stop one.
		if !t.Run(test.name, func(t *testing.T) { test.run(t, s, one, two) }) {
			break
		}
	}
}

// A virtual host that did not start on a node is started there. The one that is made
// just after a node has joined often does not: the server fails after a while, and the
// broker tries again.
func testVhostDown(t *testing.T, s *servicetest.Service, one, two *rabbittest.Node) {
	t.Helper()
	b := s.Start(t)
	if err := b.Provision(t, "down", "small", nil); err != nil {
		t.Fatal(err)
	}
	instance := anInstance("down")
	vhost, client := vhostOf(instance), newClient(t, one)
	state := func() string {
		found, _, err := client.Vhost(t.Context(), vhost)
		if err != nil {
			t.Fatal(err)
		}
		return found.ClusterState[two.Name()]
	}
	if got := state(); got != management.Running {
		t.Errorf("on the node that has just joined, the virtual host is %q", got)
	}
	if err := two.Control(t.Context(), "eval", fmt.Sprintf(`ok = rabbit_vhost_sup_sup:stop_and_delete_vhost(<<"%s">>).`, vhost)); err != nil {
		t.Fatal(err)
	}
	if got := state(); got == management.Running {
		t.Fatal("the virtual host still runs on the second node")
	}
	if _, err := newProvider(t, one, "").Provision(t.Context(), nil, instance); err != nil {
		t.Fatal(err)
	}
	if got := state(); got != management.Running {
		t.Errorf("on the second node, the virtual host is %q", got)
	}
	if err := b.Deprovision(t, "down", "small"); err != nil {
		t.Error(err)
	}
}

// Unbinding closes the connections with all nodes.
func testOtherNode(t *testing.T, s *servicetest.Service, one, two *rabbittest.Node) {
	t.Helper()
	b := s.Start(t)
	if err := b.Provision(t, "i", "small", nil); err != nil {
		t.Fatal(err)
	}
	credentials := bind(t, b, "b", "small", nil)
	uris, ok := credentials["uris"].([]any)
	if !ok || len(uris) != 2 || credentials["addresses"] != fmt.Sprintf("127.0.0.1:%d,127.0.0.1:%d", one.AMQP, two.AMQP) {
		t.Fatalf("the credentials have %d uris, and the addresses %v", len(uris), credentials["addresses"])
	}
	var closed []chan *amqp.Error
	for _, uri := range uris {
		connection, err := amqp.Dial(fmt.Sprint(uri))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = connection.Close() }()
		closed = append(closed, connection.NotifyClose(make(chan *amqp.Error, 1)))
	}
	if err := b.Unbind(t, "i", "b", "small"); err != nil {
		t.Fatal(err)
	}
	for i, c := range closed {
		select {
		case reason := <-c:
			if reason == nil || reason.Code != amqp.ConnectionForced {
				t.Errorf("node %d: closed with %v", i+1, reason)
			}
		case <-time.After(30 * time.Minute):
			t.Fatalf("node %d: the connection is still open", i+1)
		}
	}
	if err := b.Deprovision(t, "i", "small"); err != nil {
		t.Error(err)
	}
}

// While the first node is away, the second one serves the broker.
func testNodeAway(t *testing.T, s *servicetest.Service, one, _ *rabbittest.Node) {
	t.Helper()
	b := s.Start(t)
	if err := one.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := b.Provision(t, "i", "small", nil); err != nil {
		t.Errorf("provision: %v", err)
	}
	credentials := bind(t, b, "b", "small", nil)
	health := b.Providers.HealthChecks()[0]
	if err := health.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "the node "+one.Name()+" is away") {
		t.Errorf("the health: %v", err)
	}
	if err := one.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the health", func() (string, bool) {
		err := health.Run(t.Context())
		return fmt.Sprint(err), err == nil
	})
	open(t, credentials) // The virtual host is on the first node, too.
	if err := b.Deprovision(t, "i", "small"); err != nil {
		t.Error(err)
	}
}

// The queues of a node that is away survive the deletion of their virtual host, so the
// deletion waits for the node.
func testDeleteWhileAway(t *testing.T, s *servicetest.Service, one, two *rabbittest.Node) {
	t.Helper()
	client, ctx := newClient(t, one, two), t.Context()

	// What happens without waiting.
	if err := client.PutVhost(ctx, "fact", "", ""); err != nil {
		t.Fatal(err)
	}
	queue := fmt.Sprintf(`{"durable":true,"node":%q}`, two.Name())
	declareOnTwo := func(vhost string) {
		t.Helper()
		eventually(t, "a queue on the second node", func() (string, bool) {
			_, err := two.Call(ctx, http.MethodPut, "queues/"+vhost+"/q", queue)
			return fmt.Sprint(err), err == nil
		})
	}
	declareOnTwo("fact")
	b := s.Start(t)
	if err := b.Provision(t, "i", "small", nil); err != nil {
		t.Fatal(err)
	}
	vhost := fmt.Sprint(bind(t, b, "b", "small", nil)["vhost"])
	declareOnTwo(vhost)

	if err := two.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := client.DeleteVhost(ctx, "fact"); err != nil {
		t.Fatal(err)
	}
	if err := client.PutVhost(ctx, "fact", "", ""); err != nil {
		t.Fatal(err)
	}
	if n, queue, err := client.Queues(ctx, "fact", "messages"); err != nil || n != 1 || queue.Node != two.Name() {
		t.Errorf("after the deletion there are %d queues, one on %q, %v", n, queue.Node, err)
	}

	deleted := make(chan error, 1)
	go func() { deleted <- b.Deprovision(t, "i", "small") }()
	// The bindings are deleted meanwhile.
	eventually(t, "the users", func() (string, bool) {
		users, err := client.UsersWithTag(ctx, vhost)
		return fmt.Sprintf("%d, %v", len(users), err), err == nil && len(users) == 0
	})
	select {
	case err := <-deleted:
		t.Errorf("the instance was deleted without the node: %v", err)
	default:
	}
	if err := two.Start(context.WithoutCancel(ctx)); err != nil {
		t.Fatal(err)
	}
	if err := <-deleted; err != nil {
		t.Error(err)
	}
	stayed(t, client, vhost)
	if err := client.DeleteVhost(ctx, "fact"); err != nil {
		t.Error(err)
	}
}
