package client

import (
	"errors"
	"net/http"

	"github.com/openbroker/openbroker"
)

// An OrphanPolicy decides which failures may leave a resource behind at the broker,
// and how often the client tries to delete it.
type OrphanPolicy int

const (
	// OrphanPolicySpecification follows the table of the specification (spec.md,
	// "Orphan Mitigation"), which includes failed operations, and deletions that fail
	// with a 5xx. The client waits for accepted deletions, and repeats failed ones
	// with growing pauses for 24 hours.
	OrphanPolicySpecification OrphanPolicy = iota + 1
	// OrphanPolicyCloudFoundry follows the Cloud Controller, which differs from the
	// specification. A creation that gets a 422 with an unknown error, a 410 or a
	// redirect may leave an orphan, as does the creation of a service key that gets a
	// malformed 200. A broken connection, a failed operation and a failed deletion
	// start no mitigation. A deletion is complete once the broker has accepted it. The
	// client tries it 11 times, with pauses of 2, 4, 8 … minutes.
	OrphanPolicyCloudFoundry
)

// An Orphan is a resource that a failed call may have left behind at the broker.
type Orphan struct {
	// Kind is the kind of the failed call. A provision and a deprovision leave an
	// instance; a bind and an unbind leave a binding.
	Kind       OperationKind
	InstanceID string
	BindingID  string
	ServiceID  string
	PlanID     string

	// key is true if the binding is a service key of Cloud Foundry.
	key bool
}

// OrphanOf returns the resource that the call or operation that failed with err may
// have left behind, and false if none was left. A client without
// [WithOrphanMitigation] decides by [OrphanPolicySpecification].
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

// afterResponse reports whether a response that is not a success may leave an orphan.
func (p OrphanPolicy) afterResponse(o Orphan, e *ResponseError) bool {
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
		// A malformed success of a creation. For deletions, the table has no row for a
		// malformed 202; a 201 is not a success and counts as another 2xx.
		return creates || status == http.StatusCreated
	default:
		return status < 300 || status >= 500
	}
}

// knownRefusal reports whether the Cloud Controller knows the error of a 422.
func knownRefusal(kind OperationKind, code string) bool {
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

// afterSilence reports whether a request without a response may leave an orphan.
func (p OrphanPolicy) afterSilence(kind OperationKind, e *TransportError) bool {
	switch {
	case kind != KindProvision && kind != KindBind, e.Refused:
		return false
	case p == OrphanPolicyCloudFoundry:
		return e.Timeout()
	default:
		return true
	}
}

// afterRepetition reports whether a creation may leave an orphan whose first attempt
// got no response, and whose second attempt was refused because the broker is still
// executing the first.
func (p OrphanPolicy) afterRepetition(kind OperationKind, e *ResponseError) bool {
	return (kind == KindProvision || kind == KindBind) && errors.Is(e, openbroker.ErrConcurrency)
}

// afterOperation reports whether a failed operation may leave an orphan.
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
