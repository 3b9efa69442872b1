package specimen

import (
	"encoding/json"
	"net/http"
)

// fetchInstance answers GET /v2/service_instances/:instance_id ("Fetching a
// Service Instance").
func (b *Broker) fetchInstance(q *request) (*answer, *refusal) {
	if refusal := b.checkHints(q); refusal != nil {
		return nil, refusal
	}
	i := b.instances[q.instanceID]
	switch {
	case b.broken("fetch-instance.unsupported"):
		return nil, refuse(http.StatusNotImplemented, "", "Instances cannot be fetched.")
	case b.broken("fetch-instance.needs-service-id") && q.query.Get("service_id") == "",
		b.broken("fetch-instance.needs-plan-id") && q.query.Get("plan_id") == "":
		return nil, refuse(http.StatusBadRequest, "", "A query parameter is missing.")
	case !i.lives():
		return b.fetchMissing(i)
	case !i.service.retrievable:
		return nil, refuse(http.StatusNotFound, "", "Instances of this service cannot be fetched.")
	case i.active != nil:
		return b.fetchBusy(i)
	case !i.ready:
		return nil, refuse(http.StatusNotFound, "", "The instance is being created.")
	}
	return reply(http.StatusOK, i.fetched(b)), nil
}

func (b *Broker) fetchMissing(i *instance) (*answer, *refusal) {
	switch {
	case i != nil && b.broken("fetch-instance.halted-200") && i.halted:
		return reply(http.StatusOK, i.fetched(b)), nil
	case b.broken("fetch-instance.unknown-200"):
		return reply(http.StatusOK, object{}), nil
	case b.broken("fetch-instance.unknown-410"):
		return nil, refuse(http.StatusGone, "", "The instance does not exist.")
	case b.broken("fetch-instance.unknown-400"):
		return nil, refuse(http.StatusBadRequest, "", "The instance does not exist.")
	case b.broken("fetch-instance.unknown-500"):
		return nil, refuse(http.StatusInternalServerError, "", "Something went wrong.")
	case i != nil && b.broken("fetch-instance.deleted-200"):
		return reply(http.StatusOK, i.fetched(b)), nil
	}
	return nil, refuse(http.StatusNotFound, "", "The instance does not exist.")
}

// fetchBusy answers a fetch during an operation.
func (b *Broker) fetchBusy(i *instance) (*answer, *refusal) {
	switch i.active.endpoint {
	case provision:
		switch {
		case b.broken("fetch-instance.creating-200"):
			return reply(http.StatusOK, i.fetched(b)), nil
		case b.broken("fetch-instance.creating-422"):
			return nil, b.concurrency()
		}
		return nil, refuse(http.StatusNotFound, "", "The instance is being created.")
	case update:
		switch {
		case b.broken("fetch-instance.updating-404"),
			b.broken("fetch-instance.updating-plan-404") && i.plan.updateable:
			return nil, refuse(http.StatusNotFound, "", "The instance is being updated.")
		case b.varies("fetch-while-updating"):
			return reply(http.StatusOK, i.fetched(b)), nil
		case b.broken("fetch-instance.updating-422-without-code"):
			return nil, refuse(http.StatusUnprocessableEntity, "", "The instance is being updated.")
		}
		return nil, b.concurrency()
	default:
		// The instance exists until the deletion ends.
		return reply(http.StatusOK, i.fetched(b)), nil
	}
}

// fetched returns the body of a fetch.
func (i *instance) fetched(b *Broker) object {
	body := i.document(b)
	if b.varies("dashboard-null") {
		delete(body, "dashboard_url")
	}
	body["service_id"], body["plan_id"] = i.service.id, i.plan.id
	if i.parameters != nil && !b.varies("parameters-not-fetched") {
		body["parameters"] = i.parameters
	}
	if i.maintenance != "" {
		body["maintenance_info"] = object{"version": i.maintenance}
	}
	switch {
	case i.moved:
		body["dashboard_url"] = i.dashboard() + "/moved"
	case b.broken("fetch-instance.plan-name"):
		body["plan_id"] = i.plan.name
	case b.broken("fetch-instance.service-id-wrong"):
		body["service_id"] = i.plan.id
	case b.broken("fetch-instance.parameters-null"):
		body["parameters"] = nil
	case b.broken("fetch-instance.parameters-text"):
		body["parameters"] = canonical(i.parameters)
	case b.broken("fetch-instance.numbers-rounded"):
		body["parameters"] = rounded(i.parameters)
	case b.broken("fetch-instance.parameters-wrong"):
		body["parameters"] = altered(i.parameters)
	case b.broken("fetch-instance.maintenance-text"):
		body["maintenance_info"] = "1.2.0"
	case b.broken("fetch-instance.maintenance-without-version"):
		body["maintenance_info"] = object{"description": "As good as new."}
	case b.broken("fetch-instance.maintenance-null"):
		body["maintenance_info"] = nil
	case b.broken("fetch-instance.other-dashboard"):
		body["dashboard_url"] = "https://dashboard.example.com/fetched"
	case b.broken("fetch-instance.dashboard-null"):
		body["dashboard_url"] = nil
	}
	return body
}

// rounded returns the object with numbers rounded to doubles, as in most
// languages.
func rounded(parameters object) object {
	other := object{}
	for name, value := range parameters {
		if number, ok := value.(json.Number); ok {
			value, _ = number.Float64()
		}
		other[name] = value
	}
	return other
}

// altered returns the object with other values.
func altered(parameters object) object {
	other := object{}
	for name := range parameters {
		other[name] = "something else"
	}
	return other
}
