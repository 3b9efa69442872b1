package specimen

import "net/http"

// unbind answers DELETE
// /v2/service_instances/:instance_id/service_bindings/:binding_id ("Unbinding").
func (b *Broker) unbind(q *request) (*answer, *refusal) {
	s := b.findBinding(q.instanceID, q.bindingID)
	serviceID, planID := q.query.Get("service_id"), q.query.Get("plan_id")
	switch {
	case serviceID == "" && b.broken("unbind.refused-but-deleted") && s.lives():
		s.gone = true
		return nil, missing("service_id")
	case serviceID == "" && !b.broken("unbind.service-id-missing-accepted"):
		return nil, missing("service_id")
	case planID == "" && !b.broken("unbind.plan-id-missing-accepted"):
		return nil, missing("plan_id")
	case b.broken("unbind.identity-required") && q.Header.Get("X-Broker-API-Originating-Identity") == "":
		return nil, refuse(http.StatusBadRequest, "", "The header X-Broker-API-Originating-Identity is required.")
	case b.broken("unbind.unknown-query-400") && q.query.Has("x-conformance"):
		return nil, refuse(http.StatusBadRequest, "", "A query parameter is unknown.")
	case !s.lives() && !b.met(q):
		return b.unbindMissing(s)
	case !s.lives():
		return reply(http.StatusOK, object{}), nil
	case s.predecessor != "" && b.broken("rotation.successor-not-unbound"):
		return nil, refuse(http.StatusBadRequest, "", "Unbind the predecessor.")
	case serviceID != "" && serviceID != s.instance.service.id && !b.broken("unbind.other-service-accepted"),
		planID != "" && planID != s.instance.plan.id && !b.broken("unbind.other-plan-accepted"):
		return nil, refuse(http.StatusBadRequest, "", "The binding has another service or plan.")
	}
	if s.active != nil && s.active.endpoint == unbind {
		return b.unbindAgain(q, s)
	}
	if !s.instance.plan.asyncBindings {
		return b.unbindNow(s), nil
	}
	if !b.acceptsIncomplete(q) {
		switch {
		case b.broken("unbind.202-unasked"):
		case b.broken("unbind.async-required-400"):
			return nil, refuse(http.StatusBadRequest, "AsyncRequired", "Bindings are asynchronous.")
		case b.broken("unbind.async-required-code"):
			return nil, refuse(http.StatusUnprocessableEntity, "AsyncIsRequired", "Bindings are asynchronous.")
		case b.broken("unbind.async-required-but-deleted"):
			s.gone = true
			return nil, b.asyncRequired()
		default:
			return nil, b.asyncRequired()
		}
	}
	return b.unbindSlowly(s), nil
}

// unbindSlowly starts the deletion and halts a creation in progress.
func (b *Broker) unbindSlowly(s *binding) *answer {
	if creation := s.active; creation != nil {
		switch {
		case b.broken("unbind.creation-goes-on"):
			return b.accepted(b.start(unbind, "", func() {}), false, object{})
		case b.broken("unbind.creating-200"):
			return reply(http.StatusOK, object{})
		case b.broken("unbind.creating-410"):
			return &answer{status: http.StatusGone, body: object{}}
		case b.broken("unbind.creating-409"):
			return &answer{status: http.StatusConflict, body: object{}}
		}
		creation.end(failed)
		s.halted = true
		switch {
		case b.broken("unbind.halted-creation-succeeded"):
			creation.state = succeeded
		case b.varies("halts-at-once"):
			s.gone, s.active = true, nil
			return reply(http.StatusOK, object{})
		}
	}
	s.active = b.start(unbind, "", func() { s.gone, s.active = !b.broken("unbind.async-not-deleted"), nil })
	s.active.fails = s.halted && b.broken("unbind.halting-fails")
	s.history = append(s.history, s.active)
	a := b.accepted(s.active, false, object{})
	switch {
	case b.broken("unbind.200-in-progress"):
		a.status = http.StatusOK
	case b.broken("unbind.202-body-empty"):
		a.body = text("")
	}
	return a
}

func (b *Broker) unbindNow(s *binding) *answer {
	if creation := s.active; creation != nil {
		creation.end(failed)
	}
	s.gone = !b.broken("unbind.not-deleted")
	for _, sibling := range s.instance.bindings {
		if sibling.predecessor == s.id && b.broken("rotation.successor-ends-with-predecessor") ||
			b.broken("unbind.deletes-all") {
			sibling.gone = true
		}
	}
	a := reply(http.StatusOK, object{})
	switch {
	case b.broken("unbind.204"):
		a.status = http.StatusNoContent
	case b.broken("unbind.202-for-sync"):
		a.status = http.StatusAccepted
	case b.broken("unbind.body-empty"):
		a.body = text("")
	case b.broken("unbind.body-null"):
		a.body = nil
	case b.broken("unbind.410-deleted"):
		a.status = http.StatusGone
	}
	return a
}

func (b *Broker) unbindMissing(s *binding) (*answer, *refusal) {
	switch {
	case b.broken("unbind.unknown-200"),
		b.broken("unbind.repeat-200") && s != nil:
		return reply(http.StatusOK, object{}), nil
	case b.broken("unbind.unknown-404"):
		return nil, refuse(http.StatusNotFound, "", "The binding does not exist.")
	case b.broken("unbind.unknown-500"):
		return nil, refuse(http.StatusInternalServerError, "", "Something went wrong.")
	}
	return b.gone(), nil
}

// unbindAgain answers a repeated request during the deletion.
func (b *Broker) unbindAgain(q *request, s *binding) (*answer, *refusal) {
	switch {
	case b.broken("unbind.repeat-200-in-progress"):
		return reply(http.StatusOK, object{}), nil
	case b.broken("unbind.repeat-410-in-progress"):
		return &answer{status: http.StatusGone, body: object{}}, nil
	case b.broken("unbind.repeat-422-in-progress"), b.varies("repeats-422"):
		return nil, b.concurrency()
	case !b.acceptsIncomplete(q):
		return nil, b.asyncRequired()
	}
	return b.accepted(s.active, true, object{}), nil
}
