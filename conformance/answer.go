package conformance

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// An answer is a request with the response of the broker, unmasked.
type answer struct {
	exchange Exchange // not masked yet
	// instanceID is the id of the instance. bindingID is the id of the binding
	// that the request creates, or "".
	instanceID, bindingID string
	// binding is the name of the binding in the scenario.
	binding  string
	scenario string
	step     string
	subject  *subject
	endpoint Endpoint
	// undefined marks a request that the specification does not define.
	undefined bool
	// of is the endpoint whose operation is polled, if known.
	of     Endpoint
	query  url.Values
	sent   map[string]any // the body of the request, if it is an object
	status int
	header http.Header
	// body is the response body. cut is true if the broker sent more than maxBody.
	body []byte
	cut  bool
	json document
	// failure says why no response came. unconnected is true if no connection was
	// made.
	failure     string
	unconnected bool
	// plain marks a request without anything unusual. A broker that refuses it
	// refuses the run, not a deviation.
	plain bool
}

// unsent returns the answer as it was before the request was sent.
func (a *answer) unsent() answer {
	return answer{
		exchange: Exchange{Step: a.exchange.Step}, instanceID: a.instanceID, bindingID: a.bindingID, binding: a.binding, scenario: a.scenario, step: a.step,
		subject: a.subject, endpoint: a.endpoint, undefined: a.undefined, of: a.of, query: a.query, sent: a.sent, plain: a.plain,
	}
}

// object returns the body if it is a JSON object, else nil.
func (a *answer) object() map[string]any {
	object, _ := a.json.value.(map[string]any)
	return object
}

// is reports whether the response has one of the statuses.
func (a *answer) is(statuses ...int) bool { return slices.Contains(statuses, a.status) }

// accepted reports whether the broker started an asynchronous operation.
func (a *answer) accepted() bool { return a.is(http.StatusAccepted) }

// succeeded reports whether the broker processed the request or accepted it for
// processing.
func (a *answer) succeeded() bool {
	return a.is(http.StatusOK, http.StatusCreated, http.StatusAccepted)
}

// refused reports whether the broker rejected the request with a 4xx.
func (a *answer) refused() bool { return a.status >= 400 && a.status < 500 }

// operation returns the operation of a 202, or "".
func (a *answer) operation() string {
	operation, _ := a.object()["operation"].(string)
	return operation
}

// state returns the state of a poll, or "".
func (a *answer) state() string {
	if a.status != http.StatusOK {
		return ""
	}
	state, _ := a.object()["state"].(string)
	return state
}

// errorCode returns the member "error" of the body, or "".
func (a *answer) errorCode() string {
	code, _ := a.object()["error"].(string)
	return code
}

// describe summarizes the response in a few words.
func (a *answer) describe() string {
	if a.failure != "" {
		return a.failure
	}
	text := fmt.Sprintf("status %d", a.status)
	if code := a.errorCode(); code != "" {
		text += fmt.Sprintf(" and error %q", clip(code, 60))
	}
	return text
}

// A record has the answers of one run of a scenario.
type record struct {
	scenario *Scenario
	subject  *subject
	answers  []*answer
	// missing has the reason of each step that was not sent, or not finished.
	missing map[string]absence
}

// An absence is the reason why a step was not sent.
type absence struct {
	outcome Outcome
	reason  string
}

// of returns the answers of a step, in order.
func (r *record) of(step string) []*answer {
	var found []*answer
	for _, a := range r.answers {
		if a.step == step {
			found = append(found, a)
		}
	}
	return found
}

// last returns the last answer of a step, or nil.
func (r *record) last(step string) *answer {
	for _, a := range slices.Backward(r.answers) {
		if a.step == step {
			return a
		}
	}
	return nil
}

// A judgement is the input of an expectation or a condition.
type judgement struct {
	// answer is the judged answer. It is nil for expectations on all answers
	// together, and for conditions.
	answer *answer
	// answers are all answers that the check judges in this run of the scenario.
	answers []*answer
	// record is nil if the check is not bound to a scenario.
	record *record
}

// clip shortens a text for a message.
func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && text[limit]&0xC0 == 0x80 {
		limit--
	}
	return text[:limit] + "…"
}
