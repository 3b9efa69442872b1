package specimen

import "net/http"

// bind answers PUT /v2/service_instances/:instance_id/service_bindings/:binding_id
// ("Binding", and "Request (Rotating a Service Binding)").
func (b *Broker) bind(q *request) (*answer, *refusal) {
	i := b.instances[q.instanceID]
	if refusal := b.inherit(q, i); refusal != nil {
		return nil, refusal
	}
	b.overrule(q, i)
	if refusal := b.checkBind(q, i); refusal != nil {
		if b.broken("bind.refused-but-created") && refusal.status == http.StatusBadRequest && i.lives() {
			b.newBinding(q, i)
		}
		return nil, refusal
	}
	if b.reserved[q.instanceID+"/"+q.bindingID] {
		return nil, refuse(http.StatusConflict, "", "The id is in use.")
	}
	if s := i.bindings[q.bindingID]; s.lives() && !b.met(q) {
		return b.bindExisting(q, s)
	}
	if i.plan.asyncBindings && !b.acceptsIncomplete(q) {
		switch {
		case b.broken("bind.202-unasked"):
		case b.broken("bind.async-required-400"):
			return nil, refuse(http.StatusBadRequest, "AsyncRequired", "Bindings are asynchronous.")
		case b.broken("bind.async-required-code"):
			return nil, refuse(http.StatusUnprocessableEntity, "asyncRequired", "Bindings are asynchronous.")
		case b.broken("bind.async-required-but-created"):
			b.newBinding(q, i)
			return nil, b.asyncRequired()
		default:
			return nil, b.asyncRequired()
		}
	}
	s := b.newBinding(q, i)
	if i.plan.asyncBindings {
		return b.bindSlowly(s), nil
	}
	a := reply(http.StatusCreated, s.document(b))
	switch {
	case b.broken("bind.200-created"):
		a.status = http.StatusOK
	case b.broken("bind.202-for-sync") && !b.acceptsIncomplete(q):
		a.status = http.StatusAccepted
	case b.broken("bind.204-created"):
		a.status = http.StatusNoContent
	case b.broken("bind.body-empty"):
		a.body = text("")
	case b.broken("bind.body-array"):
		a.body = []any{a.body}
	case b.broken("bind.not-created"),
		b.broken("rotation.successor-not-created") && s.predecessor != "":
		delete(i.bindings, s.id)
	}
	return a, nil
}

func (b *Broker) bindSlowly(s *binding) *answer {
	s.active = b.start(bind, "", func() { s.active = nil })
	s.active.fails = s.predecessor != "" && b.broken("rotation.fails")
	s.history = append(s.history, s.active)
	a := b.accepted(s.active, false, object{})
	switch {
	case b.broken("bind.credentials-in-202"):
		for name, value := range s.document(b) {
			a.body.(object)[name] = value //nolint:errcheck // accepted returns an object.
		}
	case b.broken("bind.201-in-progress"):
		a.status = http.StatusCreated
	case b.broken("bind.200-in-progress"):
		a.status = http.StatusOK
	}
	return a
}

// overrule replaces the service and plan of the request with the service and plan of
// the instance, which is a variation.
func (b *Broker) overrule(q *request, i *instance) {
	if !b.varies("unknown-plan-ignored") || !i.lives() {
		return
	}
	for name, id := range map[string]string{"service_id": i.service.id, "plan_id": i.plan.id} {
		if given := q.body.text(name); given != "" && (name == "service_id" || !i.service.has(given)) {
			q.body[name] = id
		}
	}
}

// checkBind checks the request against the instance.
func (b *Broker) checkBind(q *request, i *instance) *refusal {
	serviceID, planID := q.body.text("service_id"), q.body.text("plan_id")
	switch {
	case serviceID == "" && !b.broken("bind.service-id-missing-accepted"):
		return missing("service_id")
	case planID == "" && !b.broken("bind.plan-id-missing-accepted"):
		return missing("plan_id")
	case q.body.object("context") == nil && q.body.text("predecessor_binding_id") == "" && b.broken("bind.context-needed"):
		return missing("context")
	case !i.lives() && b.broken("bind.unknown-instance-accepted"):
		return &refusal{status: http.StatusCreated, extra: object{"credentials": object{"password": "none"}}}
	case !i.lives() && b.broken("bind.unknown-instance-500"):
		return refuse(http.StatusInternalServerError, "", "Something went wrong.")
	case !i.lives():
		return refuse(http.StatusNotFound, "", "The instance does not exist.")
	case i.active != nil && b.broken("bind.creating-accepted"):
		return &refusal{status: http.StatusCreated, extra: object{"credentials": object{"password": "none"}}}
	case i.active != nil:
		return b.concurrency()
	case serviceID != "" && serviceID != i.service.id && !b.broken("bind.other-service-accepted"),
		planID != "" && planID != i.plan.id && !b.broken("bind.other-plan-accepted") &&
			(!b.offers(planID) || !b.broken("bind.plan-of-other-service-accepted")):
		return refuse(http.StatusBadRequest, "", "The instance has another service or plan.")
	case !i.plan.isBindable() && !b.broken("bind.not-bindable-accepted"):
		return refuse(http.StatusBadRequest, "", "Instances of this plan cannot be bound.")
	}
	if refusal := b.checkApp(q, i.plan); refusal != nil {
		return refusal
	}
	if q.body.text("predecessor_binding_id") != "" {
		return nil
	}
	return b.checkParameters(q, i.plan, parameters(q))
}

