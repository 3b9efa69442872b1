package rabbitmq_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/step"
	"github.com/openbroker/openbroker/provider/rabbitmq/internal/management"
)

// anInstance is an instance as the engine passes it on.
func anInstance(id string) durable.Instance {
	return durable.Instance{Platform: "default", ID: id, PlanID: "p", Plan: new(openbroker.Plan), PlanSettings: json.RawMessage(`{}`)}
}

// vhostOf returns the name of the virtual host of an instance.
func vhostOf(instance durable.Instance) string {
	return strings.ReplaceAll(instance.ResourceName(), "-", "")
}

// A queue that is declared while its virtual host is deleted would stay: applications,
// and accounts of operators, declare as fast as they can.
func TestDeclaringWhileDeleting(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	client := newClient(t, node)
	before, err := dump(t.Context(), node)
	if err != nil {
		t.Fatal(err)
	}
	b := service(node).Start(t)
	if err := b.Provision(t, "i", "large", nil); err != nil {
		t.Fatal(err)
	}
	credentials := bind(t, b, "b", "large", nil)
	vhost := fmt.Sprint(credentials["vhost"])
	operator := management.User{Name: "operator", PasswordHash: management.HashPassword("operator"), HashingAlgorithm: management.SHA256, Tags: management.Tags{"monitoring"}}
	if err := client.PutUser(t.Context(), operator); err != nil {
		t.Fatal(err)
	}
	if err := client.PutPermission(t.Context(), vhost, management.Permission{User: "operator", Configure: ".*", Write: ".*", Read: ".*"}); err != nil {
		t.Fatal(err)
	}
	var declaring sync.WaitGroup
	started := make(chan struct{}, 4)
	for i := range 4 {
		connection, err := amqp.Dial(uri(credentials))
		if i%2 == 1 {
			connection, err = dial(node, "operator", "operator", vhost)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = connection.Close() }()
		declaring.Go(func() {
			channel, err := connection.Channel()
			for n := 0; err == nil; n++ {
				_, err = channel.QueueDeclare(fmt.Sprintf("%d-%d", i, n), true, false, false, false, nil)
				if n == 3 {
					started <- struct{}{}
				}
			}
		})
	}
	for range 4 {
		<-started
	}
	if err := b.Deprovision(t, "i", "large"); err != nil {
		t.Fatal(err)
	}
	declaring.Wait()
	stayed(t, client, vhost)
	if found, ok, err := client.User(t.Context(), "operator"); !ok || err != nil || found.PasswordHash != operator.PasswordHash {
		t.Errorf("the account of the operator is gone: %v", err)
	}
	if err := client.DeleteUser(t.Context(), "operator"); err != nil {
		t.Error(err)
	}
	if after, err := dump(t.Context(), node); err != nil || !slices.Equal(before, after) {
		t.Errorf("the node has\n%s\n%v", strings.Join(after, "\n"), err)
	}
}

// What stays when the virtual host is deleted is found, and deleted with the next one.
func TestLookForQueues(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	client, p := newClient(t, node), newProvider(t, node, "")
	instance := anInstance("stayed")
	vhost := vhostOf(instance)
	for _, rounds := range []int{1, 2, 5} {
		if _, err := p.Provision(t.Context(), nil, instance); err != nil {
			t.Fatal(err)
		}
		looked := 0
		ctx := step.WithHook(t.Context(), func(name string) error {
			if name != "make the virtual host again for a look" {
				return nil
			}
			if looked++; looked > rounds {
				return nil
			}
			_, err := node.Call(t.Context(), http.MethodPut, "queues/"+vhost+"/stayed", `{"durable":true}`)
			return err
		})
		err := p.Deprovision(ctx, nil, instance)
		if rounds < 3 && (err != nil || looked != rounds+1) || rounds > 3 && (err == nil || !strings.Contains(err.Error(), "queues of the deleted virtual host "+vhost+" stay")) {
			t.Errorf("%d times: %d looks, %v", rounds, looked, err)
		}
		if err := p.Deprovision(t.Context(), nil, instance); err != nil {
			t.Error(err)
		}
		stayed(t, client, vhost)
	}
}

