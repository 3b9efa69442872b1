package specimen

import (
	"net/http"
)

// authenticate implements "Platform to Service Broker Authentication": it
// answers every request without valid credentials with 401.
func (b *Broker) authenticate(q *request) *refusal {
	username, password, given := q.BasicAuth()
	switch {
	case username == Username && password == Password:
		return nil
	case b.broken("auth.none"),
		b.broken("auth.only-if-given") && !given,
		b.broken("auth.any-password") && username == Username,
		b.broken("auth.any-username") && password == Password,
		b.broken("auth.empty-credentials") && given && username == "" && password == "",
		b.broken("auth.not-on-catalog") && q.endpoint == catalog,
		b.broken("auth.not-on-poll-instance") && q.endpoint == pollInstance,
		b.broken("auth.not-on-poll-binding") && q.endpoint == pollBinding,
		b.broken("auth.not-on-fetch-instance") && q.endpoint == fetchInstance,
		b.broken("auth.not-on-fetch-binding") && q.endpoint == fetchBinding,
		b.broken("auth.not-on-provision") && q.endpoint == provision,
		b.broken("auth.not-on-update") && q.endpoint == update,
		b.broken("auth.not-on-deprovision") && q.endpoint == deprovision,
		b.broken("auth.not-on-bind") && q.endpoint == bind,
		b.broken("auth.not-on-unbind") && q.endpoint == unbind:
		return nil
	}
	if b.broken("auth.malformed-400") && !given && q.Header.Get("Authorization") != "" {
		return refuse(http.StatusBadRequest, "", "The Authorization header is malformed.")
	}
	unauthorized := refuse(http.StatusUnauthorized, "", "The credentials are missing or wrong.")
	switch {
	case b.broken("auth.403"):
		unauthorized.status = http.StatusForbidden
	case b.broken("auth.404"):
		unauthorized.status = http.StatusNotFound
	case b.broken("auth.no-challenge"):
		return unauthorized
	case b.broken("auth.validates-before"):
		if refusal := b.readBody(q); refusal != nil {
			return refusal
		}
	case b.broken("auth.reveals-catalog"):
		unauthorized.extra = object{"services": b.document()["services"]}
	case b.broken("auth.acts-before"):
		b.actUnauthorized(q)
	}
	unauthorized.header = http.Header{"WWW-Authenticate": {`Basic realm="specimen"`}}
	return unauthorized
}

// actUnauthorized processes a request before its authentication, which is a
// fault.
func (b *Broker) actUnauthorized(q *request) {
	if b.readQuery(q) != nil || b.readBody(q) != nil || !q.mutates() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch q.endpoint { //nolint:exhaustive // Two endpoints are enough for the fault.
	case provision:
		_, _ = b.provision(q)
	case deprovision:
		_, _ = b.deprovision(q)
	}
}