// checkApp implements RequiresApp.
func (b *Broker) checkApp(q *request, p *plan) *refusal {
	app := q.body.text("app_guid")
	if _, given := q.body["app_guid"]; given && app == "" && b.broken("bind.app-guid-empty-refused") {
		return refuse(http.StatusBadRequest, "", "The field app_guid is empty.")
	}
	if r := q.body.object("bind_resource"); r != nil && r.text("app_guid") == "" && b.broken("bind.resource-needs-app-guid") {
		return refuse(http.StatusBadRequest, "", "The field bind_resource.app_guid is missing.")
	}
	if app == "" && !b.broken("bind.only-old-app-guid") {
		app = q.body.object("bind_resource").text("app_guid")
	}
	if !p.requiresApp || app != "" {
		return nil
	}
	r := refuse(http.StatusUnprocessableEntity, "RequiresApp",
		"This service supports generation of credentials through binding an application only.")
	switch {
	case b.broken("bind.requires-app-other-words"):
		r.description = "app_guid is missing."
	case b.broken("bind.requires-app-400"):
		r.status = http.StatusBadRequest
	case b.broken("bind.requires-app-code"):
		r.code = "AppGUIDRequired"
	case b.broken("bind.requires-app-no-code"):
		r.code = ""
	}
	return r
}

// bindExisting answers a bind whose id is in use.
func (b *Broker) bindExisting(q *request, s *binding) (*answer, *refusal) {
	if bindAttributes(q) != s.attributes && !b.bindConflictMissed(q, s) {
		switch {
		case b.broken("bind.conflict-422"):
			return nil, refuse(http.StatusUnprocessableEntity, "", "The binding already exists.")
		case b.broken("bind.conflict-but-applied"):
			s.parameters, s.attributes = parameters(q), bindAttributes(q)
		}
		return nil, refuse(http.StatusConflict, "", "A binding with this id and other attributes exists.")
	}
	switch {
	case s.active == nil && b.broken("bind.repeat-201"):
		return reply(http.StatusCreated, s.document(b)), nil
	case s.active == nil && b.broken("bind.repeat-409"):
		return nil, refuse(http.StatusConflict, "", "The binding exists.")
	case s.active == nil && b.broken("bind.repeat-without-credentials"):
		return reply(http.StatusOK, object{}), nil
	case s.active == nil && s.history != nil && b.broken("bind.repeat-after-async-without-credentials"):
		return reply(http.StatusOK, object{}), nil
	case s.active == nil && b.broken("bind.repeat-other-credentials"):
		s.password += "-again"
		return reply(http.StatusOK, s.document(b)), nil
	case s.active == nil:
		return reply(http.StatusOK, s.document(b)), nil
	case s.active.endpoint != bind:
		return nil, b.concurrency()
	case b.broken("bind.repeat-200-in-progress"):
		return reply(http.StatusOK, s.document(b)), nil
	case b.broken("bind.repeat-409-in-progress"):
		return nil, refuse(http.StatusConflict, "", "The binding is being created.")
	case !b.acceptsIncomplete(q):
		return nil, b.asyncRequired()
	}
	return b.accepted(s.active, true, object{}), nil
}

// bindConflictMissed breaks "409 Conflict MUST be returned".
func (b *Broker) bindConflictMissed(q *request, s *binding) bool {
	sameParameters := canonical(parameters(q)) == canonical(s.parameters)
	switch {
	case s.active != nil:
		return b.broken("bind.conflict-missed-in-progress")
	case b.broken("bind.conflict-missed"),
		b.broken("bind.conflict-missed-for-parameters") && !sameParameters,
		b.broken("bind.conflict-missed-for-app") && sameParameters:
		return true
	default:
		return false
	}
}
