package rabbitmq

import (
	"context"
	"slices"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/step"
	"github.com/openbroker/openbroker/provider/rabbitmq/internal/management"
)

// Update gives the virtual host and its users the limits of the plan.
func (p *Provider) Update(ctx context.Context, _ *durable.Task, instance, _ durable.Instance) (durable.UpdateResult, error) {
	settings, err := settingsOf(instance)
	if err != nil {
		return durable.UpdateResult{}, err
	}
	if err := p.update(ctx, instance, settings); err != nil {
		return durable.UpdateResult{}, failed(ctx, err)
	}
	metadata, err := p.metadata(ctx)
	if err != nil {
		return durable.UpdateResult{}, failed(ctx, err)
	}
	kept, err := stateOf(instance)
	return durable.UpdateResult{DashboardURL: p.dashboard(instance, settings), Metadata: metadata, State: kept}, err
}

func (p *Provider) update(ctx context.Context, instance durable.Instance, settings PlanSettings) error {
	vhost := vhostOf(instance)
	// Creating it again would hide that the messages are lost.
	if err := p.needVhost(ctx, vhost); err != nil {
		return err
	}
	// After an error the instance has its old plan, so nothing may be changed before.
	if err := p.checkCapacity(ctx, vhost, settings.MaxConnections); err != nil {
		return err
	}
	if err := p.putVhost(ctx, instance, settings); err != nil {
		return err
	}
	if err := p.bound(ctx, vhost, settings); err != nil {
		return err
	}
	if err := p.awaitVhost(ctx, vhost, settings); err != nil {
		return err
	}
	return p.updateUsers(ctx, vhost, settings)
}

// usersOf returns the names of the users of bindings. Other users that have got the tag
// are none.
func (p *Provider) usersOf(ctx context.Context, vhost string) ([]string, error) {
	names, err := p.client.UsersWithTag(ctx, vhost)
	return slices.DeleteFunc(names, func(name string) bool {
		_, ours := credential.ResourceOfUser(name)
		return !ours
	}), err
}

// updateUsers gives the users of all bindings the tags and limits of the plan. They keep
// their passwords.
func (p *Provider) updateUsers(ctx context.Context, vhost string, settings PlanSettings) error {
	names, err := p.usersOf(ctx, vhost)
	if err != nil {
		return err
	}
	for _, name := range names {
		user, ok, err := p.client.User(ctx, name)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		// Tags that somebody else gave the user stay.
		user.Tags = slices.DeleteFunc(user.Tags, func(tag string) bool { return tag == vhost || tag == management.TagManagement })
		user.Tags = append(user.Tags, tagsOf(vhost, settings)...)
		if err := p.client.PutUser(ctx, user); err != nil {
			return err
		}
		if err := step.Done(ctx, "change the tags of a user"); err != nil {
			return err
		}
		if err := p.limitUser(ctx, name, settings); err != nil {
			return err
		}
	}
	return nil
}

// checkUpdate refuses a plan that the contents of a virtual host exceed: the server would
// drop messages at once. Its numbers are some seconds old.
func (p *Provider) checkUpdate(ctx context.Context, vhost string, settings PlanSettings) error {
	exceeded := func(format string, args ...any) error {
		return openbroker.ErrPlanQuotaExceeded.WithDescription(format, args...).WithInstanceUsable(true).WithUpdateRepeatable(true)
	}
	total, longest, err := p.client.Queues(ctx, vhost, "messages")
	if err != nil {
		return err
	}
	if settings.MaxQueues > 0 && int64(total) > settings.MaxQueues {
		return exceeded("The instance has %d queues, and the plan allows %d: delete queues, or keep the plan.", total, settings.MaxQueues)
	}
	if settings.MaxLength > 0 && longest.Messages > settings.MaxLength {
		return exceeded("The queue %.100q has %d messages, and the plan allows %d: consume or purge them, or keep the plan.", longest.Name, longest.Messages, settings.MaxLength)
	}
	if settings.MaxLengthBytes == 0 {
		return nil
	}
	_, largest, err := p.client.Queues(ctx, vhost, "message_bytes")
	if err != nil {
		return err
	}
	if largest.Bytes > settings.MaxLengthBytes {
		return exceeded("The queue %.100q has %d bytes of messages, and the plan allows %d: consume or purge them, or keep the plan.", largest.Name, largest.Bytes, settings.MaxLengthBytes)
	}
	return nil
}

// tagsOf returns the tags of the users of a virtual host. Its name among them leads from
// the instance to users without permissions too; the server ignores it.
func tagsOf(vhost string, settings PlanSettings) management.Tags {
	tags := management.Tags{vhost}
	if settings.Dashboard {
		tags = append(tags, management.TagManagement)
	}
	return tags
}
