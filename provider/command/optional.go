package command

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/message"
)

// The abilities that a provider has only if its settings say so.
type (
	checksRequests interface {
		CheckInstance(ctx context.Context, instance durable.Instance, previous *durable.Instance) error
		CheckBinding(ctx context.Context, binding durable.Binding) error
	}
	listsResources interface {
		Resources(ctx context.Context) iter.Seq2[string, error]
	}
)

type checks struct{ provider *Provider }

// CheckInstance asks the program.
func (c checks) CheckInstance(ctx context.Context, instance durable.Instance, previous *durable.Instance) error {
	return c.check(ctx, func(ctx context.Context) (*message.Request, error) {
		if previous != nil {
			return message.ForUpdate(ctx, message.Check, nil, instance, *previous)
		}
		return message.ForInstance(ctx, message.Check, nil, instance)
	})
}

// CheckBinding asks the program.
func (c checks) CheckBinding(ctx context.Context, binding durable.Binding) error {
	return c.check(ctx, func(ctx context.Context) (*message.Request, error) {
		return message.ForBinding(ctx, message.Check, nil, binding)
	})
}

var errSlowCheck = errors.New("the program did not check the request within check_timeout")

// check runs the program. The request waits for it, so an attempt later is that of the
// platform.
func (c checks) check(ctx context.Context, build func(context.Context) (*message.Request, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Duration(c.provider.settings.CheckTimeout), errSlowCheck)
	defer cancel()
	r, err := build(ctx)
	if err != nil {
		return err
	}
	answer, err := c.provider.ask(ctx, r)
	switch {
	case errors.Is(err, errSlowCheck):
		return openbroker.ErrUnavailable.WithCause(err)
	case err != nil:
		return err
	case answer.RetryAfter != nil && answer.Error == nil:
		after := time.Duration(*answer.RetryAfter * float64(time.Second))
		return openbroker.ErrUnavailable.WithRetryAfter(max(after, time.Second)).WithCause(message.ErrRetry)
	}
	return answer.Err()
}

// ask runs the program for what is no operation of the engine.
func (p *Provider) ask(ctx context.Context, r *message.Request) (*message.Answer, error) {
	c := &call{provider: p, request: r, logger: p.host.Logger, grace: time.Duration(p.settings.Grace)}
	return c.run(ctx)
}

type lists struct{ provider *Provider }

// Resources yields what the program lists.
func (l lists) Resources(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		r, err := message.NewRequest(ctx, message.List, nil)
		var answer *message.Answer
		if err == nil {
			answer, err = l.provider.ask(ctx, r)
		}
		if err == nil {
			err = answer.Err()
		}
		if err != nil {
			yield("", err)
			return
		}
		for _, name := range answer.Resources {
			if !yield(name, nil) {
				return
			}
		}
	}
}
