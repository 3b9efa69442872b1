package rabbitmq

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/step"
)

// looks is how often an attempt looks for queues that stayed.
const looks = 3

// Deprovision deletes the virtual host with the users of remaining bindings.
func (p *Provider) Deprovision(ctx context.Context, _ *durable.Task, instance durable.Instance) error {
	return failed(ctx, p.deprovision(ctx, vhostOf(instance)))
}

func (p *Provider) deprovision(ctx context.Context, vhost string) error {
	if err := p.shutOut(ctx, vhost); err != nil {
		return err
	}
	if err := p.needAllNodes(ctx); err != nil {
		return err
	}
	for range looks {
		if err := p.client.DeleteVhost(ctx, vhost); err != nil {
			return err
		}
		if err := step.Done(ctx, "delete the virtual host"); err != nil {
			return err
		}
		stayed, err := p.stayed(ctx, vhost)
		if err != nil {
			return err
		}
		if err := p.client.DeleteVhost(ctx, vhost); err != nil {
			return err
		}
		if err := step.Done(ctx, "delete the virtual host after the look"); err != nil {
			return err
		}
		if stayed == 0 {
			return nil
		}
		p.logger.LogAttrs(ctx, slog.LevelWarn, "queues stayed after their virtual host was deleted: deleting it again", slog.String("vhost", vhost), slog.Int("queues", stayed))
	}
	return durable.Unreachable(fmt.Errorf("queues of the deleted virtual host %s stay: nodes may be away", vhost))
}

// shutOut takes the permissions from all users, and deletes the users of bindings. A
// queue that a user declared while the virtual host is deleted would stay.
func (p *Provider) shutOut(ctx context.Context, vhost string) error {
	permissions, err := p.client.Permissions(ctx, vhost)
	if err != nil {
		return err
	}
	for _, permission := range permissions {
		if permission.User == p.client.Username() {
			continue // The broker's own account declares nothing, and goes on looking.
		}
		if err := p.client.DeletePermission(ctx, vhost, permission.User); err != nil {
			return err
		}
		if err := step.Done(ctx, "clear the permissions of a user"); err != nil {
			return err
		}
	}
	users, err := p.usersOf(ctx, vhost)
	if err != nil {
		return err
	}
	for _, name := range users {
		if err := p.deleteUser(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// needAllNodes returns an error if a node is away: its queues would stay, and come back
// with it.
func (p *Provider) needAllNodes(ctx context.Context) error {
	nodes, err := p.client.Nodes(ctx)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if !node.Running {
			return durable.Unreachable(fmt.Errorf("the node %s is away, and its queues would stay: start it, or remove it with rabbitmqctl forget_cluster_node", node.Name))
		}
	}
	return nil
}

// stayed returns how many queues stayed when a virtual host was deleted. Only a virtual
// host of the same name shows them.
func (p *Provider) stayed(ctx context.Context, vhost string) (int, error) {
	if err := p.client.PutVhost(ctx, vhost, "Made again to look for queues that stayed", ""); err != nil {
		return 0, err
	}
	if err := step.Done(ctx, "make the virtual host again for a look"); err != nil {
		return 0, err
	}
	total, _, err := p.client.Queues(ctx, vhost, "messages")
	return total, err
}
