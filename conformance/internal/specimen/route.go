package specimen

import (
	"net/http"
	"net/url"
	"strings"
)

// An endpoint is one of the ten endpoints of the specification.
type endpoint string

const (
	catalog       endpoint = "GET catalog"
	provision     endpoint = "PUT instance"
	fetchInstance endpoint = "GET instance"
	update        endpoint = "PATCH instance"
	deprovision   endpoint = "DELETE instance"
	pollInstance  endpoint = "GET instance/last_operation"
	bind          endpoint = "PUT binding"
	fetchBinding  endpoint = "GET binding"
	unbind        endpoint = "DELETE binding"
	pollBinding   endpoint = "GET binding/last_operation"
)

var endpoints = map[endpoint]bool{
	catalog: true, provision: true, fetchInstance: true, update: true, deprovision: true, pollInstance: true,
	bind: true, fetchBinding: true, unbind: true, pollBinding: true,
}

// A request is an HTTP request with what the steps parsed.
type request struct {
	*http.Request
	endpoint              endpoint
	instanceID, bindingID string
	query                 url.Values
	body                  object
	unchecked             bool // parameters are not validated; only a fault sets it
}

// mutates reports whether the request may change a resource.
func (q *request) mutates() bool {
	switch q.endpoint {
	case provision, update, deprovision, bind, unbind:
		return true
	default:
		return false
	}
}

// route finds the endpoint. It decodes segments after it splits the path, so
// that an id may contain a slash ("URL Properties").
func (b *Broker) route(q *request) *refusal {
	path := q.URL.EscapedPath()
	switch {
	case b.broken("url.encoded-slash"),
		b.broken("url.encoded-slash-in-binding") && strings.Contains(path, "/service_bindings/") && q.Method == http.MethodPut,
		b.broken("url.encoded-slash-in-unbind") && strings.Contains(path, "/service_bindings/") && q.Method == http.MethodDelete,
		b.broken("url.encoded-slash-in-deprovision") && !strings.Contains(path, "/service_bindings/") && q.Method == http.MethodDelete:
		path = q.URL.Path
	}
	if strings.HasPrefix(path, "//") {
		if b.broken("url.double-slash-redirect") {
			return &refusal{status: http.StatusMovedPermanently, description: "Moved.", header: http.Header{"Location": {path[1:]}}}
		}
		if b.broken("url.double-slash-404") {
			return refuse(http.StatusNotFound, "", "The path does not exist.")
		}
		path = path[1:]
	}
	segments := strings.Split(strings.TrimPrefix(path, "/v2/"), "/")
	for i, segment := range segments {
		decoded, err := url.PathUnescape(segment)
		if err != nil {
			return refuse(http.StatusBadRequest, "", "The path is not percent-encoded correctly.")
		}
		switch {
		case b.broken("url.not-decoded"):
			decoded = segment
		case b.broken("url.plus-is-space"):
			decoded = strings.ReplaceAll(decoded, "+", " ")
		case b.broken("url.lower-case") && i > 0:
			decoded = strings.ToLower(decoded)
		}
		segments[i] = decoded
	}
	resource := q.place(segments)
	if b.broken("provision.empty-id-accepted") && path == "/v2/service_instances/" {
		resource = "instance"
	}
	if resource == "" || !strings.HasPrefix(path, "/v2/") {
		switch {
		case b.broken("url.unknown-path-200"):
			return &refusal{status: http.StatusOK}
		case b.broken("url.unknown-path-redirect"):
			return &refusal{status: http.StatusFound, header: http.Header{"Location": {"/v2/catalog"}}}
		}
		return refuse(http.StatusNotFound, "", "The path does not exist: the paths of the API begin with /v2/.")
	}
	q.endpoint = endpoint(q.Method + " " + resource)
	if b.broken("url.any-method") && resource == "catalog" {
		q.endpoint = catalog
	}
	if !endpoints[q.endpoint] {
		return refuse(http.StatusMethodNotAllowed, "", "This path does not support "+q.Method+".")
	}
	return nil
}

// place names the resource of the path and records the ids.
func (q *request) place(segments []string) string {
	switch len(segments) {
	case 1:
		if segments[0] == "catalog" {
			return "catalog"
		}
	case 2, 3, 4, 5:
		if segments[0] != "service_instances" || segments[1] == "" {
			return ""
		}
		q.instanceID = segments[1]
		if len(segments) == 2 {
			return "instance"
		}
		if len(segments) == 3 && segments[2] == "last_operation" {
			return "instance/last_operation"
		}
		if len(segments) < 4 || segments[2] != "service_bindings" || segments[3] == "" {
			return ""
		}
		q.bindingID = segments[3]
		if len(segments) == 4 {
			return "binding"
		}
		if segments[4] == "last_operation" {
			return "binding/last_operation"
		}
	}
	return ""
}

// readQuery decodes the query string.
func (b *Broker) readQuery(q *request) *refusal {
	query, err := url.ParseQuery(q.URL.RawQuery)
	if err != nil {
		return refuse(http.StatusBadRequest, "", "The query string is not percent-encoded correctly.")
	}
	q.query = query
	return nil
}

// acceptsIncomplete reports whether the client accepts an asynchronous
// operation ("Asynchronous Operations").
func (b *Broker) acceptsIncomplete(q *request) bool {
	if b.broken("async.any-accepts-incomplete") ||
		b.broken("async.false-accepted-on-update") && q.endpoint == update ||
		b.broken("async.false-accepted-on-bind") && q.endpoint == bind ||
		b.broken("async.false-accepted-on-unbind") && q.endpoint == unbind ||
		b.broken("async.false-accepted-on-deprovision") && q.endpoint == deprovision {
		return q.query.Has("accepts_incomplete")
	}
	return q.query.Get("accepts_incomplete") == "true"
}
