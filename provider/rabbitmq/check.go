package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/parameters"
)

// CheckInstance refuses parameters, since instances have none, plans for which the
// server has too few connections, and a plan that is too small for the instance.
func (p *Provider) CheckInstance(ctx context.Context, instance durable.Instance, previous *durable.Instance) error {
	if _, err := parameters.Fields(instance.Parameters); err != nil {
		return err
	}
	settings, err := settingsOf(instance)
	if err != nil {
		return err
	}
	if previous != nil && previous.PlanID == instance.PlanID {
		return nil
	}
	vhost := vhostOf(instance)
	err = p.checkCapacity(ctx, vhost, settings.MaxConnections)
	if errors.Is(err, errNoStatistics) {
		err = nil // The operation checks it again, and waits.
	}
	if err == nil && previous != nil {
		err = p.checkUpdate(ctx, vhost, settings)
	}
	return answer(err)
}

// ResourceExists reports whether the virtual host of the instance exists.
func (p *Provider) ResourceExists(ctx context.Context, instance durable.Instance) (bool, error) {
	_, ok, err := p.client.Vhost(ctx, vhostOf(instance))
	return ok, answer(err)
}

// Resources yields the resource names of all virtual hosts that a broker made.
func (p *Provider) Resources(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for vhost, err := range p.client.Vhosts(ctx) {
			if err != nil {
				yield("", err)
				return
			}
			if name, ok := credential.ResourceName(vhost); ok && !yield(name, nil) {
				return
			}
		}
	}
}

// CheckHealth returns an error if the server is away, refuses the account, has a node
// that is away, or blocks the publishers of all instances because of an alarm.
func (p *Provider) CheckHealth(ctx context.Context) error {
	if err := p.checkAccount(ctx); err != nil {
		return err
	}
	nodes, err := p.client.Nodes(ctx)
	if err != nil {
		return err
	}
	var problems []string
	for _, node := range nodes {
		switch {
		case !node.Running:
			problems = append(problems, fmt.Sprintf("the node %s is away", node.Name))
		case node.MemoryAlarm:
			problems = append(problems, fmt.Sprintf("the node %s has too little memory, and blocks all publishers", node.Name))
		case node.DiskAlarm:
			problems = append(problems, fmt.Sprintf("the node %s has too little disk space, and blocks all publishers", node.Name))
		}
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "; "))
	}
	return nil
}

// answer returns the error of a request that waits.
func answer(err error) error {
	var own *openbroker.Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	return openbroker.ErrUnavailable.WithCause(err)
}
