package router

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/openbroker/openbroker"
)

// A Router is several brokers behind one catalog. It is made by [New] and safe
// for use by many goroutines.
type Router struct {
	members []member
	// index is of the last catalogs; mu lets one goroutine replace it.
	index atomic.Pointer[index]
	mu    sync.Mutex
}

// A member is a broker and its position in the arguments of New.
type member struct {
	openbroker.Broker
	position int
}

var _ openbroker.Broker = (*Router)(nil)

// New returns a broker that has the services of all brokers. It reads their
// catalogs and fails if one cannot be read, if a service id, service name or
// plan id is used twice (the error names both places), or if there is no
// broker or a nil one.
func New(ctx context.Context, brokers ...openbroker.Broker) (*Router, error) {
	if len(brokers) == 0 {
		return nil, errors.New("router: New needs at least one broker")
	}
	r := &Router{members: make([]member, len(brokers))}
	for i, broker := range brokers {
		if broker == nil {
			return nil, fmt.Errorf("router: broker %d is nil", i)
		}
		r.members[i] = member{broker, i}
	}
	if _, err := r.current(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// Catalog returns the services of all brokers, in the order of [New]. It is the
// same pointer until one of the brokers returns another one; a broker that
// builds its catalog for each call makes each request index all of them anew.
// It returns the error of a broker whose catalog cannot be read, since to leave
// its services out would make a platform believe that they are gone, and an
// error like that of New if a changed catalog collides with another one.
func (r *Router) Catalog(ctx context.Context) (*openbroker.Catalog, error) {
	current, err := r.current(ctx)
	if err != nil {
		return nil, err
	}
	return current.merged, nil
}

// Drain tells the brokers that have a method Drain() that the process stops, so that
// they answer requests that wait for an operation. Package server calls it.
func (r *Router) Drain() {
	for _, m := range r.members {
		if drainer, ok := m.Broker.(interface{ Drain() }); ok {
			drainer.Drain()
		}
	}
}

// Provision sends the request to the broker of its service. It returns the
// errors of that broker, and ErrBadRequest if no broker has the service.
func (r *Router) Provision(ctx context.Context, request *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	m, err := r.owner(ctx, request.ServiceID)
	if err != nil {
		return nil, err
	}
	response, err := m.Provision(ctx, request)
	if err != nil || response == nil || response.Outcome != openbroker.Accepted {
		return response, err
	}
	routed := *response
	routed.Operation, err = r.wrap(m, request.ServiceID, response.Operation)
	return &routed, err
}

// Update sends the request to the broker of its service. It returns the errors
// of that broker, and ErrBadRequest if no broker has the service.
func (r *Router) Update(ctx context.Context, request *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
	m, err := r.owner(ctx, request.ServiceID)
	if err != nil {
		return nil, err
	}
	response, err := m.Update(ctx, request)
	if err != nil || response == nil || response.Outcome != openbroker.Accepted {
		return response, err
	}
	routed := *response
	routed.Operation, err = r.wrap(m, request.ServiceID, response.Operation)
	return &routed, err
}

// Deprovision sends the request to the broker of its service or plan. If no
// catalog has them any more, the brokers are asked in turn. It returns the
// errors of the broker that answers.
func (r *Router) Deprovision(ctx context.Context, request *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	candidates, err := r.candidates(ctx, "", request.ServiceID, request.PlanID)
	if err != nil {
		return nil, err
	}
	response, m, err := ask(candidates, func(b openbroker.Broker) (*openbroker.DeprovisionResponse, error) {
		return b.Deprovision(ctx, request)
	})
	if err != nil || response == nil || response.Outcome != openbroker.Accepted {
		return response, err
	}
	routed := *response
	routed.Operation, err = r.wrap(m, request.ServiceID, response.Operation)
	return &routed, err
}

// Bind sends the request to the broker of its service. A rotation without
// service_id goes to the broker that knows the predecessor or the instance. It
// returns the errors of that broker, and ErrBadRequest if no broker has the
// service, or none has a plan whose bindings can be rotated.
func (r *Router) Bind(ctx context.Context, request *openbroker.BindRequest) (*openbroker.BindResponse, error) {
	candidates, err := r.binders(ctx, request)
	if err != nil {
		return nil, err
	}
	response, m, err := ask(candidates, func(b openbroker.Broker) (*openbroker.BindResponse, error) {
		return b.Bind(ctx, request)
	})
	if err != nil || response == nil || response.Outcome != openbroker.Accepted {
		return response, err
	}
	routed := *response
	routed.Operation, err = r.wrap(m, request.ServiceID, response.Operation)
	return &routed, err
}

// Unbind sends the request to the broker of its service or plan. If no catalog
// has them any more, the brokers are asked in turn. It returns the errors of
// the broker that answers.
func (r *Router) Unbind(ctx context.Context, request *openbroker.UnbindRequest) (*openbroker.UnbindResponse, error) {
	candidates, err := r.candidates(ctx, "", request.ServiceID, request.PlanID)
	if err != nil {
		return nil, err
	}
	response, m, err := ask(candidates, func(b openbroker.Broker) (*openbroker.UnbindResponse, error) {
		return b.Unbind(ctx, request)
	})
	if err != nil || response == nil || response.Outcome != openbroker.Accepted {
		return response, err
	}
	routed := *response
	routed.Operation, err = r.wrap(m, request.ServiceID, response.Operation)
	return &routed, err
}

// GetInstance sends the request to the broker of its service or plan. Without
// these hints the brokers are asked in turn. It returns the errors of the
// broker that answers.
func (r *Router) GetInstance(ctx context.Context, request *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
	candidates, err := r.candidates(ctx, "", request.ServiceID, request.PlanID)
	if err != nil {
		return nil, err
	}
	response, _, err := ask(candidates, func(b openbroker.Broker) (*openbroker.GetInstanceResponse, error) {
		return b.GetInstance(ctx, request)
	})
	return response, err
}

// GetBinding sends the request to the broker of its service or plan. Without
// these hints the brokers are asked in turn. It returns the errors of the
// broker that answers.
func (r *Router) GetBinding(ctx context.Context, request *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
	candidates, err := r.candidates(ctx, "", request.ServiceID, request.PlanID)
	if err != nil {
		return nil, err
	}
	response, _, err := ask(candidates, func(b openbroker.Broker) (*openbroker.GetBindingResponse, error) {
		return b.GetBinding(ctx, request)
	})
	return response, err
}

// LastOperation sends the request, with the broker's own operation, to the
// broker that the operation, the service or the plan names. Without them the
// brokers are asked in turn. It returns the errors of the broker that answers.
func (r *Router) LastOperation(ctx context.Context, request *openbroker.LastOperationRequest) (*openbroker.LastOperationResponse, error) {
	from, operation := r.unwrap(request.Operation, request.ServiceID)
	candidates, err := r.candidates(ctx, from, request.ServiceID, request.PlanID)
	if err != nil {
		return nil, err
	}
	own := *request
	own.Operation = operation
	response, _, err := ask(candidates, func(b openbroker.Broker) (*openbroker.LastOperationResponse, error) {
		return b.LastOperation(ctx, &own)
	})
	return response, err
}

// LastBindingOperation is LastOperation for bindings.
func (r *Router) LastBindingOperation(ctx context.Context, request *openbroker.LastBindingOperationRequest) (*openbroker.LastOperationResponse, error) {
	from, operation := r.unwrap(request.Operation, request.ServiceID)
	candidates, err := r.candidates(ctx, from, request.ServiceID, request.PlanID)
	if err != nil {
		return nil, err
	}
	own := *request
	own.Operation = operation
	response, _, err := ask(candidates, func(b openbroker.Broker) (*openbroker.LastOperationResponse, error) {
		return b.LastBindingOperation(ctx, &own)
	})
	return response, err
}
