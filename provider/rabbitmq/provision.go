package rabbitmq

import (
	"context"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// Provision creates the virtual host with its limits, and waits until it can be used on
// all nodes that run. An existing one gets the limits again.
func (p *Provider) Provision(ctx context.Context, _ *durable.Task, instance durable.Instance) (durable.ProvisionResult, error) {
	settings, err := settingsOf(instance)
	if err != nil {
		return durable.ProvisionResult{}, err
	}
	if err := p.provision(ctx, instance, settings); err != nil {
		return durable.ProvisionResult{}, failed(ctx, err)
	}
	metadata, err := p.metadata(ctx)
	if err != nil {
		return durable.ProvisionResult{}, failed(ctx, err)
	}
	kept, err := stateOf(instance)
	return durable.ProvisionResult{DashboardURL: p.dashboard(instance, settings), Metadata: metadata, State: kept}, err
}

func (p *Provider) provision(ctx context.Context, instance durable.Instance, settings PlanSettings) error {
	vhost := vhostOf(instance)
	if err := p.putVhost(ctx, instance, settings); err != nil {
		return err
	}
	if err := p.bound(ctx, vhost, settings); err != nil {
		return err
	}
	// The limit is set, so of two instances at a time at least one sees the other.
	if err := p.checkCapacity(ctx, vhost, settings.MaxConnections); err != nil {
		return err
	}
	return p.awaitVhost(ctx, vhost, settings)
}

// metadata returns the labels of an instance.
func (p *Provider) metadata(ctx context.Context) (*openbroker.InstanceMetadata, error) {
	version, err := p.client.Version(ctx)
	if err != nil {
		return nil, err
	}
	return &openbroker.InstanceMetadata{Labels: map[string]any{"engine": "rabbitmq", "version": version, "host": p.target.amqp.hosts[0].Name}}, nil
}

// DashboardURL returns the address of the management UI, if the plan has it. Users log
// in with the account of a binding.
func (p *Provider) DashboardURL(_ context.Context, instance durable.Instance) (string, error) {
	settings, err := settingsOf(instance)
	return p.dashboard(instance, settings), err
}

func (p *Provider) dashboard(instance durable.Instance, settings PlanSettings) string {
	if !settings.Dashboard {
		return ""
	}
	return p.target.dashboardURL(vhostOf(instance))
}
