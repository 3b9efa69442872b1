package specimen

import "net/http"

// update answers PATCH /v2/service_instances/:instance_id ("Updating a Service
// Instance").
func (b *Broker) update(q *request) (*answer, *refusal) {
	i := b.instances[q.instanceID]
	b.overrule(q, i)
	target, refusal := b.checkUpdate(q, i)
	if refusal != nil {
		if b.broken("update.refused-but-applied") && i.lives() && target != nil {
			b.apply(q, i, target)
		}
		return nil, refusal
	}
	key := canonical([]any{target.id, q.body.object("parameters"), q.body.object("maintenance_info")})
	if i.active != nil {
		return b.updateBusy(q, i, target, key)
	}
	if !i.plan.asyncInstances {
		if !b.broken("update.not-applied") {
			b.apply(q, i, target)
		}
		return b.updated(i), nil
	}
	if !b.acceptsIncomplete(q) {
		switch {
		case b.broken("update.202-unasked"),
			b.broken("update.plan-202-unasked") && target != i.plan:
		case b.broken("update.async-required-400"):
			return nil, refuse(http.StatusBadRequest, "AsyncRequired", "This plan is asynchronous.")
		case b.broken("update.async-required-code"):
			return nil, refuse(http.StatusUnprocessableEntity, "ASYNC_REQUIRED", "This plan is asynchronous.")
		case b.broken("update.async-required-but-applied"):
			b.apply(q, i, target)
			return nil, b.asyncRequired()
		default:
			return nil, b.asyncRequired()
		}
	}
	i.active = b.start(update, key, func() {
		if !b.broken("update.async-not-applied") {
			b.apply(q, i, target)
		}
		i.active = nil
	})
	i.active.target = target
	i.history = append(i.history, i.active)
	return b.accepted(i.active, false, i.document(b)), nil
}

// updated returns the answer to a synchronous update.
func (b *Broker) updated(i *instance) *answer {
	a := reply(http.StatusOK, i.document(b))
	switch {
	case b.broken("update.metadata-array"):
		a.body = object{"metadata": []any{}}
	case b.broken("update.201"):
		a.status = http.StatusCreated
	case b.broken("update.204"):
		a.status, a.body = http.StatusNoContent, nil
	case b.broken("update.202-for-sync"):
		a.status = http.StatusAccepted
	case b.broken("update.body-empty"):
		a.body = text("")
	case b.broken("update.body-null"):
		a.body = nil
	}
	return a
}

// checkUpdate checks the request against the instance. It returns the plan
// after the update.
func (b *Broker) checkUpdate(q *request, i *instance) (*plan, *refusal) {
	serviceID := q.body.text("service_id")
	if serviceID == "" {
		switch {
		case i.lives() && b.broken("update.service-id-missing-accepted"):
			serviceID = i.service.id
		case b.broken("update.service-id-missing-500"):
			return nil, refuse(http.StatusInternalServerError, "", "Something went wrong.")
		default:
			return nil, missing("service_id")
		}
	}
	if !i.lives() {
		switch {
		case i == nil && b.broken("update.unknown-200"),
			i != nil && b.broken("update.deleted-200"):
			return nil, &refusal{status: http.StatusOK}
		case b.broken("update.unknown-500"):
			return nil, refuse(http.StatusInternalServerError, "", "Something went wrong.")
		}
		return nil, refuse(http.StatusNotFound, "", "The instance does not exist.")
	}
	if serviceID != i.service.id && !b.broken("update.other-service-accepted") {
		return i.plan, refuse(http.StatusBadRequest, "", "The instance has another service.")
	}
	target, refusal := b.targetPlan(q, i)
	if refusal != nil {
		return target, refusal
	}
	if refusal := b.checkMaintenance(q, target); refusal != nil {
		return target, refusal
	}
	if info := q.body.object("maintenance_info"); info != nil && b.broken("update.maintenance-422") {
		return target, refuse(http.StatusUnprocessableEntity, "", "The version is already installed.")
	}
	if b.broken("update.previous-values-needed") && q.body.object("previous_values") == nil {
		return target, refuse(http.StatusBadRequest, "", "The field previous_values is missing.")
	}
	if b.broken("update.context-only-refused") && q.body.object("context") != nil && q.body.text("plan_id") == "" &&
		q.body.object("parameters") == nil {
		return target, refuse(http.StatusUnprocessableEntity, "", "The request changes nothing.")
	}
	if given := parameters(q); given != nil {
		if b.broken("update.schema-refused") && target.schema != nil {
			return target, refuse(http.StatusUnprocessableEntity, "", "The parameters cannot change.")
		}
		return target, b.checkParameters(q, target, given)
	}
	return target, nil
}

