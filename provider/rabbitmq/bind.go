package rabbitmq

import (
	"context"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/step"
	"github.com/openbroker/openbroker/provider/rabbitmq/internal/management"
)

// checkpoint is what a bind keeps for its next attempt: the server has only the hash of
// the password.
type checkpoint struct {
	Password string `json:"password"`
}

// Bind creates the user of the binding. It gets its permissions last, when its limits
// hold.
func (p *Provider) Bind(ctx context.Context, task *durable.Task, binding durable.Binding) (durable.BindResult, error) {
	access, err := accessOf(binding.Parameters)
	if err != nil {
		return durable.BindResult{}, err
	}
	settings, err := settingsOf(binding.Instance)
	if err != nil {
		return durable.BindResult{}, err
	}
	var kept checkpoint
	found, err := task.Load(&kept)
	if err == nil && !found {
		kept.Password = credential.Password()
		err = task.Save(ctx, kept)
	}
	if err != nil {
		return durable.BindResult{}, err
	}
	a := account{username: userOf(binding), password: kept.Password, vhost: vhostOf(binding.Instance)}
	if err := p.bind(ctx, a, settings, access); err != nil {
		return durable.BindResult{}, failed(ctx, err)
	}
	return durable.BindResult{
		Credentials: p.target.credentials(a, settings.Dashboard),
		Endpoints:   p.target.endpoints(settings.Dashboard),
	}, nil
}

func (p *Provider) bind(ctx context.Context, a account, settings PlanSettings, access access) error {
	if err := p.needVhost(ctx, a.vhost); err != nil {
		return err
	}
	err := p.client.PutUser(ctx, management.User{
		Name: a.username, PasswordHash: management.HashPassword(a.password), HashingAlgorithm: management.SHA256, Tags: tagsOf(a.vhost, settings),
	})
	if err == nil {
		err = step.Done(ctx, "create the user")
	}
	if err == nil {
		err = p.limitUser(ctx, a.username, settings)
	}
	if err == nil {
		err = p.grant(ctx, a, access)
	}
	return err
}

// limitUser sets the limits of a user.
func (p *Provider) limitUser(ctx context.Context, username string, settings PlanSettings) error {
	if err := p.client.SetUserLimit(ctx, username, management.MaxChannels, atLeastOne(settings.MaxChannels)); err != nil {
		return err
	}
	return step.Done(ctx, "set the limit of a user")
}

// grant gives a user its permissions.
func (p *Provider) grant(ctx context.Context, a account, access access) error {
	for _, topic := range access.topics {
		if err := p.client.PutTopicPermission(ctx, a.vhost, a.username, topic); err != nil {
			return err
		}
		if err := step.Done(ctx, "grant the permissions for a topic exchange"); err != nil {
			return err
		}
	}
	permission := access.permission
	permission.User = a.username
	if err := p.client.PutPermission(ctx, a.vhost, permission); err != nil {
		return err
	}
	return step.Done(ctx, "grant the permissions")
}

// CheckBinding refuses all parameters except those of access, and says that there is no
// read-only access.
func (p *Provider) CheckBinding(_ context.Context, binding durable.Binding) error {
	_, err := accessOf(binding.Parameters)
	return err
}
