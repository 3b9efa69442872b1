package simulator

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// control returns the fault of the control endpoint for the response to a
// request, or nil.
func (b *broker) control(at request) *Fault {
	return b.faults.take(at, func(f *Fault) bool { return !f.ofOperation() })
}

// poll returns the fault for the response to a poll: the fault that was
// recorded with the operation, or a fault of the control endpoint.
func (b *broker) poll(ctx context.Context, caller *openbroker.Caller, at request, operationID string) (*Fault, error) {
	key := durable.Key{Platform: caller.Platform, InstanceID: at.instanceID, BindingID: at.bindingID}
	record, err := b.store.Operation(ctx, key, operationID)
	switch {
	case errors.Is(err, durable.ErrNotFound):
		return b.control(at), nil
	case err != nil:
		return nil, openbroker.ErrUnavailable.WithCause(err)
	}
	f := &Fault{}
	stored, err := b.store.Setting(ctx, name("poll", record.ID))
	switch {
	case errors.Is(err, durable.ErrNotFound):
		return b.control(at), nil
	case err == nil:
		err = json.Unmarshal(stored, f)
	}
	taken := false
	if err == nil {
		taken, err = b.tally.take(ctx, owner{platform: key.Platform, instanceID: record.ID}, at.on, f, rand.Text())
	}
	switch {
	case err != nil:
		return nil, openbroker.ErrUnavailable.WithCause(err)
	case taken:
		return f, nil
	default:
		return b.control(at), nil
	}
}

// A changing is a request that starts an operation.
type changing struct {
	*broker
	ctx        context.Context //nolint:containedctx // The value lives as long as the request.
	caller     *openbroker.Caller
	at         request
	candidates []candidate
}

func (b *broker) begin(ctx context.Context, caller *openbroker.Caller, at request) *changing {
	return &changing{broker: b, ctx: ctx, caller: caller, at: at}
}

func (c *changing) add(f *Fault, bindingID string) {
	if f != nil {
		c.candidates = append(c.candidates, candidate{f, owner{c.caller.Platform, c.at.instanceID, bindingID}})
	}
}

// instance returns the behaviour of the parameters of the instance, and sets
// the plan of the request. The behaviour is empty during a provision or update.
func (c *changing) instance() behaviour {
	found, err := c.engine.GetInstance(c.ctx, &openbroker.GetInstanceRequest{InstanceID: c.at.instanceID, Caller: *c.caller})
	if err != nil {
		return behaviour{}
	}
	c.at.planID = found.PlanID
	stored, err := readBehaviour(found.Parameters, found.PlanID, inInstance)
	if err != nil {
		return behaviour{}
	}
	return stored
}

// binding returns the behaviour of the parameters of the binding.
func (c *changing) binding() behaviour {
	found, err := c.engine.GetBinding(c.ctx, &openbroker.GetBindingRequest{InstanceID: c.at.instanceID, BindingID: c.at.bindingID, Caller: *c.caller})
	if err != nil {
		return behaviour{}
	}
	stored, err := readBehaviour(found.Parameters, c.at.planID, inBinding)
	if err != nil {
		return behaviour{}
	}
	return stored
}

// fault returns the fault for the response to the request, and the fault for
// the polls of its operation.
func (c *changing) fault() (now, later *Fault, err error) {
	for _, candidate := range c.candidates {
		switch {
		case candidate.ofOperation():
			continue
		case candidate.WrongState != "":
			later = candidate.Fault
			continue
		}
		taken, err := c.tally.take(c.ctx, candidate.owner, c.at.on, candidate.Fault, rand.Text())
		if err != nil {
			return nil, nil, openbroker.ErrUnavailable.WithCause(err)
		}
		if taken {
			return candidate.Fault, later, nil
		}
	}
	return c.control(c.at), later, nil
}

// change answers a changing request.
func change[R any](c *changing, call func() (R, error), read func(R) (openbroker.Outcome, string)) (R, error) {
	var none R
	now, later, err := c.fault()
	if err != nil {
		return none, err
	}
	return answer(exchangeFrom(c.ctx), now, func() (R, error) {
		response, err := call()
		if err != nil || later == nil {
			return response, err
		}
		if outcome, operation := read(response); outcome == openbroker.Accepted {
			// The fault must be stored before the first poll, even if the client has
			// disconnected.
			encoded, err := json.Marshal(later)
			if err == nil {
				_, err = c.store.PutSetting(context.WithoutCancel(c.ctx), name("poll", operation), encoded)
			}
			if err != nil {
				return none, openbroker.ErrUnavailable.WithCause(err)
			}
		}
		return response, nil
	})
}
