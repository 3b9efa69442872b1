package specimen

import "net/http"

// provision answers PUT /v2/service_instances/:instance_id ("Provisioning").
func (b *Broker) provision(q *request) (*answer, *refusal) {
	p, refusal := b.checkProvision(q)
	if refusal != nil {
		return nil, refusal
	}
	if b.reserved[q.instanceID] {
		return nil, refuse(http.StatusConflict, "", "The id is in use.")
	}
	if i := b.instances[q.instanceID]; i != nil && i.gone && b.broken("provision.id-reuse-409") {
		return nil, refuse(http.StatusConflict, "", "An instance with this id has existed.")
	}
	before := b.instances[q.instanceID]
	recreates := b.varies("recreates-while-deleting") && before.deleting()
	if before.lives() && !b.met(q) && !recreates {
		return b.provisionExisting(q, p, before)
	}
	if p.asyncInstances && !b.acceptsIncomplete(q) {
		switch {
		case b.broken("provision.202-unasked"):
		case b.broken("provision.async-required-but-created"):
			b.create(q, p).ready = true
			return nil, b.asyncRequired()
		case b.broken("provision.async-required-but-reserved") && q.query.Has("accepts_incomplete"):
			reserved := b.create(q, p)
			reserved.ready, reserved.place = true, "reserved"
			return nil, b.asyncRequired()
		case b.broken("provision.async-required-400"):
			return nil, refuse(http.StatusBadRequest, "AsyncRequired", "This plan is asynchronous.")
		case b.broken("provision.async-required-code"):
			return nil, refuse(http.StatusUnprocessableEntity, "AsyncOperationRequired", "This plan is asynchronous.")
		case b.broken("provision.async-required-no-code"):
			return nil, refuse(http.StatusUnprocessableEntity, "", "This plan is asynchronous.")
		default:
			return nil, b.asyncRequired()
		}
	}
	i := b.create(q, p)
	if recreates {
		i.history = before.history
	}
	if b.broken("provision.counts-references") {
		i.references = 1
	}
	if p.asyncInstances {
		i.active = b.start(provision, "", func() { i.ready, i.active = !b.broken("provision.succeeds-too-early"), nil })
		i.history = append(i.history, i.active)
		i.active.fails = i.parameters.text(failing) == "provision"
		i.active.undo = func() { i.gone, i.active = i.parameters.text(failing) == "provision", nil }
		body := i.document(b)
		if b.broken("provision.dashboard-late") {
			delete(body, "dashboard_url")
		}
		a := b.accepted(i.active, false, body)
		switch {
		case b.broken("provision.201-in-progress"):
			a.status = http.StatusCreated
		case b.broken("provision.200-in-progress"):
			a.status = http.StatusOK
		}
		return a, nil
	}
	i.ready = true
	if b.varies("always-async") && b.acceptsIncomplete(q) {
		i.active = b.start(provision, "", func() { i.ready, i.active = true, nil })
		i.ready = false
		i.history = append(i.history, i.active)
		return b.accepted(i.active, false, i.document(b)), nil
	}
	a := reply(http.StatusCreated, i.document(b))
	switch {
	case b.broken("provision.200-created"):
		a.status = http.StatusOK
	case b.broken("provision.204-created"):
		a.status, a.body = http.StatusNoContent, nil
	case b.broken("provision.202-for-sync") && !b.acceptsIncomplete(q):
		a.status = http.StatusAccepted
	case b.broken("provision.body-empty"):
		a.body = text("")
	case b.broken("provision.body-null"):
		a.body = nil
	case b.broken("provision.body-array"):
		a.body = []any{}
	case b.broken("provision.not-created"):
		delete(b.instances, i.id)
	}
	return a, nil
}

// checkProvision checks the request, regardless of the instance.
func (b *Broker) checkProvision(q *request) (*plan, *refusal) {
	serviceID, planID := q.body.text("service_id"), q.body.text("plan_id")
	switch {
	case serviceID == "" && b.broken("provision.service-id-missing-accepted"):
		serviceID = b.offer[0].id
	case planID == "" && b.broken("provision.plan-id-missing-accepted"):
		planID = b.offer[0].plans[0].id
	case serviceID == "" && b.broken("provision.service-id-missing-500"):
		return nil, refuse(http.StatusInternalServerError, "", "Something went wrong.")
	case serviceID == "" && b.broken("provision.service-id-missing-422"):
		return nil, refuse(http.StatusUnprocessableEntity, "", "service_id is missing.")
	case serviceID == "":
		return nil, missing("service_id")
	case planID == "":
		return nil, missing("plan_id")
	}
	s, p := b.find(serviceID, planID)
	switch {
	case s == nil && b.broken("provision.unknown-service-accepted"):
		s, p = b.offer[0], b.offer[0].plans[0]
	case s == nil && b.broken("provision.unknown-service-500"):
		return nil, refuse(http.StatusInternalServerError, "", "Something went wrong.")
	case p == nil && s != nil && b.broken("provision.unknown-plan-accepted"):
		p = s.plans[0]
	case p == nil && s != nil && b.broken("provision.unknown-plan-refused-but-created"):
		b.create(q, s.plans[0]).ready = true
	case p == nil && s != nil && b.broken("provision.unknown-plan-500"):
		return nil, refuse(http.StatusInternalServerError, "", "Something went wrong.")
	}
	if s == nil || p == nil {
		return nil, refuse(http.StatusBadRequest, "", "The catalog has no such service or plan.")
	}
	if refusal := b.checkPlace(q); refusal != nil {
		return p, refusal
	}
	if refusal := b.checkMaintenance(q, p); refusal != nil {
		return p, refusal
	}
	return p, b.checkParameters(q, p, parameters(q))
}

