package simulator

import (
	"net/http"
	"net/url"
	"regexp"
)

// An Operation is one of the calls of the Open Service Broker API.
type Operation string

// The operations, by the names that faults and recorded requests use.
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

// changes are the operations that parameters speak of.
var changes = []Operation{OnProvision, OnUpdate, OnDeprovision, OnBind, OnUnbind}

// polls are the operations that tell how another one is doing.
var polls = []Operation{OnLastOperation, OnLastBindingOperation}

var all = append(append([]Operation{OnCatalog, OnGetInstance, OnGetBinding}, changes...), polls...)

// resource finds the resource in a path, under any prefix.
var resource = regexp.MustCompile(`/v2/(?:(catalog)|service_instances/([^/]*)(?:/service_bindings/([^/]*))?(/last_operation)?)$`)

// A route is what method and path of a request say.
type route struct {
	operation             Operation // empty if it is none
	instanceID, bindingID string
}

// routeOf is for requests that the handler may refuse: it is never wrong about
// those that it accepts.
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

// operations is never changed.
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
