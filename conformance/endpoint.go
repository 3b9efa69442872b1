package conformance

import "net/http"

// Endpoint is one of the ten endpoints that the specification defines.
type Endpoint string

// The endpoints, with the names of the specification.
const (
	GetCatalog           Endpoint = "catalog"
	Provision            Endpoint = "provision"
	FetchInstance        Endpoint = "fetch instance"
	Update               Endpoint = "update"
	Deprovision          Endpoint = "deprovision"
	LastOperation        Endpoint = "last operation"
	Bind                 Endpoint = "bind"
	FetchBinding         Endpoint = "fetch binding"
	Unbind               Endpoint = "unbind"
	LastBindingOperation Endpoint = "last binding operation"
)

// Endpoints returns all endpoints.
func Endpoints() []Endpoint {
	return []Endpoint{
		GetCatalog, Provision, FetchInstance, Update, Deprovision, LastOperation,
		Bind, FetchBinding, Unbind, LastBindingOperation,
	}
}

// Method returns the HTTP method of the endpoint.
func (e Endpoint) Method() string {
	switch e {
	case Provision, Bind:
		return http.MethodPut
	case Update:
		return http.MethodPatch
	case Deprovision, Unbind:
		return http.MethodDelete
	default:
		return http.MethodGet
	}
}

// Path returns the path of the endpoint, with the ids in braces.
func (e Endpoint) Path() string {
	const instance = "/v2/service_instances/{instance}"
	const binding = instance + "/service_bindings/{binding}"
	switch e {
	case Provision, FetchInstance, Update, Deprovision:
		return instance
	case LastOperation:
		return instance + "/last_operation"
	case Bind, FetchBinding, Unbind:
		return binding
	case LastBindingOperation:
		return binding + "/last_operation"
	default:
		return "/v2/catalog"
	}
}

// mutates reports whether a request may change resources of the broker.
func (e Endpoint) mutates() bool { return e.Method() != http.MethodGet }

// isDelete reports whether the endpoint deletes something.
func (e Endpoint) isDelete() bool { return e.Method() == http.MethodDelete }