// checkPlace requires organization_guid and space_guid. Platforms other than
// Cloud Foundry do not have them; the context names the platform.
func (b *Broker) checkPlace(q *request) *refusal {
	context := q.body.object("context")
	if platform := context.text("platform"); platform != "" && platform != "cloudfoundry" {
		if b.broken("provision.place-must-be-a-guid") && q.body.text("space_guid") == "-" {
			return refuse(http.StatusBadRequest, "", "The field space_guid is not a GUID.")
		}
		return nil
	}
	for _, name := range []string{"organization_guid", "space_guid"} {
		if q.body.text(name) == "" && context.text(name) == "" {
			switch {
			case b.varies("place-unchecked"),
				b.broken("provision.place-missing-accepted"):
				continue
			}
			return missing(name)
		}
	}
	return nil
}

// create records a new instance.
func (b *Broker) create(q *request, p *plan) *instance {
	i := &instance{
		id: q.instanceID, service: p.service, plan: p, parameters: parameters(q), maintenance: p.maintenance,
		place: placeOf(q), bindings: map[string]*binding{}, stubborn: parameters(q).text(failing) == "deprovision",
	}
	b.instances[i.id] = i
	return i
}

// provisionExisting answers a provision whose id is in use.
func (b *Broker) provisionExisting(q *request, p *plan, i *instance) (*answer, *refusal) {
	if !i.matches(q, p) && !b.conflictMissed(q, p, i) {
		switch {
		case b.broken("provision.conflict-422"):
			return nil, refuse(http.StatusUnprocessableEntity, "", "The instance already exists.")
		case b.broken("provision.conflict-400"):
			return nil, refuse(http.StatusBadRequest, "", "The instance already exists.")
		case b.broken("provision.conflict-drops-parameters"):
			i.parameters = nil
		case b.broken("provision.conflict-but-moved"):
			i.place = placeOf(q)
		}
		return nil, refuse(http.StatusConflict, "", "An instance with this id and other attributes exists.")
	}
	if i.references > 0 {
		i.references++
	}
	switch {
	case i.active == nil && b.broken("provision.repeat-201"):
		return reply(http.StatusCreated, i.document(b)), nil
	case i.active == nil && b.broken("provision.repeat-409"):
		return nil, refuse(http.StatusConflict, "", "The instance exists.")
	case i.active == nil && b.broken("provision.repeat-202"):
		return reply(http.StatusAccepted, i.document(b)), nil
	case i.active == nil && b.broken("provision.repeat-other-dashboard"):
		return reply(http.StatusOK, object{"dashboard_url": "https://dashboard.example.com/repeated"}), nil
	case i.active == nil:
		return reply(http.StatusOK, i.document(b)), nil
	case i.active.endpoint != provision && b.broken("provision.deleting-202"):
		return b.accepted(i.active, false, i.document(b)), nil
	case i.active.endpoint != provision && b.broken("provision.deleting-200"):
		return reply(http.StatusOK, i.document(b)), nil
	case i.active.endpoint != provision:
		return nil, b.concurrency()
	case b.broken("provision.repeat-200-in-progress"):
		return reply(http.StatusOK, i.document(b)), nil
	case b.broken("provision.repeat-409-in-progress"):
		return nil, refuse(http.StatusConflict, "", "The instance is being created.")
	case b.broken("provision.failure-unreported") && i.active.fails && i.active.polls == b.config.Polls:
		i.active = b.start(provision, "", i.active.finish)
		i.active.fails = true
		i.history = append(i.history, i.active)
	case b.broken("provision.repeat-422-in-progress"):
		return nil, b.concurrency()
	case !b.acceptsIncomplete(q):
		return nil, b.asyncRequired()
	}
	return b.accepted(i.active, true, i.document(b)), nil
}

// conflictMissed breaks "409 Conflict MUST be returned".
func (b *Broker) conflictMissed(q *request, p *plan, i *instance) bool {
	switch {
	case i.active != nil:
		return b.broken("provision.conflict-missed-in-progress") ||
			b.broken("provision.conflict-missed-for-parameters-in-progress") && p == i.plan
	case b.broken("provision.conflict-missed"),
		b.broken("provision.conflict-missed-for-parameters") && p == i.plan,
		b.broken("provision.conflict-missed-for-plan") && p != i.plan:
		return true
	case b.broken("provision.conflict-missed-for-space"):
		return p == i.plan && canonical(parameters(q)) == canonical(i.parameters)
	default:
		return false
	}
}
