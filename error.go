package openbroker

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// The values of the "error" field that the specification defines (spec.md,
// "Error Codes"). A broker may define its own: single words in camel case.
const (
	CodeAsyncRequired           = "AsyncRequired"
	CodeConcurrencyError        = "ConcurrencyError"
	CodeRequiresApp             = "RequiresApp"
	CodeMaintenanceInfoConflict = "MaintenanceInfoConflict"
)

// An Error is an error response to the platform (spec.md, "Service Broker Errors").
// The handler finds it in wrapped errors with [errors.As]. Do not change an Error:
// derive a copy with a With method. [errors.Is] reports that a copy is the original.
type Error struct {
	// Status is the HTTP status, 400 to 599. Zero means 410 for a DELETE request
	// and 404 for others.
	Status int
	// Code is the "error" field, or empty.
	Code string
	// Description is the "description" field. Users of the platform read it, so it
	// must not contain anything internal or secret.
	Description string
	// InstanceUsable is the "instance_usable" field, or nil. The handler sends it
	// only for a failed update or deprovision, as the specification requires.
	InstanceUsable *bool
	// UpdateRepeatable is the "update_repeatable" field, or nil. The handler sends
	// it only for a failed update.
	UpdateRepeatable *bool
	// RetryAfter, when positive, is sent as the Retry-After header in whole
	// seconds, rounded up.
	RetryAfter time.Duration
	// Header holds additional response headers, or is nil. They replace headers of
	// the handler: WWW-Authenticate, for example, replaces the challenges of the
	// [Authenticator]. The handler ignores headers that describe the body, the
	// connection or the request, such as Content-Type, Content-Length, Connection
	// and the request identity.
	Header http.Header

	cause error
	kind  *Error
}

// The errors of a [Broker]: one for each code of the specification and each
// exception of openbrokerapi. Derive a copy to give a better description:
//
//	return nil, openbroker.ErrPlanQuotaExceeded.WithDescription("plan small allows 5 instances")
var (
	// ErrAsyncRequired: the client must accept an asynchronous operation. 422.
	ErrAsyncRequired = &Error{Status: http.StatusUnprocessableEntity, Code: CodeAsyncRequired, Description: "This service plan requires client support for asynchronous service operations."}
	// ErrConcurrency: another operation on the resource is in progress. 422.
	ErrConcurrency = &Error{Status: http.StatusUnprocessableEntity, Code: CodeConcurrencyError, Description: "The Service Broker does not support concurrent requests that mutate the same resource."}
	// ErrRequiresApp: the service supports only bindings to applications. 422.
	ErrRequiresApp = &Error{Status: http.StatusUnprocessableEntity, Code: CodeRequiresApp, Description: "This service supports generation of credentials through binding an application only."}
	// ErrMaintenanceInfoConflict: the platform's catalog is out of date. 422.
	ErrMaintenanceInfoConflict = &Error{Status: http.StatusUnprocessableEntity, Code: CodeMaintenanceInfoConflict, Description: "The maintenance information for the requested Service Plan has changed."}

	// ErrInstanceAlreadyExists: an instance with this id has other attributes. 409.
	ErrInstanceAlreadyExists = &Error{Status: http.StatusConflict, Description: "A service instance with this id already exists with different attributes."}
	// ErrInstanceDoesNotExist: 410 for a DELETE request, else 404.
	ErrInstanceDoesNotExist = &Error{Description: "The service instance does not exist."}
	// ErrBindingAlreadyExists: a binding with this id has other attributes. 409.
	ErrBindingAlreadyExists = &Error{Status: http.StatusConflict, Description: "A service binding with this id already exists with different attributes."}
	// ErrBindingDoesNotExist: 410 for a DELETE request, else 404.
	ErrBindingDoesNotExist = &Error{Description: "The service binding does not exist."}
	// ErrGone: the resource was deleted. 410, which platforms count as success when
	// they poll a deletion.
	ErrGone = &Error{Status: http.StatusGone, Description: "The resource no longer exists."}

	// ErrBadRequest: the request has malformed or missing data. 400.
	ErrBadRequest = &Error{Status: http.StatusBadRequest, Description: "Malformed or missing data."}
	// ErrInvalidParameters: the plan does not accept the parameters. 400.
	ErrInvalidParameters = &Error{Status: http.StatusBadRequest, Code: "InvalidParameters", Description: "The parameters are invalid."}
	// ErrPlanChangeNotSupported: the instance cannot move to this plan. 422.
	ErrPlanChangeNotSupported = &Error{Status: http.StatusUnprocessableEntity, Code: "PlanChangeNotSupported", Description: "This change of the service plan is not supported."}
	// ErrInstanceLimitMet: the broker cannot create more instances. 422, because
	// after a 5xx platforms delete the instance that they requested.
	ErrInstanceLimitMet = &Error{Status: http.StatusUnprocessableEntity, Code: "InstanceLimitMet", Description: "The limit of service instances is met."}
	// ErrPlanQuotaExceeded: the quota of the plan is exhausted. 422.
	ErrPlanQuotaExceeded = &Error{Status: http.StatusUnprocessableEntity, Code: "PlanQuotaExceeded", Description: "The quota of the service plan is exceeded."}
	// ErrServiceQuotaExceeded: the quota of the service is exhausted. 422.
	ErrServiceQuotaExceeded = &Error{Status: http.StatusUnprocessableEntity, Code: "ServiceQuotaExceeded", Description: "The quota of the service is exceeded."}

	// ErrUnauthorized: the [Authenticator] refuses the request. 401.
	ErrUnauthorized = &Error{Status: http.StatusUnauthorized, Description: "Authentication is required: the request carries no credentials, or wrong ones."}
	// ErrNotImplemented: the broker does not support the call. 501.
	ErrNotImplemented = &Error{Status: http.StatusNotImplemented, Description: "This service broker does not support the request."}
	// ErrUnavailable: a dependency of the broker is temporarily unavailable. 503.
	ErrUnavailable = &Error{Status: http.StatusServiceUnavailable, Description: "The service broker is temporarily unavailable.", RetryAfter: 10 * time.Second}
)