// stayed fails the test if queues of a deleted virtual host show up in a new one.
func stayed(t *testing.T, client *management.Client, vhost string) {
	t.Helper()
	if _, ok, err := client.Vhost(t.Context(), vhost); ok || err != nil {
		t.Errorf("the virtual host %s is still there, %v", vhost, err)
	}
	if err := client.PutVhost(t.Context(), vhost, "", ""); err != nil {
		t.Fatal(err)
	}
	if n, queue, err := client.Queues(t.Context(), vhost, "messages"); err != nil || n > 0 {
		t.Errorf("%d queues stayed, such as %q, %v", n, queue.Name, err)
	}
	if err := client.DeleteVhost(t.Context(), vhost); err != nil {
		t.Error(err)
	}
}

// Users of bindings without a record go with the instance, with permissions or
// without; so does half an instance.
func TestUnknownBindings(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	before, err := dump(t.Context(), node)
	if err != nil {
		t.Fatal(err)
	}
	b := service(node).Start(t)
	if err := b.Provision(t, "i", "small", nil); err != nil {
		t.Fatal(err)
	}
	bind(t, b, "granted", "small", nil)
	cleared := bind(t, b, "cleared", "small", nil)
	if err := newClient(t, node).DeletePermission(t.Context(), fmt.Sprint(cleared["vhost"]), fmt.Sprint(cleared["username"])); err != nil {
		t.Fatal(err)
	}
	// An account of somebody else stays, whatever its tags are.
	foreign := management.User{Name: "foreign", PasswordHash: management.HashPassword("x"), HashingAlgorithm: management.SHA256, Tags: management.Tags{fmt.Sprint(cleared["vhost"])}}
	if err := newClient(t, node).PutUser(t.Context(), foreign); err != nil {
		t.Fatal(err)
	}
	p := newProvider(t, node, "")
	instance := durable.Instance{Platform: "default", ID: "i"} // As after the loss of the store.
	if exists, err := p.ResourceExists(t.Context(), instance); !exists || err != nil {
		t.Errorf("the instance is found: %t, %v", exists, err)
	}
	for range 2 {
		if err := p.Deprovision(t.Context(), nil, instance); err != nil {
			t.Fatal(err)
		}
	}
	if exists, err := p.ResourceExists(t.Context(), instance); exists || err != nil {
		t.Errorf("the deleted instance is found: %t, %v", exists, err)
	}
	if err := p.Unbind(t.Context(), nil, durable.Binding{Instance: instance, ID: "never"}); err != nil {
		t.Errorf("unbind of what never was: %v", err)
	}
	if _, ok, err := newClient(t, node).User(t.Context(), "foreign"); !ok || err != nil {
		t.Errorf("the account of somebody else is gone: %v", err)
	}
	if err := newClient(t, node).DeleteUser(t.Context(), "foreign"); err != nil {
		t.Error(err)
	}
	if after, err := dump(t.Context(), node); err != nil || !slices.Equal(before, after) {
		t.Errorf("the node has\n%s\n%v", strings.Join(after, "\n"), err)
	}
}

// An instance that somebody deleted on the server is not made again silently.
func TestLostInstance(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	b := service(node).Start(t)
	if err := b.Provision(t, "i", "small", nil); err != nil {
		t.Fatal(err)
	}
	p := newProvider(t, node, "")
	if err := p.Deprovision(t.Context(), nil, durable.Instance{Platform: "default", ID: "i"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Bind(t, "i", "b", "small", nil); err == nil {
		t.Error("a binding to a lost instance")
	}
	if err := b.Update(t, "i", "small", "large", nil); err == nil {
		t.Error("an update of a lost instance")
	}
	if names, err := b.Resources(t.Context()); err != nil || len(names) > 0 {
		t.Errorf("the provider lists %q, %v", names, err)
	}
	if err := b.Deprovision(t, "i", "small"); err != nil {
		t.Error(err)
	}
}

// Virtual hosts that no broker made are neither listed nor touched.
func TestForeignVhosts(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	client, ctx := newClient(t, node), t.Context()
	for _, name := range []string{"ob", "obey", "other/vhost"} {
		if err := client.PutVhost(ctx, name, "", ""); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := client.DeleteVhost(context.WithoutCancel(ctx), name); err != nil {
				t.Error(err)
			}
		}()
	}
	p := newProvider(t, node, "")
	if _, err := p.Provision(ctx, nil, anInstance("i")); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name, err := range p.Resources(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if !slices.Equal(names, []string{anInstance("i").ResourceName()}) {
		t.Errorf("the provider lists %q", names)
	}
	for range p.Resources(ctx) {
		break // Leaving early is allowed.
	}
	if err := p.Deprovision(ctx, nil, anInstance("i")); err != nil {
		t.Error(err)
	}
}
