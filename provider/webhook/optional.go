package webhook

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"net/http"
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

// withAbilities returns a provider that is a [durable.RequestChecker] and a
// [durable.ResourceLister] as its settings say.
func withAbilities(p *Provider) durable.Provider {
	switch check, list := p.settings.Check, p.settings.List; {
	case check && list:
		return struct {
			*Provider
			checksRequests
			listsResources
		}{p, checks{p}, lists{p}}
	case check:
		return struct {
			*Provider
			checksRequests
		}{p, checks{p}}
	case list:
		return struct {
			*Provider
			listsResources
		}{p, lists{p}}
	default:
		return p
	}
}

// ask sends a request that is no operation of the engine, and must be answered at once.
func (p *Provider) ask(ctx context.Context, r *message.Request, retries int) (*message.Answer, error) {
	p.complete(r)
	r.CallbackURL = ""
	e := &exchange{provider: p, logger: p.logger, request: r, retries: retries}
	e.masker.Request(r)
	body, err := r.Encode()
	if err != nil {
		return nil, err
	}
	response, err := e.deliver(ctx, &call{method: http.MethodPost, url: p.client.endpoint, id: string(r.Operation) + "_" + rand.Text(), body: body})
	if err != nil {
		return nil, err
	}
	answer, err := response.answer(r.Operation)
	if err != nil {
		return nil, e.explain(response, err)
	}
	return answer, nil
}

type checks struct{ provider *Provider }

// CheckInstance asks the receiver.
func (c checks) CheckInstance(ctx context.Context, instance durable.Instance, previous *durable.Instance) error {
	return c.check(ctx, func(ctx context.Context) (*message.Request, error) {
		if previous != nil {
			return message.ForUpdate(ctx, message.Check, nil, instance, *previous)
		}
		return message.ForInstance(ctx, message.Check, nil, instance)
	})
}

// CheckBinding asks the receiver.
func (c checks) CheckBinding(ctx context.Context, binding durable.Binding) error {
	return c.check(ctx, func(ctx context.Context) (*message.Request, error) {
		return message.ForBinding(ctx, message.Check, nil, binding)
	})
}

// check sends a request. Another try is that of the platform, which waits for the answer.
func (c checks) check(ctx context.Context, build func(context.Context) (*message.Request, error)) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(c.provider.settings.CheckTimeout))
	defer cancel()
	r, err := build(ctx)
	if err != nil {
		return err
	}
	answer, err := c.provider.ask(ctx, r, 0)
	var again *againError
	switch {
	case errors.As(err, &again), err != nil && ctx.Err() != nil:
		return openbroker.ErrUnavailable.WithCause(err)
	case err != nil:
		return err
	case answer.RetryAfter != nil && answer.Error == nil:
		after := time.Duration(*answer.RetryAfter * float64(time.Second))
		return openbroker.ErrUnavailable.WithRetryAfter(max(after, time.Second)).WithCause(message.ErrRetry)
	}
	return answer.Err()
}

type lists struct{ provider *Provider }

// Resources yields what the receiver lists.
func (l lists) Resources(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		r, err := message.NewRequest(ctx, message.List, nil)
		var answer *message.Answer
		if err == nil {
			answer, err = l.provider.ask(ctx, r, l.provider.retries)
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
