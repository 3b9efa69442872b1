package openbroker

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// The values of the "error" field that the specification defines (spec.md,
// "Error Codes"). A broker may use others of its own: a single word in camel
// case.
const (
	CodeAsyncRequired           = "AsyncRequired"
	CodeConcurrencyError        = "ConcurrencyError"
	CodeRequiresApp             = "RequiresApp"
	CodeMaintenanceInfoConflict = "MaintenanceInfoConflict"
)

// An Error is an answer to a platform that is not a success (spec.md, "Service
// Broker Errors"). The handler finds it with [errors.As] through any wrapping.
// Treat an Error as immutable and derive from it with the With methods; a
// derived error still is the original for [errors.Is].
type Error struct {
	// Status is the HTTP status, 400 to 599. Zero leaves it to the handler:
	// 410 if the request was to delete, otherwise 404.
	Status int
	// Code is the "error" field, or empty.
	Code string
	// Description is the "description" field. Users of the platform read it:
	// never put anything internal or secret into it.
	Description string
	// InstanceUsable is "instance_usable" or nil. The handler sends it only
	// for a failed update or deprovision, as the specification demands.
	InstanceUsable *bool
	// UpdateRepeatable is "update_repeatable" or nil. The handler sends it
	// only for a failed update.
	UpdateRepeatable *bool
	// RetryAfter, when positive, is sent as the Retry-After header in whole
	// seconds, rounded up.
	RetryAfter time.Duration
	// Header are further headers of the answer, or nil. They replace those that
	// the handler would send: WWW-Authenticate the challenges of the
	// [Authenticator], for example. Those that describe the body, the connection
	// or the request are the handler's business and left out: Content-Type,
	// Content-Length, Connection and their like, and the request identity.
	Header http.Header

	cause error
	kind  *Error
}

// The errors that a [Broker] returns, one for each code of the specification
// and each exception of openbrokerapi. Derive from them for a better
// description:
//
//	return nil, openbroker.ErrPlanQuotaExceeded.WithDescription("plan small allows 5 instances")
var (
	// ErrAsyncRequired: the client must accept an asynchronous answer. 422.
	ErrAsyncRequired = &Error{Status: http.StatusUnprocessableEntity, Code: CodeAsyncRequired, Description: "This service plan requires client support for asynchronous service operations."}
	// ErrConcurrency: another operation on the resource is running. 422.
	ErrConcurrency = &Error{Status: http.StatusUnprocessableEntity, Code: CodeConcurrencyError, Description: "The Service Broker does not support concurrent requests that mutate the same resource."}
	// ErrRequiresApp: the service binds to applications only. 422.
	ErrRequiresApp = &Error{Status: http.StatusUnprocessableEntity, Code: CodeRequiresApp, Description: "This service supports generation of credentials through binding an application only."}
	// ErrMaintenanceInfoConflict: the platform's catalog is out of date. 422.
	ErrMaintenanceInfoConflict = &Error{Status: http.StatusUnprocessableEntity, Code: CodeMaintenanceInfoConflict, Description: "The maintenance information for the requested Service Plan has changed."}

	// ErrInstanceAlreadyExists: the id is in use with other attributes. 409.
	ErrInstanceAlreadyExists = &Error{Status: http.StatusConflict, Description: "A service instance with this id already exists with different attributes."}
	// ErrInstanceDoesNotExist: 410 if the request was to delete, else 404.
	ErrInstanceDoesNotExist = &Error{Description: "The service instance does not exist."}
	// ErrBindingAlreadyExists: the id is in use with other attributes. 409.
	ErrBindingAlreadyExists = &Error{Status: http.StatusConflict, Description: "A service binding with this id already exists with different attributes."}
	// ErrBindingDoesNotExist: 410 if the request was to delete, else 404.
	ErrBindingDoesNotExist = &Error{Description: "The service binding does not exist."}
	// ErrGone: the resource of a polled deletion is gone. 410, which platforms
	// count as success when they poll a delete.
	ErrGone = &Error{Status: http.StatusGone, Description: "The resource does not exist any more."}

	// ErrBadRequest: malformed or missing data. 400.
	ErrBadRequest = &Error{Status: http.StatusBadRequest, Description: "Malformed or missing data."}
	// ErrInvalidParameters: the parameters are not what the plan takes. 400.
	ErrInvalidParameters = &Error{Status: http.StatusBadRequest, Code: "InvalidParameters", Description: "The parameters are invalid."}
	// ErrPlanChangeNotSupported: the instance cannot move to this plan. 422.
	ErrPlanChangeNotSupported = &Error{Status: http.StatusUnprocessableEntity, Code: "PlanChangeNotSupported", Description: "This change of the service plan is not supported."}
	// ErrInstanceLimitMet: no more instances can be created. 422, since a 5xx
	// makes platforms delete what they asked for.
	ErrInstanceLimitMet = &Error{Status: http.StatusUnprocessableEntity, Code: "InstanceLimitMet", Description: "The limit of service instances is met."}
	// ErrPlanQuotaExceeded: the quota of the plan is used up. 422.
	ErrPlanQuotaExceeded = &Error{Status: http.StatusUnprocessableEntity, Code: "PlanQuotaExceeded", Description: "The quota of the service plan is exceeded."}
	// ErrServiceQuotaExceeded: the quota of the service is used up. 422.
	ErrServiceQuotaExceeded = &Error{Status: http.StatusUnprocessableEntity, Code: "ServiceQuotaExceeded", Description: "The quota of the service is exceeded."}

	// ErrUnauthorized: an [Authenticator] does not accept the request. 401.
	ErrUnauthorized = &Error{Status: http.StatusUnauthorized, Description: "Authentication is required: the request carries no credentials, or wrong ones."}
	// ErrNotImplemented: the broker does not support the call. 501.
	ErrNotImplemented = &Error{Status: http.StatusNotImplemented, Description: "This service broker does not support the request."}
	// ErrUnavailable: what the broker needs is away for now. 503.
	ErrUnavailable = &Error{Status: http.StatusServiceUnavailable, Description: "The service broker is temporarily unavailable.", RetryAfter: 10 * time.Second}
)

