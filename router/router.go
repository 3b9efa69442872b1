package router

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/openbroker/openbroker"
)

// A Router combines several brokers behind one catalog. Create it with [New]. It
// is safe for concurrent use.
type Router struct {
	members []member
	index   atomic.Pointer[index] // of the catalogs that the router read last
	mu      sync.Mutex            // guards replacement of index
}

// A member is a broker and its position in the arguments of New.
type member struct {
	openbroker.Broker
	position int
}

var _ openbroker.Broker = (*Router)(nil)

// New returns a broker with the services of all brokers. It reads their catalogs.
// It returns an error if brokers is empty or contains nil, if a catalog cannot be
// read, or if a service id, service name or plan id is used twice; the error names
// both places.
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

// Catalog returns the services of all brokers, in the order of [New]. The pointer
// stays the same until a broker returns another pointer. A broker that builds a
// new catalog for each call makes the router index all catalogs on each request.
//
// Catalog returns the error of a broker whose catalog cannot be read: without its
// services, a platform would conclude that they were removed. It returns an error
// like that of New if a changed catalog conflicts with another one.
func (r *Router) Catalog(ctx context.Context) (*openbroker.Catalog, error) {
	current, err := r.current(ctx)
	if err != nil {
		return nil, err
	}
	return current.merged, nil
}

// Drain calls the method Drain of each broker that has it. Package server calls it
// when the process stops, so that the brokers respond to requests that wait for an
// operation.
func (r *Router) Drain() {
	for _, m := range r.members {
		if drainer, ok := m.Broker.(interface{ Drain() }); ok {
			drainer.Drain()
		}
	}
}

// Provision routes the request to the broker of its service. It returns the
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

// Update routes the request to the broker of its service. It returns the errors
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

// Deprovision routes the request to the broker of its service or plan. If these are
// no longer in a catalog, it tries the brokers in turn. It returns the errors of the
// broker that it selects.
func (r *Router) Deprovision(ctx context.Context, request *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	candidates, err := r.candidates(ctx, "", request.ServiceID, request.PlanID)
	if err != nil {
		return nil, err
	}
	response, m, err := tryInTurn(candidates, func(b openbroker.Broker) (*openbroker.DeprovisionResponse, error) {
		return b.Deprovision(ctx, request)
	})
	if err != nil || response == nil || response.Outcome != openbroker.Accepted {
		return response, err
	}
	routed := *response
	routed.Operation, err = r.wrap(m, request.ServiceID, response.Operation)
	return &routed, err
}

// Bind routes the request to the broker of its service. A rotation without
// service_id goes to the broker that knows the predecessor or the instance. Bind
// returns the errors of that broker. It returns ErrBadRequest if no broker has the
// service, or, for a rotation, if no broker has a plan with rotatable bindings.
func (r *Router) Bind(ctx context.Context, request *openbroker.BindRequest) (*openbroker.BindResponse, error) {
	candidates, err := r.bindCandidates(ctx, request)
	if err != nil {
		return nil, err
	}
	response, m, err := tryInTurn(candidates, func(b openbroker.Broker) (*openbroker.BindResponse, error) {
		return b.Bind(ctx, request)
	})
	if err != nil || response == nil || response.Outcome != openbroker.Accepted {
		return response, err
	}
	routed := *response
	routed.Operation, err = r.wrap(m, request.ServiceID, response.Operation)
	return &routed, err
}

// Unbind routes the request to the broker of its service or plan. If these are no
// longer in a catalog, it tries the brokers in turn. It returns the errors of the
// broker that it selects.
func (r *Router) Unbind(ctx context.Context, request *openbroker.UnbindRequest) (*openbroker.UnbindResponse, error) {
	candidates, err := r.candidates(ctx, "", request.ServiceID, request.PlanID)
	if err != nil {
		return nil, err
	}
	response, m, err := tryInTurn(candidates, func(b openbroker.Broker) (*openbroker.UnbindResponse, error) {
		return b.Unbind(ctx, request)
	})
	if err != nil || response == nil || response.Outcome != openbroker.Accepted {
		return response, err
	}
	routed := *response
	routed.Operation, err = r.wrap(m, request.ServiceID, response.Operation)
	return &routed, err
}

// GetInstance routes the request to the broker of its service or plan. Without
// these hints it tries the brokers in turn. It returns the errors of the broker
// that it selects.
func (r *Router) GetInstance(ctx context.Context, request *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
	candidates, err := r.candidates(ctx, "", request.ServiceID, request.PlanID)
	if err != nil {
		return nil, err
	}
	response, _, err := tryInTurn(candidates, func(b openbroker.Broker) (*openbroker.GetInstanceResponse, error) {
		return b.GetInstance(ctx, request)
	})
	return response, err
}

// GetBinding routes the request to the broker of its service or plan. Without
// these hints it tries the brokers in turn. It returns the errors of the broker
// that it selects.
func (r *Router) GetBinding(ctx context.Context, request *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
	candidates, err := r.candidates(ctx, "", request.ServiceID, request.PlanID)
	if err != nil {
		return nil, err
	}
	response, _, err := tryInTurn(candidates, func(b openbroker.Broker) (*openbroker.GetBindingResponse, error) {
		return b.GetBinding(ctx, request)
	})
	return response, err
}

// LastOperation routes the request, with the broker's own operation, to the broker
// that the operation, the service or the plan names. Without them it tries the
// brokers in turn. It returns the errors of the broker that it selects.
func (r *Router) LastOperation(ctx context.Context, request *openbroker.LastOperationRequest) (*openbroker.LastOperationResponse, error) {
	from, operation := r.unwrap(request.Operation, request.ServiceID)
	candidates, err := r.candidates(ctx, from, request.ServiceID, request.PlanID)
	if err != nil {
		return nil, err
	}
	own := *request
	own.Operation = operation
	response, _, err := tryInTurn(candidates, func(b openbroker.Broker) (*openbroker.LastOperationResponse, error) {
		return b.LastOperation(ctx, &own)
	})
	return response, err
}

// LastBindingOperation does for bindings what LastOperation does for instances.
func (r *Router) LastBindingOperation(ctx context.Context, request *openbroker.LastBindingOperationRequest) (*openbroker.LastOperationResponse, error) {
	from, operation := r.unwrap(request.Operation, request.ServiceID)
	candidates, err := r.candidates(ctx, from, request.ServiceID, request.PlanID)
	if err != nil {
		return nil, err
	}
	own := *request
	own.Operation = operation
	response, _, err := tryInTurn(candidates, func(b openbroker.Broker) (*openbroker.LastOperationResponse, error) {
		return b.LastBindingOperation(ctx, &own)
	})
	return response, err
}
