package specimen

import "net/http"

// inherit completes a request for a successor with the service, plan and
// parameters of the predecessor ("Binding Rotation").
func (b *Broker) inherit(q *request, i *instance) *refusal {
	if b.varies("predecessor-ignored-with-plan") && q.body.text("service_id") != "" {
		delete(q.body, "predecessor_binding_id")
	}
	id := q.body.text("predecessor_binding_id")
	if id == "" || !i.lives() {
		return nil
	}
	predecessor := i.bindings[id]
	if !predecessor.lives() {
		predecessor = nil
	}
	switch {
	case b.broken("rotation.needs-service-id") && q.body.text("service_id") == "":
		return missing("service_id")
	case b.broken("rotation.refuses-service-id") && q.body.text("service_id") != "":
		return refuse(http.StatusBadRequest, "", "A successor has the service of its predecessor.")
	case b.broken("rotation.unsupported"):
		return refuse(http.StatusNotImplemented, "", "Bindings cannot be rotated.")
	case b.broken("rotation.unknown-predecessor-accepted") && predecessor == nil:
		b.complete(q, i)
		return nil
	case b.broken("rotation.other-instance-accepted") && predecessor == nil && b.anyBinding(id) != nil:
		b.complete(q, i)
		return nil
	case b.broken("rotation.unknown-predecessor-500") && predecessor == nil:
		return refuse(http.StatusInternalServerError, "", "Something went wrong.")
	case !i.plan.rotatable:
		return refuse(http.StatusBadRequest, "", "Bindings of this plan cannot be rotated.")
	case predecessor == nil:
		return refuse(http.StatusBadRequest, "", "The instance has no binding with the id predecessor_binding_id.")
	case !predecessor.expires.IsZero() && !b.config.Now().Before(predecessor.expires):
		return refuse(http.StatusBadRequest, "", "The predecessor has expired.")
	}
	b.complete(q, i)
	if successor := i.bindings[q.bindingID]; successor.lives() && b.broken("rotation.repeat-409") {
		return refuse(http.StatusConflict, "", "The binding exists.")
	}
	if parameters(q) == nil && predecessor.parameters != nil {
		q.body["parameters"] = map[string]any(predecessor.parameters)
	}
	if b.broken("rotation.ends-predecessor") {
		predecessor.gone = true
	}
	return nil
}

// complete adds the service and plan, which a rotation may omit.
func (b *Broker) complete(q *request, i *instance) {
	if q.body.text("service_id") == "" {
		q.body["service_id"] = i.service.id
	}
	if q.body.text("plan_id") == "" {
		q.body["plan_id"] = i.plan.id
	}
}

// hasSuccessor reports whether the binding has a successor.
func (s *binding) hasSuccessor() bool {
	for _, sibling := range s.instance.bindings {
		if sibling.predecessor == s.id {
			return true
		}
	}
	return false
}

// anyBinding returns the binding with this id of any instance, or nil.
func (b *Broker) anyBinding(id string) *binding {
	for _, i := range b.instances {
		if s := i.bindings[id]; s.lives() {
			return s
		}
	}
	return nil
}