// targetPlan returns the plan of the request. Without plan_id it is the current
// plan.
func (b *Broker) targetPlan(q *request, i *instance) (*plan, *refusal) {
	planID := q.body.text("plan_id")
	if planID == "" {
		if b.broken("update.plan-id-missing-changes-plan") {
			return i.service.plans[len(i.service.plans)-1], nil
		}
		return i.plan, nil
	}
	_, target := b.find(i.service.id, planID)
	switch {
	case target == nil && b.broken("update.unknown-plan-accepted"):
		return i.plan, nil
	case target == nil && b.offers(planID) && b.broken("update.plan-of-other-service-accepted"):
		return i.plan, nil
	case target == nil && b.broken("update.unknown-plan-refused-but-changed"):
		i.plan = i.service.plans[len(i.service.plans)-1]
		return nil, refuse(http.StatusBadRequest, "", "The service has no such plan.")
	case target == nil:
		return nil, refuse(http.StatusBadRequest, "", "The service has no such plan.")
	case target == i.plan || i.plan.updateable && !i.plan.pinned:
		return target, nil
	case i.plan.pinned && b.broken("update.plan-409"):
		return target, refuse(http.StatusConflict, "", "Instances of this plan cannot change to that plan.")
	case i.plan.pinned && b.broken("update.refused-plan-change-without-message"):
		return target, refuse(http.StatusUnprocessableEntity, "", "")
	case b.broken("update.unsupported-plan-change-accepted"):
		return target, nil
	case b.broken("update.unsupported-plan-change-ignored"):
		return i.plan, nil
	case b.broken("update.unsupported-plan-change-400"):
		return target, refuse(http.StatusBadRequest, "", "Instances of this plan cannot change to another plan.")
	case b.broken("update.unsupported-plan-change-500"):
		return target, refuse(http.StatusInternalServerError, "", "Something went wrong.")
	}
	unsupported := refuse(http.StatusUnprocessableEntity, "", "Instances of this plan cannot change to another plan.")
	unsupported.extra = object{"instance_usable": true, "update_repeatable": false}
	return target, unsupported
}

// updateBusy answers an update during another operation on the instance.
func (b *Broker) updateBusy(q *request, i *instance, target *plan, key string) (*answer, *refusal) {
	same := i.active.endpoint == update && i.active.key == key
	creating, deleting := i.active.endpoint == provision, i.active.endpoint == deprovision
	switch {
	case (creating || deleting) && b.varies("updates-while-busy"):
		b.apply(q, i, target)
		return reply(http.StatusOK, i.document(b)), nil
	case creating && b.broken("update.creating-409"), deleting && b.broken("update.deleting-409"):
		return nil, refuse(http.StatusConflict, "", "The instance is not ready.")
	case creating && b.broken("update.creating-200"), deleting && b.broken("update.deleting-200"):
		return reply(http.StatusOK, i.document(b)), nil
	case !same:
		return nil, b.concurrency()
	case target != i.plan && b.broken("update.repeat-other-operation-for-plan"):
		return b.accepted(b.start(update, key, func() {}), false, i.document(b)), nil
	case b.broken("update.repeat-200-in-progress"):
		return reply(http.StatusOK, i.document(b)), nil
	case b.varies("repeats-422"):
		return nil, b.concurrency()
	case b.broken("update.repeat-409-in-progress"):
		return nil, refuse(http.StatusConflict, "", "The instance is being updated.")
	case !b.acceptsIncomplete(q):
		return nil, b.asyncRequired()
	}
	return b.accepted(i.active, true, i.document(b)), nil
}

// apply changes the instance. It keeps what the request omits.
func (b *Broker) apply(q *request, i *instance, target *plan) {
	before := i.plan
	if !b.broken("update.plan-not-applied") {
		i.plan = target
	}
	i.moved = i.moved || b.broken("update.dashboard-unreported")
	given := parameters(q)
	switch {
	case given == nil && target != before && b.broken("update.plan-drops-parameters"):
		i.parameters = object{}
	case given == nil && b.broken("update.parameters-missing-drops-them"):
		i.parameters = nil
	case given != nil && !b.broken("update.parameters-not-applied"):
		i.parameters = given
	}
	i.maintenance = i.plan.maintenance
}
