package specimen

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// maxBody is larger than the bodies of all platforms.
const maxBody = 1 << 20

// fields are the members of a request body with their JSON types.
type fields map[string]string

var (
	maintenanceFields = fields{"version": "string", "description": "string"}
	provisionFields   = fields{
		"service_id": "string", "plan_id": "string", "context": "object", "organization_guid": "string",
		"space_guid": "string", "parameters": "object", "maintenance_info": "object",
	}
	updateFields = fields{
		"service_id": "string", "plan_id": "string", "context": "object", "parameters": "object",
		"previous_values": "object", "maintenance_info": "object",
	}
	bindFields = fields{
		"service_id": "string", "plan_id": "string", "context": "object", "app_guid": "string",
		"bind_resource": "object", "parameters": "object", "predecessor_binding_id": "string",
	}
	bindResourceFields = fields{"app_guid": "string", "route": "string"}
)

// readBody reads the JSON object of a PUT or PATCH ("Content Type").
func (b *Broker) readBody(q *request) *refusal {
	var expected fields
	switch q.endpoint {
	case provision:
		expected = provisionFields
	case update:
		expected = updateFields
	case bind:
		expected = bindFields
	default:
		if q.Header.Get("Content-Type") != "" && (b.broken("poll.content-type-refused") && q.endpoint == pollInstance ||
			b.broken("fetch-binding.content-type-refused") && q.endpoint == fetchBinding) {
			return refuse(http.StatusBadRequest, "", "A request without a body has no Content-Type.")
		}
		if q.Header.Get("Accept") == "" && (b.broken("unbind.accept-required") && q.endpoint == unbind ||
			b.broken("deprovision.accept-required") && q.endpoint == deprovision) {
			return refuse(http.StatusNotAcceptable, "", "The header Accept is missing.")
		}
		if q.Header.Get("Content-Type") != "" && (b.broken("unbind.content-type-refused") && q.endpoint == unbind ||
			b.broken("deprovision.content-type-refused") && q.endpoint == deprovision) {
			return refuse(http.StatusBadRequest, "", "A request without a body has no Content-Type.")
		}
		return nil
	}
	content, err := io.ReadAll(io.LimitReader(q.Body, maxBody+1))
	if err != nil || len(content) > maxBody {
		return refuse(http.StatusRequestEntityTooLarge, "", "The body is larger than 1 MiB.")
	}
	if refusal := b.checkContentType(q); refusal != nil {
		return refusal
	}
	if q.body, err = b.decode(content); err != nil {
		switch {
		case b.broken("body.malformed-500"),
			b.broken("body.malformed-500-on-update") && q.endpoint == update,
			b.broken("body.malformed-500-on-bind") && q.endpoint == bind,
			b.broken("body.empty-500") && len(content) == 0:
			return refuse(http.StatusInternalServerError, "", "Something went wrong.")
		case b.broken("body.malformed-422"):
			return refuse(http.StatusUnprocessableEntity, "", "The body is not a JSON object.")
		}
		return refuse(http.StatusBadRequest, "", "The body is not a JSON object.")
	}
	return b.checkFields(q, expected)
}

func (b *Broker) checkContentType(q *request) *refusal {
	value := q.Header.Get("Content-Type")
	if b.broken("content-type.required") && value == "" {
		return refuse(http.StatusBadRequest, "", "The Content-Type is missing.")
	}
	if b.broken("content-type.charset-refused") && strings.Contains(value, ";") {
		return refuse(http.StatusBadRequest, "", "The Content-Type must be application/json.")
	}
	kind, _, err := mime.ParseMediaType(value)
	if value == "" || err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json")) {
		return nil
	}
	switch {
	case b.broken("content-type.mismatch-500"):
		return refuse(http.StatusInternalServerError, "", "Something went wrong.")
	case b.broken("content-type.mismatch-415"):
		return refuse(http.StatusUnsupportedMediaType, "", "The Content-Type must be application/json.")
	case b.varies("content-type-ignored"):
		return nil
	}
	return refuse(http.StatusBadRequest, "", "The Content-Type must be application/json.")
}

var errNotAnObject = errors.New("not a JSON object")

func (b *Broker) decode(content []byte) (object, error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) && !b.broken("body.trailing-accepted") {
		return nil, errNotAnObject
	}
	body, ok := value.(map[string]any)
	if list, isList := value.([]any); isList && b.broken("body.array-accepted") && len(list) > 0 {
		body, ok = list[0].(map[string]any)
	}
	if !ok {
		return nil, errNotAnObject
	}
	return b.dropNulls(body), nil
}

// dropNulls treats a null as an absent member because several platforms send
// it.
func (b *Broker) dropNulls(body map[string]any) object {
	kept := object{}
	for name, value := range body {
		if value != nil || b.broken("body.null-refused") {
			kept[name] = value
		}
	}
	return kept
}

