package router

import (
	"context"
	"errors"
	"net/http"

	"github.com/openbroker/openbroker"
)

// find returns the place of the first id that is known.
func (x *index) find(operationServiceID, serviceID, planID string) (at place, ok bool) {
	if at, ok = x.services[operationServiceID]; ok {
		return at, true
	}
	if at, ok = x.services[serviceID]; ok {
		return at, true
	}
	at, ok = x.plans[planID]
	return at, ok
}

// lookup finds a place in the catalogs that the router read last. It reads the
// current catalogs only if those lack the ids, so that a poll does not depend on the
// catalogs of other brokers.
func (r *Router) lookup(ctx context.Context, operationServiceID, serviceID, planID string) (at place, ok bool, err error) {
	if at, ok = r.index.Load().find(operationServiceID, serviceID, planID); ok {
		return at, true, nil
	}
	x, err := r.current(ctx)
	if err != nil {
		return place{}, false, err
	}
	at, ok = x.find(operationServiceID, serviceID, planID)
	return at, ok, nil
}

// candidates returns the member that the ids identify, or all members if no id is
// known.
func (r *Router) candidates(ctx context.Context, operationServiceID, serviceID, planID string) ([]member, error) {
	if operationServiceID == "" && serviceID == "" && planID == "" {
		return r.members, nil
	}
	at, ok, err := r.lookup(ctx, operationServiceID, serviceID, planID)
	switch {
	case err != nil:
		return nil, err
	case ok:
		return r.only(at), nil
	default:
		return r.members, nil
	}
}

func (r *Router) only(at place) []member { return r.members[at.position : at.position+1] }

// owner returns the member that has the service. It never falls back to another
// one, which would create the instance in the wrong place.
func (r *Router) owner(ctx context.Context, serviceID string) (*member, error) {
	at, ok, err := r.lookup(ctx, "", serviceID, "")
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, openbroker.ErrBadRequest.WithDescription("service_id %q is not in the catalog", serviceID)
	}
	return &r.members[at.position], nil
}

// bindCandidates returns the members to send a bind request to.
func (r *Router) bindCandidates(ctx context.Context, request *openbroker.BindRequest) ([]member, error) {
	if request.ServiceID != "" || request.PredecessorBindingID == "" {
		m, err := r.owner(ctx, request.ServiceID)
		if err != nil {
			return nil, err
		}
		return r.members[m.position : m.position+1], nil
	}
	x, err := r.current(ctx)
	if err != nil {
		return nil, err
	}
	if at, ok := x.plans[request.PlanID]; ok {
		return r.only(at), nil
	}
	var able []member
	for i, source := range x.sources {
		if hasRotatable(source) {
			able = append(able, r.members[i])
		}
	}
	switch len(able) {
	case 0:
		return nil, openbroker.ErrBadRequest.WithDescription("predecessor_binding_id: no plan in the catalog supports the rotation of bindings")
	case 1:
		return able, nil
	}
	if m := probeOwner(able, func(b openbroker.Broker) error {
		_, err := b.GetBinding(ctx, &openbroker.GetBindingRequest{InstanceID: request.InstanceID, BindingID: request.PredecessorBindingID, Caller: request.Caller})
		return err
	}); m != nil {
		return m, nil
	}
	if m := probeOwner(able, func(b openbroker.Broker) error {
		_, err := b.GetInstance(ctx, &openbroker.GetInstanceRequest{InstanceID: request.InstanceID, Caller: request.Caller})
		return err
	}); m != nil {
		return m, nil
	}
	return able, nil
}

func hasRotatable(c *openbroker.Catalog) bool {
	for i := range c.Services {
		for j := range c.Services[i].Plans {
			if c.Services[i].Plans[j].BindingRotatable {
				return true
			}
		}
	}
	return false
}

// probeOwner returns the first member whose result does not mean "not mine", or nil. A
// member that fails may be the owner: another one might create the binding in the wrong
// place.
func probeOwner(members []member, probe func(openbroker.Broker) error) []member {
	for i := range members {
		if _, foreign := notMine(probe(members[i].Broker)); !foreign {
			return members[i : i+1]
		}
	}
	return nil
}

// tryInTurn calls the members one after the other and returns the first result that does
// not mean "not mine". If all do, it returns the most significant of them.
func tryInTurn[Response any](members []member, call func(openbroker.Broker) (*Response, error)) (*Response, *member, error) {
	var refused error
	best := -1
	for i := range members {
		response, err := call(members[i].Broker)
		rank, foreign := notMine(err)
		if !foreign {
			return response, &members[i], err
		}
		if rank > best {
			best, refused = rank, err
		}
	}
	return nil, nil, refused
}

// notMine reports whether an error means that the broker does not know the
// instance or binding. A higher rank is more significant.
func notMine(err error) (rank int, foreign bool) {
	var osbError *openbroker.Error
	if err == nil || !errors.As(err, &osbError) || osbError == nil {
		return 0, false
	}
	switch osbError.Status {
	case http.StatusGone: // The broker had it once.
		return 2, true
	case 0, http.StatusNotFound:
		return 1, true
	case http.StatusNotImplemented:
		return 0, true
	default:
		return 0, false
	}
}
