package specimen

import "net/http"

// deprovision answers DELETE /v2/service_instances/:instance_id
// ("Deprovisioning").
func (b *Broker) deprovision(q *request) (*answer, *refusal) {
	i := b.instances[q.instanceID]
	serviceID, planID := q.query.Get("service_id"), q.query.Get("plan_id")
	switch {
	case serviceID == "" && b.broken("deprovision.refused-but-deleted") && i.lives():
		i.gone = true
		return nil, missing("service_id")
	case serviceID == "" && !b.broken("deprovision.service-id-missing-accepted"):
		return nil, missing("service_id")
	case planID == "" && !b.broken("deprovision.plan-id-missing-accepted"):
		return nil, missing("plan_id")
	case b.broken("deprovision.identity-required") && q.Header.Get("X-Broker-API-Originating-Identity") == "":
		return nil, refuse(http.StatusBadRequest, "", "The header X-Broker-API-Originating-Identity is required.")
	case b.broken("deprovision.unknown-query-400") && q.query.Has("x-conformance"):
		return nil, refuse(http.StatusBadRequest, "", "A query parameter is unknown.")
	case !i.lives() && !b.met(q):
		return b.deprovisionMissing(i)
	case !i.lives():
		return reply(http.StatusOK, object{}), nil
	case serviceID != "" && serviceID != i.service.id && !b.broken("deprovision.other-service-accepted"),
		planID != "" && planID != i.plan.id && !b.broken("deprovision.other-plan-accepted"):
		return nil, refuse(http.StatusBadRequest, "", "The instance has another service or plan.")
	}
	if i.active != nil && i.active.endpoint == deprovision {
		return b.deprovisionAgain(q, i)
	}
	if i.active != nil && i.active.endpoint == update || i.bindingActive() {
		switch {
		case b.varies("deletes-while-updating"):
			i.gone = true
			return reply(http.StatusOK, object{}), nil
		case i.active != nil && i.active.target == i.plan && b.broken("deprovision.busy-parameters-409"):
			return nil, refuse(http.StatusConflict, "", "The instance is being updated.")
		case b.broken("deprovision.busy-200"):
			return reply(http.StatusOK, object{}), nil
		case b.broken("deprovision.busy-409"):
			return nil, refuse(http.StatusConflict, "", "The instance is being updated.")
		}
		return nil, b.concurrency()
	}
	if !i.plan.asyncInstances {
		return b.deprovisionNow(i), nil
	}
	if !b.acceptsIncomplete(q) {
		switch {
		case b.broken("deprovision.202-unasked"):
		case b.broken("deprovision.async-required-400"):
			return nil, refuse(http.StatusBadRequest, "AsyncRequired", "This plan is asynchronous.")
		case b.broken("deprovision.async-required-code"):
			return nil, refuse(http.StatusUnprocessableEntity, "Async-Required", "This plan is asynchronous.")
		case b.broken("deprovision.async-required-but-deleted"):
			i.gone = true
			return nil, b.asyncRequired()
		default:
			return nil, b.asyncRequired()
		}
	}
	return b.deprovisionSlowly(i), nil
}

// deprovisionSlowly starts the deletion and halts a creation in progress.
func (b *Broker) deprovisionSlowly(i *instance) *answer {
	creation := i.active
	if creation != nil {
		switch {
		case b.broken("deprovision.creation-goes-on"):
			a := b.accepted(b.start(deprovision, "", func() {}), false, object{})
			return a
		case b.broken("deprovision.creating-200"):
			return reply(http.StatusOK, object{})
		case b.broken("deprovision.creating-410"):
			return &answer{status: http.StatusGone, body: object{}}
		case b.broken("deprovision.creating-409"):
			return &answer{status: http.StatusConflict, body: object{}}
		}
		creation.end(failed)
		i.halted = true
		switch {
		case b.broken("deprovision.halted-creation-succeeded"):
			creation.state = succeeded
		case b.varies("halts-at-once"):
			i.gone, i.active = true, nil
			return reply(http.StatusOK, object{})
		}
	}
	i.active = b.start(deprovision, "", func() { i.gone, i.active = !b.broken("deprovision.async-not-deleted"), nil })
	i.active.fails = i.stubborn || i.halted && b.broken("deprovision.halting-fails")
	i.active.undo = func() { i.stubborn, i.active = false, nil }
	i.history = append(i.history, i.active)
	a := b.accepted(i.active, false, object{})
	switch {
	case b.broken("deprovision.200-in-progress"):
		a.status = http.StatusOK
	case b.broken("deprovision.202-body-empty"):
		a.body = text("")
	}
	return a
}

func (b *Broker) deprovisionNow(i *instance) *answer {
	if creation := i.active; creation != nil && creation.endpoint == provision {
		creation.end(failed)
	}
	i.references--
	i.gone = i.references <= 0 && !b.broken("deprovision.not-deleted")
	a := reply(http.StatusOK, object{})
	switch {
	case b.broken("deprovision.204"):
		a.status = http.StatusNoContent
	case b.broken("deprovision.202-for-sync"):
		a.status = http.StatusAccepted
	case b.broken("deprovision.body-empty"):
		a.body = text("")
	case b.broken("deprovision.body-null"):
		a.body = nil
	case b.broken("deprovision.410-deleted"):
		a.status = http.StatusGone
	}
	return a
}

func (b *Broker) deprovisionMissing(i *instance) (*answer, *refusal) {
	switch {
	case b.broken("deprovision.unknown-200"),
		b.broken("deprovision.repeat-200") && i != nil:
		return reply(http.StatusOK, object{}), nil
	case b.broken("deprovision.unknown-404"):
		return nil, refuse(http.StatusNotFound, "", "The instance does not exist.")
	case b.broken("deprovision.unknown-500"):
		return nil, refuse(http.StatusInternalServerError, "", "Something went wrong.")
	}
	return b.gone(), nil
}

// deprovisionAgain answers a repeated request during the deletion.
func (b *Broker) deprovisionAgain(q *request, i *instance) (*answer, *refusal) {
	switch {
	case b.broken("deprovision.repeat-200-in-progress"):
		return reply(http.StatusOK, object{}), nil
	case b.broken("deprovision.repeat-410-in-progress"):
		return &answer{status: http.StatusGone, body: object{}}, nil
	case b.broken("deprovision.failure-unreported") && i.active.fails && i.active.polls == b.config.Polls:
		i.active = b.start(deprovision, "", i.active.finish)
		i.active.fails = true
		i.history = append(i.history, i.active)
	case b.broken("deprovision.repeat-422-in-progress"), b.varies("repeats-422"):
		return nil, b.concurrency()
	case !b.acceptsIncomplete(q):
		return nil, b.asyncRequired()
	}
	return b.accepted(i.active, true, object{}), nil
}
