package client

import (
	"errors"
	"net/http"

	"github.com/openbroker/openbroker"
)

// An OrphanPolicy decides after which failures something may be left behind at the
// broker, and how often its deletion is tried.
type OrphanPolicy int

const (
	// OrphanPolicySpecification follows the table of the specification (spec.md, "Orphan
	// Mitigation"): also after an operation that failed, and after a deletion that
	// failed with 5xx. Deletions that are accepted are waited for, and repeated with
	// growing pauses for 24 hours.
	OrphanPolicySpecification OrphanPolicy = iota + 1
	// OrphanPolicyCloudFoundry does what the Cloud Controller does. It differs: a 422 with an
	// unknown error, a 410 and a redirect in answer to a creation count as unclear,
	// and so does a malformed 200 if the binding is a service key; a connection that
	// breaks, an operation that failed and a failed deletion lead to nothing. A
	// deletion counts as done once it is accepted. It is tried 11 times, with pauses
	// of 2, 4, 8 … minutes.
	OrphanPolicyCloudFoundry
)

// An Orphan is a resource that a failed call may have left at the broker.
type Orphan struct {
	// Kind is what failed. A provision and a deprovision leave an instance, a bind
	// and an unbind leave a binding.
	Kind       Kind
	InstanceID string
	BindingID  string
	ServiceID  string
	PlanID     string

	// key says that the binding is a service key in terms of Cloud Foundry.
	key bool
}

// OrphanOf returns what the call or operation that failed with err may have left
// behind, and false if that is nothing. Without [WithOrphanMitigation] it answers by
// the [OrphanPolicySpecification].
func OrphanOf(err error) (Orphan, bool) {
	var orphan Orphan
	var response *ResponseError
	var transport *TransportError
	var operation *OperationError
	switch {
	case errors.As(err, &operation):
		orphan = operation.orphan
	case errors.As(err, &response):
		orphan = response.orphan
	case errors.As(err, &transport):
		orphan = transport.orphan
	}
	return orphan, orphan.Kind != ""
}

// afterAnswer decides about an answer that is no success.
func (p OrphanPolicy) afterAnswer(o Orphan, e *ResponseError) bool {
	creates := o.Kind == KindProvision || o.Kind == KindBind
	status := e.StatusCode
	if p == OrphanPolicyCloudFoundry {
		if !creates {
			return false
		}
		switch status {
		case http.StatusOK:
			return o.key
		case http.StatusUnprocessableEntity:
			return !knownRefusal(o.Kind, e.Code)
		case http.StatusGone:
			return true
		default:
			return status < 400 || status >= 500
		}
	}
	switch {
	case o.Kind == "" || o.Kind == KindUpdate, status == http.StatusOK:
		return false
	case status == http.StatusCreated || status == http.StatusAccepted:
		// A malformed success. That of a deletion is none of the table's rows; 201 is
		// no success of a deletion.
		return creates || status == http.StatusCreated
	default:
		return status < 300 || status >= 500
	}
}

// knownRefusal reports whether the Cloud Controller knows the error of a 422.
func knownRefusal(kind Kind, code string) bool {
	switch code {
	case openbroker.CodeAsyncRequired, openbroker.CodeConcurrencyError:
		return true
	case openbroker.CodeRequiresApp:
		return kind == KindBind
	case openbroker.CodeMaintenanceInfoConflict:
		return kind == KindProvision
	default:
		return false
	}
}

// afterSilence decides about a request without an answer.
func (p OrphanPolicy) afterSilence(kind Kind, e *TransportError) bool {
	switch {
	case kind != KindProvision && kind != KindBind, e.Refused:
		return false
	case p == OrphanPolicyCloudFoundry:
		return e.Timeout()
	default:
		return true
	}
}

// afterRepetition decides about a creation whose first attempt got no answer, and
// whose second one is refused because the first is still being worked on.
func (p OrphanPolicy) afterRepetition(kind Kind, e *ResponseError) bool {
	return (kind == KindProvision || kind == KindBind) && errors.Is(e, openbroker.ErrConcurrency)
}

// afterOperation decides about an accepted operation that failed.
func (p OrphanPolicy) afterOperation(e *OperationError) bool {
	switch {
	case e.Operation.Kind == KindUpdate:
		return false
	case p == OrphanPolicyCloudFoundry:
		return e.TimedOut && !e.Operation.Kind.deletes()
	default:
		return true
	}
}
