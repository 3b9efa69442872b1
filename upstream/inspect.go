package upstream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
)

// A violation is a difference between a response and the specification.
type violation struct {
	clause, text string
	// should means that the clause is a recommendation.
	should bool
}

// The clauses of spec.md that inspect checks.
const (
	clauseContentType = `spec.md, "Content Type"`
	clauseErrors      = `spec.md, "Service Broker Errors"`
	clauseIdentity    = `spec.md, "Request Identity"`
	clauseCatalog     = `spec.md, "Catalog Management"`
	clauseAsync       = `spec.md, "Asynchronous Operations"`
	clausePolling     = `spec.md, "Polling Last Operation for Service Instances"`
	clauseResponse    = `spec.md, "Response" of the call`
	clauseBody        = `spec.md, "Body" of the response`
)

const (
	kindCatalog = "catalog"
	kindFetch   = "fetch"
	kindPoll    = "last operation"
	kindCreate  = "create"
	kindUpdate  = "update"
	kindDelete  = "delete"
)

const maxOperation = 10_000

// inspect returns the violations in an unchanged response. The status 0 means that the
// broker did not respond.
func inspect(kind string, raw *client.Response, acceptsIncomplete bool) []violation {
	if raw.StatusCode == 0 || raw.StatusCode == http.StatusNotModified {
		return nil
	}
	var found []violation
	add := func(clause, format string, args ...any) {
		found = append(found, violation{clause, fmt.Sprintf(format, args...), clause == clauseContentType || clause == clauseIdentity})
	}
	media, _, err := mime.ParseMediaType(raw.Header.Get("Content-Type"))
	if err != nil || media != "application/json" && !strings.HasSuffix(media, "+json") {
		add(clauseContentType, "the Content-Type is not application/json")
	}
	if got := raw.Header.Get(openbroker.HeaderRequestIdentity); got != raw.RequestIdentity {
		add(clauseIdentity, "the response does not repeat the request identity")
	}
	fields, ok := objectOf(raw.Body)
	switch {
	case len(bytes.TrimSpace(raw.Body)) == 0:
		add(clauseBody, "the body is empty, not a JSON object")
	case !ok:
		add(clauseBody, "the body is not a JSON object")
	case !utf8.Valid(raw.Body):
		add(clauseBody, "the body is not UTF-8")
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		// The specification allows null for these two.
		if string(fields[name]) == "null" && name != "dashboard_url" && name != "operation" {
			add(clauseBody, "%.40s is null", name)
		}
	}
	if raw.StatusCode >= 400 {
		return append(found, inspectError(kind, raw.StatusCode, fields)...)
	}
	if !slices.Contains(successes[kind], raw.StatusCode) {
		add(clauseResponse, "the status %d is neither a success nor an error of this call", raw.StatusCode)
	}
	if raw.StatusCode == http.StatusAccepted && !acceptsIncomplete {
		add(clauseAsync, "202 for a request without accepts_incomplete=true")
	}
	if operation, ok := text(fields["operation"]); ok && (operation == "" || utf8.RuneCountInString(operation) > maxOperation) {
		add(clauseAsync, "operation has %d characters: it must have 1 to %d", utf8.RuneCountInString(operation), maxOperation)
	}
	if state, _ := text(fields["state"]); kind == kindPoll && raw.StatusCode == http.StatusOK && !known(openbroker.OperationState(state)) {
		add(clausePolling, "state is %.40q", state)
	}
	return found
}

var successes = map[string][]int{
	kindCatalog: {http.StatusOK}, kindFetch: {http.StatusOK}, kindPoll: {http.StatusOK},
	kindCreate: {http.StatusOK, http.StatusCreated, http.StatusAccepted},
	kindUpdate: {http.StatusOK, http.StatusAccepted}, kindDelete: {http.StatusOK, http.StatusAccepted},
}

func inspectError(kind string, status int, fields map[string]json.RawMessage) []violation {
	var found []violation
	for _, name := range [...]string{"error", "description"} {
		if raw, present := fields[name]; present && string(raw) != "null" {
			if _, ok := text(raw); !ok {
				found = append(found, violation{clause: clauseErrors, text: name + " is not a string"})
			}
		}
	}
	if kind == kindDelete && status == http.StatusNotFound {
		found = append(found, violation{clause: clauseResponse, text: "404 for a resource that does not exist: the response to a deletion must be 410"})
	}
	return found
}

func objectOf(body []byte) (map[string]json.RawMessage, bool) {
	var fields map[string]json.RawMessage
	err := json.Unmarshal(bytes.TrimPrefix(body, []byte("\uFEFF")), &fields)
	return fields, err == nil && fields != nil
}

func text(raw json.RawMessage) (string, bool) {
	var value string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &value) != nil {
		return "", false
	}
	return value, true
}

func known(state openbroker.OperationState) bool {
	return state == openbroker.OperationInProgress || state == openbroker.OperationSucceeded || state == openbroker.OperationFailed
}

// readState returns the state that a known misspelling stands for, and false for any
// other text.
func readState(state string) (openbroker.OperationState, bool) {
	letters := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(state))
	switch letters {
	case "inprogress", "progress", "pending", "running", "creating", "updating", "deleting":
		return openbroker.OperationInProgress, true
	case "succeeded", "success", "successful", "succeed", "complete", "completed", "done", "ready", "created", "deleted":
		return openbroker.OperationSucceeded, true
	case "failed", "failure", "fail", "error", "errored":
		return openbroker.OperationFailed, true
	default:
		return "", false
	}
}
