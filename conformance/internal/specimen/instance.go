package specimen

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// An instance is a service instance that exists or has existed.
type instance struct {
	id          string
	service     *service
	plan        *plan
	place       string // the organization and space, or the namespace
	parameters  object
	maintenance string
	bindings    map[string]*binding

	ready      bool // the provision has succeeded
	gone       bool // the deprovision has succeeded
	references int  // the number of its provisions; only a fault counts them
	stubborn   bool // its next deprovision fails
	halted     bool // it was deleted during its creation
	moved      bool // its dashboard has moved without a report; only a fault sets it
	active     *operation
	history    []*operation
}

// lives reports whether the instance exists or is being created.
func (i *instance) lives() bool { return i != nil && !i.gone }

// deleting reports whether a deprovision is in progress.
func (i *instance) deleting() bool {
	return i.lives() && i.active != nil && i.active.endpoint == deprovision
}

// failing is the parameter that names the operation that fails, for tests of
// the report of a failure.
const failing = "specimen.fail"

// canonical encodes a value so that equal values have equal texts.
func canonical(value any) string {
	encoded, _ := json.Marshal(value)
	return string(encoded)
}

// placeOf returns the organization and space, or the namespace, of a request.
func placeOf(q *request) string {
	context := q.body.object("context")
	guid := func(name string) string {
		if given := q.body.text(name); given != "" {
			return given
		}
		return context.text(name)
	}
	return canonical([]string{guid("organization_guid"), guid("space_guid"), context.text("namespace")})
}

// matches reports whether a provision request has the attributes of the
// instance. Names and annotations in the context are not attributes because
// they may change.
func (i *instance) matches(q *request, p *plan) bool {
	return p == i.plan && placeOf(q) == i.place && canonical(parameters(q)) == canonical(i.parameters)
}

// parameters returns the parameters of the request. An empty object counts as none.
func parameters(q *request) object {
	given := q.body.object("parameters")
	if len(given) == 0 {
		return nil
	}
	return given
}

func (i *instance) dashboard() string {
	return "https://dashboard.example.com/" + url.PathEscape(i.id)
}

// document returns the body of successful provision and update requests.
func (i *instance) document(b *Broker) object {
	body := object{
		"dashboard_url": i.dashboard(),
		"metadata":      object{"labels": object{"kind": i.plan.name}, "attributes": object{"specimen.attribute": "1"}},
	}
	switch {
	case b.varies("no-optional-fields"):
		return object{}
	case b.varies("extension-fields"):
		body["specimen.extension"] = object{"anything": []any{1, nil}}
	case b.varies("dashboard-null"):
		body["dashboard_url"] = nil
	}
	switch {
	case b.broken("instance.dashboard-of-all"):
		body["dashboard_url"] = "https://dashboard.example.com/"
	case b.broken("instance.dashboard-number"):
		body["dashboard_url"] = 1
	case b.broken("instance.dashboard-object"):
		body["dashboard_url"] = object{"url": i.dashboard()}
	case b.broken("instance.dashboard-16001"):
		body["dashboard_url"] = "https://dashboard.example.com/" + strings.Repeat("d", 16_001)
	case b.broken("instance.metadata-array"):
		body["metadata"] = []any{}
	case b.broken("instance.metadata-text"):
		body["metadata"] = "{}"
	case b.broken("instance.labels-array"):
		body["metadata"] = object{"labels": []any{"a"}}
	case b.broken("instance.attributes-text"):
		body["metadata"] = object{"attributes": "a=1"}
	}
	return body
}

// checkMaintenance checks the field maintenance_info of provisions and updates.
func (b *Broker) checkMaintenance(q *request, p *plan) *refusal {
	info := q.body.object("maintenance_info")
	if d := info.text("description"); d != "" && d != downtime && b.broken("provision.maintenance-description-compared") {
		return b.maintenanceConflict()
	}
	if info == nil || info.text("version") == p.maintenance {
		return nil
	}
	switch {
	case b.broken("provision.maintenance-ignored") && q.endpoint == provision,
		b.broken("update.maintenance-ignored") && q.endpoint == update:
		return nil
	}
	return b.maintenanceConflict()
}

// checkParameters implements "Service Brokers SHOULD ensure that the client has
// provided valid configuration parameters".
func (b *Broker) checkParameters(q *request, p *plan, parameters object) *refusal {
	if p.schema == nil || q.unchecked || satisfies(parameters, p.schema) {
		return nil
	}
	switch {
	case b.broken("provision.parameters-unchecked") && q.endpoint == provision,
		b.broken("update.parameters-unchecked") && q.endpoint == update,
		b.broken("bind.parameters-unchecked") && q.endpoint == bind:
		return nil
	case b.broken("provision.invalid-but-reserved") && q.endpoint == provision:
		b.reserved[q.instanceID] = true
	}
	return refuse(http.StatusBadRequest, "", "The parameters violate the schema of the plan.")
}

// missing refuses a request without a REQUIRED field.
func missing(name string) *refusal {
	return refuse(http.StatusBadRequest, "", "The field "+name+" is missing or empty.")
}
