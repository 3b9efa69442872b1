package openbroker

import (
	"net/http"
	"net/url"
	"strings"
)

// An endpoint is one of the ten calls.
type endpoint struct {
	method string
	// pattern is the path with placeholders for ids. It is for logs.
	pattern string
	serve   func(*call) *Error
	// deletes makes "does not exist" a 410 instead of a 404.
	deletes bool
	// updates and deletesInstance decide which error fields are allowed.
	updates         bool
	deletesInstance bool
}

const (
	patternCatalog       = "/v2/catalog"
	patternInstance      = "/v2/service_instances/{instance_id}"
	patternOperation     = patternInstance + "/last_operation"
	patternBinding       = patternInstance + "/service_bindings/{binding_id}"
	patternBindOperation = patternBinding + "/last_operation"
)

// endpoints maps each path to its endpoints. It is read-only.
var endpoints = map[string][]endpoint{
	patternCatalog: {
		{method: http.MethodGet, pattern: patternCatalog, serve: (*call).catalog},
	},
	patternInstance: {
		{method: http.MethodPut, pattern: patternInstance, serve: (*call).provision},
		{method: http.MethodPatch, pattern: patternInstance, serve: (*call).update, updates: true},
		{method: http.MethodDelete, pattern: patternInstance, serve: (*call).deprovision, deletes: true, deletesInstance: true},
		{method: http.MethodGet, pattern: patternInstance, serve: (*call).getInstance},
	},
	patternOperation: {
		{method: http.MethodGet, pattern: patternOperation, serve: (*call).lastOperation},
	},
	patternBinding: {
		{method: http.MethodPut, pattern: patternBinding, serve: (*call).bind},
		{method: http.MethodDelete, pattern: patternBinding, serve: (*call).unbind, deletes: true},
		{method: http.MethodGet, pattern: patternBinding, serve: (*call).getBinding},
	},
	patternBindOperation: {
		{method: http.MethodGet, pattern: patternBindOperation, serve: (*call).lastBindingOperation},
	},
}

// A target is the resource that a path names.
type target struct {
	pattern    string
	prefix     string // the unescaped path segment before v2, or ""
	instanceID string
	bindingID  string
}

// parsePath finds the resource that an escaped URL path names, under any prefix. It
// splits before it unescapes, so that an id may contain slashes. It does not clean
// the path as ServeMux does, whose redirect of //v2/catalog turns a PUT into a GET.
//
// With firstOnly it considers only the first /v2/. Callers need this if the prefix
// selects the platform: in a path such as /cf/v2/other/v2/catalog, the broker and a
// proxy that routes by prefix must see the same platform.
func parsePath(escaped string, firstOnly bool) (target, bool) {
	for rest, end := escaped, 0; ; {
		i := strings.Index(rest, "/v2/")
		if i < 0 {
			return target{}, false
		}
		end += i
		if t, ok := parseResource(rest[i+len("/v2/"):]); ok {
			t.prefix = lastSegment(escaped[:end])
			return t, true
		}
		if firstOnly {
			return target{}, false
		}
		rest, end = rest[i+len("/v2"):], end+len("/v2")
	}
}

// lastSegment returns the last path segment, unescaped. It ignores slashes at the
// end, because a platform with the broker URL https://broker/cf/ calls
// /cf//v2/catalog.
func lastSegment(prefix string) string {
	prefix = strings.TrimRight(prefix, "/")
	segment := prefix[strings.LastIndexByte(prefix, '/')+1:]
	unescaped, err := url.PathUnescape(segment)
	if err != nil {
		return segment
	}
	return unescaped
}

func parseResource(path string) (t target, ok bool) {
	if path == "catalog" {
		return target{pattern: patternCatalog}, true
	}
	rest, ok := strings.CutPrefix(path, "service_instances/")
	if !ok {
		return target{}, false
	}
	instance, rest, more := strings.Cut(rest, "/")
	t.pattern, t.instanceID = patternInstance, unescapeID(instance)
	if !more {
		return t, true
	}
	if rest == "last_operation" {
		t.pattern = patternOperation
		return t, true
	}
	if rest, ok = strings.CutPrefix(rest, "service_bindings/"); !ok {
		return target{}, false
	}
	binding, rest, more := strings.Cut(rest, "/")
	t.pattern, t.bindingID = patternBinding, unescapeID(binding)
	if !more {
		return t, true
	}
	t.pattern = patternBindOperation
	return t, rest == "last_operation"
}

// unescapeID returns the id in a path segment. net/http has already refused
// malformed escapes.
func unescapeID(segment string) string {
	id, err := url.PathUnescape(segment)
	if err != nil {
		return segment
	}
	return id
}

// maxIDLength is far above the 255 characters that the specification
// recommends, and low enough for any store's index.
const maxIDLength = 1024

// checkID refuses ids that are empty or that URLs cannot address reliably.
func checkID(field, id string) *Error {
	switch id {
	case "":
		return ErrBadRequest.WithDescription("%s is missing or empty", field)
	case ".", "..":
		// Proxies and clients remove dot segments, escaped or not (RFC 3986, 6.2.2).
		return ErrBadRequest.WithDescription("%s must not be a dot segment", field)
	default:
		return checkText(field, id)
	}
}

// checkText refuses ids that a broker cannot store or log. It accepts an empty one.
func checkText(field, id string) *Error {
	switch {
	case len(id) > maxIDLength:
		return ErrBadRequest.WithDescription("%s has %d bytes; at most %d are accepted", field, len(id), maxIDLength)
	case strings.ContainsFunc(id, isControl):
		return ErrBadRequest.WithDescription("%s contains a control character or is not UTF-8", field)
	default:
		return nil
	}
}

// isControl includes U+FFFD, to which range decodes bytes that are not UTF-8.
func isControl(r rune) bool { return r < 0x20 || (r >= 0x7f && r < 0xa0) || r == 0xfffd }
