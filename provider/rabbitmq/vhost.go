package rabbitmq

import (
	"context"
	"errors"
	"fmt"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/step"
	"github.com/openbroker/openbroker/provider/rabbitmq/internal/management"
)

// policyName is the name of the operator policy of each virtual host. There is one: the
// server applies only that of the highest priority to a queue.
const policyName = "openbroker"

// putVhost makes the virtual host of an instance, or gives it the description again.
func (p *Provider) putVhost(ctx context.Context, instance durable.Instance, settings PlanSettings) error {
	description := fmt.Sprintf("Service instance %.100s of the platform %.100s", instance.ID, instance.Platform)
	if err := p.client.PutVhost(ctx, vhostOf(instance), description, settings.DefaultQueueType); err != nil {
		return err
	}
	return step.Done(ctx, "create the virtual host")
}

// needVhost returns an error unless a virtual host exists.
func (p *Provider) needVhost(ctx context.Context, vhost string) error {
	_, ok, err := p.client.Vhost(ctx, vhost)
	if err == nil && !ok {
		err = errors.New("the virtual host of the instance is missing")
	}
	return err
}

// bound sets the limits and the operator policy of a virtual host.
func (p *Provider) bound(ctx context.Context, vhost string, settings PlanSettings) error {
	for _, limit := range []struct {
		name string
		n    int64
	}{{management.MaxConnections, settings.MaxConnections}, {management.MaxQueues, settings.MaxQueues}} {
		if err := p.client.SetVhostLimit(ctx, vhost, limit.name, atLeastOne(limit.n)); err != nil {
			return err
		}
		if err := step.Done(ctx, "set the limit "+limit.name); err != nil {
			return err
		}
	}
	if err := p.client.SetOperatorPolicy(ctx, vhost, policyName, settings.caps()); err != nil {
		return err
	}
	return step.Done(ctx, "set the operator policy")
}

// atLeastOne returns a limit, or nil for none.
func atLeastOne(n int64) *int64 {
	if n < 1 {
		return nil
	}
	return &n
}

// awaitVhost waits until a virtual host runs on all nodes that run: until then, clients
// of some nodes would be refused. It starts those that did not come up.
func (p *Provider) awaitVhost(ctx context.Context, name string, settings PlanSettings) error {
	return poll(ctx, func(ctx context.Context) error {
		nodes, err := p.client.Nodes(ctx)
		if err != nil {
			return err
		}
		vhost, ok, err := p.client.Vhost(ctx, name)
		switch {
		case err != nil:
			return err
		case !ok:
			return fmt.Errorf("the virtual host %s has disappeared", name)
		case settings.DefaultQueueType != "" && vhost.DefaultQueueType != settings.DefaultQueueType:
			return fmt.Errorf("the server ignores default_queue_type: %s, as RabbitMQ before 3.11 does: remove it from the plan", settings.DefaultQueueType)
		}
		return p.startVhost(ctx, vhost, nodes)
	})
}

// startVhost returns errPending unless a virtual host runs on all nodes that run, and
// tries to start it where it does not.
func (p *Provider) startVhost(ctx context.Context, vhost management.Vhost, nodes []management.Node) error {
	for _, node := range nodes {
		status, known := vhost.ClusterState[node.Name]
		if !node.Running || status == management.Running {
			continue
		}
		if known {
			if err := p.client.StartVhost(ctx, vhost.Name, node.Name); err != nil && !away(err) {
				return err
			}
		}
		return fmt.Errorf("%w: the virtual host %s on the node %s", errPending, vhost.Name, node.Name)
	}
	return nil
}