// NewError returns an error with the given HTTP status (400 to 599), "error" code
// (may be empty) and public description.
func NewError(status int, code, description string) *Error {
	return &Error{Status: status, Code: code, Description: description}
}

// Error returns the status, the code, the description and the cause. It is for
// logs; the handler sends only Description to the platform.
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

// WithDescription returns a copy of e with another public description. If there are
// args, it formats the description like [fmt.Sprintf].
func (e *Error) WithDescription(format string, args ...any) *Error {
	derived := e.derive()
	derived.Description = format
	if len(args) > 0 {
		derived.Description = fmt.Sprintf(format, args...)
	}
	return derived
}

// WithCause returns a copy of e that wraps cause. The handler logs the cause and
// never sends it to the platform.
func (e *Error) WithCause(cause error) *Error {
	derived := e.derive()
	derived.cause = cause
	return derived
}

// WithInstanceUsable returns a copy of e that tells the platform whether the
// instance is still usable after the failed update or deprovision.
func (e *Error) WithInstanceUsable(usable bool) *Error {
	derived := e.derive()
	derived.InstanceUsable = &usable
	return derived
}

// WithUpdateRepeatable returns a copy of e that tells the platform whether the same
// update can succeed later.
func (e *Error) WithUpdateRepeatable(repeatable bool) *Error {
	derived := e.derive()
	derived.UpdateRepeatable = &repeatable
	return derived
}

// WithRetryAfter returns a copy of e that tells the client when to retry.
func (e *Error) WithRetryAfter(after time.Duration) *Error {
	derived := e.derive()
	derived.RetryAfter = after
	return derived
}

// WithHeader returns a copy of e with an additional response header, which replaces
// one of the same name. An [Authenticator] sets its own challenge like this:
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

// asError finds an *Error in err. It ignores a nil *Error inside a non-nil error.
func asError(err error) (*Error, bool) {
	var found *Error
	if errors.As(err, &found) && found != nil {
		return found, true
	}
	return nil, false
}
