package simulator

import (
	"net/http"
	"net/url"
	"regexp"
)

// An Operation is an endpoint of the Open Service Broker API.
type Operation string

// The operations, with the names in faults and recorded requests.
const (
	OnCatalog              Operation = "catalog"
	OnProvision            Operation = "provision"
	OnUpdate               Operation = "update"
	OnDeprovision          Operation = "deprovision"
	OnBind                 Operation = "bind"
	OnUnbind               Operation = "unbind"
	OnGetInstance          Operation = "get_instance"
	OnGetBinding           Operation = "get_binding"
	OnLastOperation        Operation = "last_operation"
	OnLastBindingOperation Operation = "last_binding_operation"
)

// changes are the operations that parameters may name.
var changes = []Operation{OnProvision, OnUpdate, OnDeprovision, OnBind, OnUnbind}

// polls are the operations that poll another operation.
var polls = []Operation{OnLastOperation, OnLastBindingOperation}

// all are all operations.
var all = append(append([]Operation{OnCatalog, OnGetInstance, OnGetBinding}, changes...), polls...)

// resource finds the resource in a path, under any prefix.
var resource = regexp.MustCompile(`/v2/(?:(catalog)|service_instances/([^/]*)(?:/service_bindings/([^/]*))?(/last_operation)?)$`)

// A route is the operation of a request with the ids of its path.
type route struct {
	operation             Operation // empty if unknown
	instanceID, bindingID string
}

// routeOf returns the route of any request. For requests that the handler
// accepts, the route is exact.
func routeOf(r *http.Request) (found route) {
	parts := resource.FindStringSubmatch(r.URL.EscapedPath())
	if parts == nil {
		return route{}
	}
	found.instanceID, found.bindingID = unescape(parts[2]), unescape(parts[3])
	what := "instance"
	switch {
	case parts[1] != "":
		what = "catalog"
	case parts[4] != "" && parts[3] != "":
		what = "binding's operation"
	case parts[4] != "":
		what = "operation"
	case parts[3] != "":
		what = "binding"
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	found.operation = operations[method+" "+what]
	return found
}

// operations has the operations by method and kind of resource. The map is
// read-only.
var operations = map[string]Operation{
	"GET catalog":             OnCatalog,
	"PUT instance":            OnProvision,
	"PATCH instance":          OnUpdate,
	"DELETE instance":         OnDeprovision,
	"GET instance":            OnGetInstance,
	"PUT binding":             OnBind,
	"DELETE binding":          OnUnbind,
	"GET binding":             OnGetBinding,
	"GET operation":           OnLastOperation,
	"GET binding's operation": OnLastBindingOperation,
}

func unescape(segment string) string {
	id, err := url.PathUnescape(segment)
	if err != nil {
		return segment
	}
	return id
}
