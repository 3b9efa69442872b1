package nats

import (
	"context"
	"iter"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/parameters"
)

// CheckInstance refuses parameters, since instances have none.
func (p *Provider) CheckInstance(_ context.Context, instance durable.Instance, _ *durable.Instance) error {
	_, err := parameters.Fields(instance.Parameters)
	return err
}

// CheckBinding refuses all parameters except a valid mode.
func (p *Provider) CheckBinding(_ context.Context, binding durable.Binding) error {
	_, err := parameters.Mode(binding.Parameters)
	return err
}

// ResourceExists reports whether the servers have the account of the instance.
func (p *Provider) ResourceExists(ctx context.Context, instance durable.Instance) (bool, error) {
	a, err := p.describe(instance)
	if err != nil {
		return false, err
	}
	stored, err := p.lookup(ctx, a.id)
	if err != nil {
		return false, openbroker.ErrUnavailable.WithCause(err)
	}
	return stored != "", nil
}

// Resources yields the resource names of the accounts that a broker with the operator
// made.
func (p *Provider) Resources(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		ids, err := p.ids(ctx)
		if err != nil {
			yield("", err)
			return
		}
		for _, id := range ids {
			token, err := p.lookup(ctx, id)
			if err != nil {
				yield("", err)
				return
			}
			if name, ok := p.nameOf(token); ok && !yield(name, nil) {
				return
			}
		}
	}
}