// NewError returns an error with the given HTTP status (400 to 599), "error"
// code (or "") and public description.
func NewError(status int, code, description string) *Error {
	return &Error{Status: status, Code: code, Description: description}
}

// Error returns the status, the code and the description, and the cause if
// there is one. It is meant for logs: only Description goes to the platform.
func (e *Error) Error() string {
	if e == nil {
		return "openbroker: nil *Error"
	}
	text := e.Description
	if e.Code != "" {
		text = e.Code + ": " + text
	}
	if e.Status != 0 {
		text = fmt.Sprintf("%d %s", e.Status, text)
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.cause
}

// Is reports whether e was derived from target with a With method.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && e != nil && other != nil && e.root() == other.root()
}

func (e *Error) root() *Error {
	if e.kind != nil {
		return e.kind
	}
	return e
}

func (e *Error) derive() *Error {
	derived := *e
	derived.kind = e.root()
	return &derived
}

// WithDescription returns a copy of e with another public description, which
// is formatted as by [fmt.Sprintf] if there are args.
func (e *Error) WithDescription(format string, args ...any) *Error {
	derived := e.derive()
	derived.Description = format
	if len(args) > 0 {
		derived.Description = fmt.Sprintf(format, args...)
	}
	return derived
}

// WithCause returns a copy of e that wraps cause. The cause is logged and never
// sent to the platform.
func (e *Error) WithCause(cause error) *Error {
	derived := e.derive()
	derived.cause = cause
	return derived
}

// WithInstanceUsable returns a copy of e that says whether the instance can
// still be used after the failed update or deprovision.
func (e *Error) WithInstanceUsable(usable bool) *Error {
	derived := e.derive()
	derived.InstanceUsable = &usable
	return derived
}

// WithUpdateRepeatable returns a copy of e that says whether the same update
// can succeed when it is sent again.
func (e *Error) WithUpdateRepeatable(repeatable bool) *Error {
	derived := e.derive()
	derived.UpdateRepeatable = &repeatable
	return derived
}

// WithRetryAfter returns a copy of e that tells the client when to try again.
func (e *Error) WithRetryAfter(after time.Duration) *Error {
	derived := e.derive()
	derived.RetryAfter = after
	return derived
}

// WithHeader returns a copy of e that sends one more header, in place of another
// one of that name. A 401 of an [Authenticator] can so have its own challenge:
//
//	openbroker.ErrUnauthorized.WithHeader("WWW-Authenticate", `Basic realm="billing"`)
func (e *Error) WithHeader(name, value string) *Error {
	derived := e.derive()
	derived.Header = e.Header.Clone()
	if derived.Header == nil {
		derived.Header = http.Header{}
	}
	derived.Header.Set(name, value)
	return derived
}

// asError finds an *Error in err. A nil *Error inside a non-nil error counts
// as none: it says nothing, and must not be mistaken for an answer.
func asError(err error) (*Error, bool) {
	var found *Error
	if errors.As(err, &found) && found != nil {
		return found, true
	}
	return nil, false
}
