package specimen

import "net/http"

// fetchBinding answers GET
// /v2/service_instances/:instance_id/service_bindings/:binding_id ("Fetching a
// Service Binding").
func (b *Broker) fetchBinding(q *request) (*answer, *refusal) {
	if refusal := b.checkHints(q); refusal != nil {
		return nil, refusal
	}
	s := b.findBinding(q.instanceID, q.bindingID)
	switch {
	case b.broken("fetch-binding.unsupported"):
		return nil, refuse(http.StatusNotImplemented, "", "Bindings cannot be fetched.")
	case b.broken("fetch-binding.needs-service-id") && q.query.Get("service_id") == "",
		b.broken("fetch-binding.needs-plan-id") && q.query.Get("plan_id") == "":
		return nil, refuse(http.StatusBadRequest, "", "A query parameter is missing.")
	case !s.lives() && b.broken("fetch-binding.of-any-instance") && b.anyBinding(q.bindingID) != nil:
		return reply(http.StatusOK, b.anyBinding(q.bindingID).fetched(b)), nil
	case !s.lives():
		return b.fetchMissingBinding(s)
	case !s.instance.service.retrievable:
		return nil, refuse(http.StatusNotFound, "", "Bindings of this service cannot be fetched.")
	case s.hasSuccessor() && b.broken("rotation.hides-predecessor"):
		return b.fetchMissingBinding(s)
	case s.active != nil && b.broken("fetch-binding.creating-200"):
		return reply(http.StatusOK, s.fetched(b)), nil
	case s.active != nil && b.broken("fetch-binding.creating-422"):
		return nil, b.concurrency()
	case s.active != nil:
		return nil, refuse(http.StatusNotFound, "", "An operation on the binding is in progress.")
	}
	return reply(http.StatusOK, s.fetched(b)), nil
}

func (b *Broker) fetchMissingBinding(s *binding) (*answer, *refusal) {
	switch {
	case s != nil && s.halted && b.broken("fetch-binding.halted-200"):
		return reply(http.StatusOK, s.fetched(b)), nil
	case b.broken("fetch-binding.unknown-200"):
		return reply(http.StatusOK, object{}), nil
	case b.broken("fetch-binding.unknown-410"):
		return nil, refuse(http.StatusGone, "", "The binding does not exist.")
	case b.broken("fetch-binding.unknown-500"):
		return nil, refuse(http.StatusInternalServerError, "", "Something went wrong.")
	case s != nil && b.broken("fetch-binding.deleted-200"):
		return reply(http.StatusOK, s.fetched(b)), nil
	}
	return nil, refuse(http.StatusNotFound, "", "The binding does not exist.")
}

// fetched returns the body of a fetch.
func (s *binding) fetched(b *Broker) object {
	body := s.document(b)
	if s.parameters != nil && !b.varies("parameters-not-fetched") {
		body["parameters"] = s.parameters
	}
	async := s.instance.plan.asyncBindings
	switch {
	case b.broken("fetch-binding.no-credentials") && async:
		delete(body, "credentials")
	case b.broken("fetch-binding.credentials-null"):
		body["credentials"] = nil
	case b.broken("fetch-binding.credentials-text"):
		body["credentials"] = "user:" + s.password
	case b.broken("fetch-binding.other-credentials"):
		body["credentials"] = object{"password": s.password + "-fetched"}
	case b.broken("fetch-binding.parameters-null"):
		body["parameters"] = nil
	case b.broken("fetch-binding.parameters-wrong"):
		body["parameters"] = altered(s.parameters)
	case b.broken("fetch-binding.parameters-array"):
		body["parameters"] = []any{}
	case b.broken("fetch-binding.no-metadata"):
		delete(body, "metadata")
	case b.broken("fetch-binding.other-expiry") && !s.expires.IsZero():
		body["metadata"] = object{"expires_at": s.expires.Add(lifetime).Format(timestamp)}
	case b.broken("fetch-binding.drain-missing"):
		delete(body, "syslog_drain_url")
	case b.broken("fetch-binding.route-missing"):
		delete(body, "route_service_url")
	case b.broken("fetch-binding.volumes-missing"):
		delete(body, "volume_mounts")
	}
	return body
}
