package specimen

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// An object is a JSON object.
type object map[string]any

// An answer is a response before it is written.
type answer struct {
	status int
	header http.Header
	body   any
}

func reply(status int, body object) *answer { return &answer{status: status, body: body} }

// A refusal is an error response ("Service Broker Errors").
type refusal struct {
	status      int
	code        string
	description string
	header      http.Header
	extra       object
}

func refuse(status int, code, description string) *refusal {
	return &refusal{status: status, code: code, description: description}
}

func (b *Broker) asyncRequired() *refusal {
	words := "This service plan requires client support for asynchronous service operations."
	if b.broken("async.other-words") {
		words = "Please accept_incomplete."
	}
	return refuse(http.StatusUnprocessableEntity, "AsyncRequired", words)
}

// concurrency returns the refusal of "Blocking Operations".
func (b *Broker) concurrency() *refusal {
	r := refuse(http.StatusUnprocessableEntity, "ConcurrencyError",
		"The Service Broker does not support concurrent requests that mutate the same resource.")
	switch {
	case b.broken("concurrency.409"):
		r.status = http.StatusConflict
	case b.broken("concurrency.no-code"):
		r.code = ""
	case b.broken("concurrency.code"):
		r.code = "ConcurrentModification"
	case b.broken("concurrency.other-words"):
		r.description = "Another operation for this Service Instance is in progress."
	case b.broken("concurrency.500"):
		r.status = http.StatusInternalServerError
	}
	return r
}

// maintenanceConflict returns the refusal of a version that differs from the
// catalog.
func (b *Broker) maintenanceConflict() *refusal {
	r := refuse(http.StatusUnprocessableEntity, "MaintenanceInfoConflict",
		"The maintenance information for the requested Service Plan has changed.")
	switch {
	case b.broken("maintenance.400"):
		r.status = http.StatusBadRequest
	case b.broken("maintenance.code"):
		r.code = "MaintenanceConflict"
	case b.broken("maintenance.no-code"):
		r.code = ""
	}
	return r
}

// gone returns the answer to the deletion of a missing resource.
func (b *Broker) gone() *answer {
	a := &answer{status: http.StatusGone, body: object{}}
	if b.broken("error.empty-on-410") {
		a.body = text("")
	}
	return a
}

// refused returns the answer for a refusal.
func (b *Broker) refused(q *request, r *refusal) *answer {
	body := object{}
	if r.code != "" {
		body["error"] = r.code
	}
	if r.description != "" {
		body["description"] = r.description
	}
	for name, value := range r.extra {
		body[name] = value
	}
	a := &answer{status: r.status, header: r.header, body: body}
	switch {
	case b.broken("error.description-empty"):
		body["description"] = ""
	case b.broken("error.no-description"):
		delete(body, "description")
	case b.broken("error.description-null"):
		body["description"] = nil
	case b.broken("error.description-object"):
		body["description"] = object{"message": r.description}
	case b.broken("error.capital-description"):
		delete(body, "description")
		body["Description"] = r.description
	case b.broken("error.code-empty") && r.code == "":
		body["error"] = ""
	case b.broken("error.code-sentence") && r.code == "":
		body["error"] = "Something was wrong with the request"
	case b.broken("error.code-number") && r.code == "":
		body["error"] = r.status
	case b.broken("error.instance-usable-on-provision") && q.endpoint == provision:
		body["instance_usable"] = false
	case b.broken("error.instance-usable-on-bind") && q.endpoint == bind:
		body["instance_usable"] = true
	case b.broken("error.update-repeatable-on-provision") && q.endpoint == provision:
		body["update_repeatable"] = true
	case b.broken("error.update-repeatable-on-deprovision") && q.endpoint == deprovision:
		body["update_repeatable"] = true
	case b.broken("error.update-repeatable-text") && q.endpoint == update:
		body["update_repeatable"] = "false"
	case b.broken("error.instance-usable-text") && q.endpoint == update:
		body["instance_usable"] = "true"
	case b.broken("error.array"):
		a.body = []any{body}
	case b.broken("error.text"):
		a.body = text(r.description)
	case b.broken("error.html"):
		a.body = html("<html><body><h1>Error</h1></body></html>")
	case b.broken("error.html-on-404") && r.status == http.StatusNotFound:
		a.body = html("<html><body><h1>Not found</h1></body></html>")
	case b.broken("error.text-on-401") && r.status == http.StatusUnauthorized:
		a.body = text("Unauthorized\n")
	case b.broken("error.empty-on-409") && r.status == http.StatusConflict:
		a.body = text("")
	case b.broken("error.empty-on-422") && r.status == http.StatusUnprocessableEntity:
		a.body = text("")
	}
	return a
}

// text and html are bodies that are not JSON; only faults send them.
type (
	text string
	html string
)

// write implements "Content Type": each body is a JSON object with the content
// type of JSON.
func (b *Broker) write(w http.ResponseWriter, q *request, a *answer) {
	for name, values := range a.header {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	var encoded []byte
	kind := "application/json"
	switch body := a.body.(type) {
	case text:
		encoded, kind = []byte(body), "text/plain"
	case html:
		encoded, kind = []byte(body), "text/html"
	case []byte:
		encoded = body
	default:
		var buffer bytes.Buffer
		encoder := json.NewEncoder(&buffer)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(body)
		encoded = buffer.Bytes()
	}
	if b.varies("content-type-charset") && kind == "application/json" {
		kind += "; charset=utf-8"
	}
	switch {
	case b.broken("content-type.text"):
		kind = "text/plain; charset=utf-8"
	case b.broken("content-type.text-on-errors") && a.status >= 400:
		kind = "text/plain; charset=utf-8"
	case b.broken("content-type.html-on-poll") && q.endpoint == pollInstance:
		kind = "text/html"
	case b.broken("content-type.none"):
		kind = ""
	case b.broken("body.duplicate-member") && len(encoded) > 3 && kind == "application/json":
		encoded = append([]byte(`{"specimen.twice":1,"specimen.twice":2,`), encoded[1:]...)
	case b.broken("body.bom"):
		encoded = append([]byte("\xef\xbb\xbf"), encoded...)
	case b.broken("body.two-documents") && a.status < 300:
		encoded = append(encoded, encoded...)
	}
	if a.status == http.StatusNotModified || a.status == http.StatusNoContent {
		w.WriteHeader(a.status)
		return
	}
	w.Header()["Content-Type"] = []string{kind}
	if kind == "" {
		w.Header()["Content-Type"] = nil
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(encoded)
}