// checkFields checks the types of the specified members and ignores the others
// ("Vendor Extension Fields").
func (b *Broker) checkFields(q *request, expected fields) *refusal {
	body := q.body
	for _, name := range slices.Sorted(maps.Keys(body)) {
		value := body[name]
		kind, defined := expected[name]
		if !defined {
			switch {
			case b.broken("extension.refused-on-provision") && q.endpoint == provision,
				b.broken("extension.refused-on-update") && q.endpoint == update,
				b.broken("extension.refused-on-bind") && q.endpoint == bind:
				return refuse(http.StatusBadRequest, "", "The body has an unknown field "+name+".")
			case b.broken("extension.object-500") && typeOf(value) != "string":
				return refuse(http.StatusInternalServerError, "", "Something went wrong.")
			}
			continue
		}
		if typeOf(value) != kind {
			if b.broken("body.wrong-type-500") {
				return refuse(http.StatusInternalServerError, "", "Something went wrong.")
			}
			if b.wrongTypeAccepted(q, name) {
				continue
			}
			if name == "parameters" {
				b.reserve(q)
			}
			if b.varies("maintenance-type-conflict") && q.endpoint == provision && name == "maintenance_info" {
				return b.maintenanceConflict()
			}
			return refuse(http.StatusBadRequest, "", "The field "+name+" must be a JSON "+kind+".")
		}
		inner, isObject := value.(map[string]any)
		if !isObject {
			continue
		}
		if refusal := b.checkInner(q, name, inner); refusal != nil {
			return refusal
		}
	}
	return nil
}

// reserve breaks the clause that a refused request leaves no trace.
func (b *Broker) reserve(q *request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.broken("provision.refused-but-reserved") && q.endpoint == provision:
		b.reserved[q.instanceID] = true
	case b.broken("bind.refused-but-reserved") && q.endpoint == bind:
		b.reserved[q.instanceID+"/"+q.bindingID] = true
	}
}

// wrongTypeAccepted breaks the type check of one field.
func (b *Broker) wrongTypeAccepted(q *request, name string) bool {
	switch {
	case b.broken("provision.parameters-type-accepted") && q.endpoint == provision && name == "parameters",
		b.broken("provision.context-type-accepted") && q.endpoint == provision && name == "context",
		b.broken("provision.maintenance-type-accepted") && q.endpoint == provision && name == "maintenance_info",
		b.broken("update.parameters-type-accepted") && q.endpoint == update && name == "parameters",
		b.broken("bind.parameters-type-accepted") && q.endpoint == bind && name == "parameters",
		b.broken("bind.resource-type-accepted") && q.endpoint == bind && name == "bind_resource":
		delete(q.body, name)
		q.unchecked = true
		return true
	case b.broken("update.service-id-type-accepted") && q.endpoint == update && name == "service_id",
		b.broken("bind.plan-id-type-accepted") && q.endpoint == bind && name == "plan_id":
		b.mu.Lock()
		defer b.mu.Unlock()
		if i := b.instances[q.instanceID]; i != nil {
			q.body["service_id"], q.body["plan_id"] = i.service.id, i.plan.id
		}
		return true
	default:
		return false
	}
}

// checkInner checks the members of maintenance_info and bind_resource.
func (b *Broker) checkInner(q *request, name string, value object) *refusal {
	expected := maintenanceFields
	switch name {
	case "maintenance_info":
	case "previous_values":
		if null, given := value["maintenance_info"]; given && null == nil && b.broken("update.previous-null-refused") {
			return refuse(http.StatusBadRequest, "", "The field previous_values.maintenance_info must be a JSON object.")
		}
		return nil
	case "bind_resource":
		expected = bindResourceFields
	case "context":
		return b.checkContext(q, value)
	default:
		return nil
	}
	for member, inner := range value {
		kind, defined := expected[member]
		if !defined && b.broken("bind.resource-extension-refused") && name == "bind_resource" {
			return refuse(http.StatusBadRequest, "", "The field "+name+" has an unknown member "+member+".")
		}
		if defined && inner != nil && typeOf(inner) != kind {
			return refuse(http.StatusBadRequest, "", "The field "+name+"."+member+" must be a JSON "+kind+".")
		}
	}
	return nil
}

// checkContext accepts any platform because the context is opaque.
func (b *Broker) checkContext(q *request, context object) *refusal {
	switch platform := context.text("platform"); {
	case b.broken("context.service-manager-refused-on-update") && platform == "service-manager" && q.endpoint == update,
		b.broken("context.service-manager-refused-on-bind") && platform == "service-manager" && q.endpoint == bind,
		b.broken("context.unknown-platform-refused") && platform != "" && platform != "cloudfoundry",
		b.broken("context.kubernetes-refused-on-provision") && platform == "kubernetes" && q.endpoint == provision,
		b.broken("context.kubernetes-refused-on-update") && platform == "kubernetes" && q.endpoint == update,
		b.broken("context.kubernetes-refused-on-bind") && platform == "kubernetes" && q.endpoint == bind,
		b.broken("context.service-manager-refused") && platform == "service-manager":
		return refuse(http.StatusBadRequest, "", "The context has an unknown platform.")
	default:
		return nil
	}
}

func typeOf(value any) string {
	switch value.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	case map[string]any, object:
		return "object"
	case []any:
		return "array"
	default:
		return "null"
	}
}

// text returns a string member, or "" if it is absent.
func (o object) text(name string) string {
	value, _ := o[name].(string)
	return value
}

// object returns an object member, or nil if it is absent.
func (o object) object(name string) object {
	value, _ := o[name].(map[string]any)
	return value
}
