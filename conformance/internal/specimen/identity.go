package specimen

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

const requestIdentity = "X-Broker-API-Request-Identity"

// checkIdentity implements "Originating Identity".
func (b *Broker) checkIdentity(q *request) *refusal {
	value := q.Header.Get("X-Broker-API-Originating-Identity")
	if id := q.Header.Get(requestIdentity); b.broken("request-identity.only-guids") && strings.ContainsAny(id, ":/~") {
		return refuse(http.StatusBadRequest, "", "The request identity must be a GUID.")
	}
	if value == "" {
		switch {
		case b.broken("identity.required-on-update") && q.endpoint == update,
			b.broken("identity.required-on-bind") && q.endpoint == bind,
			b.broken("identity.required-on-unbind") && q.endpoint == unbind:
			return refuse(http.StatusBadRequest, "", "The header X-Broker-API-Originating-Identity is required.")
		}
		if b.broken("identity.required") && q.mutates() {
			return refuse(http.StatusBadRequest, "", "The header X-Broker-API-Originating-Identity is required.")
		}
		return nil
	}
	platform, encoded, _ := strings.Cut(value, " ")
	if b.broken("identity.not-on-catalog") && q.endpoint == catalog {
		return refuse(http.StatusBadRequest, "", "A request for the catalog has no user.")
	}
	if b.broken("identity.only-cloudfoundry") && platform != "cloudfoundry" {
		return refuse(http.StatusBadRequest, "", "This broker supports only Cloud Foundry.")
	}
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	var identity map[string]any
	if err == nil {
		err = json.Unmarshal(decoded, &identity)
	}
	if _, needed := identity["user_id"]; b.broken("identity.needs-user-id") && err == nil && !needed {
		return refuse(http.StatusBadRequest, "", "The originating identity has no user_id.")
	}
	if platform != "" && err == nil && identity != nil {
		return nil
	}
	switch {
	case b.varies("identity-unchecked"), b.broken("identity.malformed-accepted"):
		return nil
	case b.broken("identity.malformed-500"):
		return refuse(http.StatusInternalServerError, "", "Something went wrong.")
	case b.broken("identity.not-an-object-500") && err != nil && json.Valid(decoded):
		return refuse(http.StatusInternalServerError, "", "Something went wrong.")
	}
	return refuse(http.StatusBadRequest, "", "The header X-Broker-API-Originating-Identity must be a platform and a Base64-encoded JSON object.")
}

// echoRequestIdentity implements "Request Identity".
func (b *Broker) echoRequestIdentity(w http.ResponseWriter, q *request, a *answer) {
	value := q.Header.Get(requestIdentity)
	switch {
	case b.broken("request-identity.never"),
		b.broken("request-identity.not-on-errors") && a.status >= 400,
		b.broken("request-identity.not-on-401") && a.status == http.StatusUnauthorized,
		b.broken("request-identity.not-on-404") && a.status == http.StatusNotFound,
		b.broken("request-identity.not-on-202") && a.status == http.StatusAccepted,
		b.broken("request-identity.not-on-catalog") && q.endpoint == catalog && a.status < 400:
		return
	case b.broken("request-identity.lower-cased"):
		value = strings.ToLower(value)
	case b.broken("request-identity.new"):
		value = "the-broker-knows-better"
	}
	if value != "" {
		w.Header().Set(requestIdentity, value)
	}
}
