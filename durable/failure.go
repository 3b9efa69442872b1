package durable

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable/internal/document"
)

// The causes with which the context of an attempt ends, and other reasons of the
// engine for its failure.
var (
	errCancelled = errors.New("the operation was cancelled by a delete request")
	// errDeleted is the answer to a request that waited for the result of an operation
	// of another replica for so long that the resource has been deleted since.
	errDeleted   = errors.New("the resource has been deleted since the operation succeeded")
	errLeaseLost = errors.New("the lease of the operation was lost")
	errStopping  = errors.New("the broker is stopping")
	errTimedOut  = errors.New("the operation exceeded its deadline")
	errExited    = errors.New("the provider ended its goroutine")
	errAbandoned = errors.New("the provider did not return after its context ended")
)

// GivenUp reports whether the context of an attempt ended because its operation is over:
// a delete request cancelled it, or it exceeded its deadline. Work that goes on elsewhere
// can stop then. A context that ended for another reason leaves the operation to another
// attempt, possibly in another process.
func GivenUp(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return errors.Is(cause, errCancelled) || errors.Is(cause, errTimedOut)
}

// A failure is the public part of the error of a failed operation, as it is stored.
// RetryAfter is for a waiting request.
type failure document.Failure

// plainError copies an error of a provider into types of this package. The methods of
// a provider's error type may panic, for example for a nil pointer in an error. Call
// plainError where a panic is recovered.
func plainError(err error) error {
	if err == nil {
		return nil
	}
	s := &providerError{text: fmt.Sprint(err)}
	var answer *openbroker.Error
	if errors.As(err, &answer) && answer != nil {
		public := openbroker.NewError(answer.Status, answer.Code, answer.Description)
		public.InstanceUsable, public.UpdateRepeatable, public.RetryAfter = answer.InstanceUsable, answer.UpdateRepeatable, answer.RetryAfter
		s.parts = append(s.parts, public)
	}
	if errors.Is(err, errUnimplemented) {
		s.parts = append(s.parts, errUnimplemented)
	}
	if retry, ok := asRetryable(err); ok {
		s.parts = append(s.parts, &retryable{err: errors.New(s.text), after: retry.after})
	}
	return s
}

type providerError struct {
	text  string
	parts []error
}

func (s *providerError) Error() string   { return s.text }
func (s *providerError) Unwrap() []error { return s.parts }

// failureOf returns the public part of the error that failed the operation.
func failureOf(err error, operationID string) *failure {
	var answer *openbroker.Error
	switch {
	case errors.Is(err, errCancelled):
		return &failure{Status: http.StatusConflict, Description: "The operation was cancelled because the resource is being deleted."}
	case errors.Is(err, errDeleted):
		return &failure{Status: http.StatusConflict, Description: "The operation succeeded, but the resource has been deleted since."}
	case errors.Is(err, errTimedOut):
		return &failure{Status: http.StatusGatewayTimeout, Description: "The operation took too long. Its id is " + operationID + "."}
	case errors.As(err, &answer) && answer != nil:
		f := &failure{
			Status: answer.Status, Code: answer.Code, Description: answer.Description,
			InstanceUsable: answer.InstanceUsable, UpdateRepeatable: answer.UpdateRepeatable, RetryAfter: answer.RetryAfter,
		}
		setDefault(&f.Status, http.StatusNotFound) // As the handler reads it.
		setDefault(&f.Description, "The operation failed.")
		return f
	default:
		return &failure{
			Status:      http.StatusInternalServerError,
			Description: "The service broker could not complete the operation. Its log has the cause under the operation id " + operationID + ".",
		}
	}
}

func (f *failure) encode() []byte {
	stored := document.Failure(*f)
	encoded, err := document.Encode(&stored)
	if err != nil {
		return []byte(`{"description":"The operation failed."}`)
	}
	return encoded
}

// EncodeFailure returns an error as the [OperationRecord].Failure of the operation
// that it failed.
func EncodeFailure(err *openbroker.Error) []byte { return failureOf(err, "").encode() }

func readFailure(stored []byte) *failure {
	d := document.Failure{Description: "The operation failed."}
	if len(stored) > 0 && document.Decode(stored, &d) != nil {
		d = document.Failure{Description: "The operation failed."}
	}
	f := failure(d)
	setDefault(&f.Status, http.StatusInternalServerError)
	return &f
}

// err returns the failure as the answer to a waiting request.
func (f *failure) err() error {
	e := openbroker.NewError(f.Status, f.Code, f.Description)
	e.InstanceUsable, e.UpdateRepeatable, e.RetryAfter = f.InstanceUsable, f.UpdateRepeatable, f.RetryAfter
	return e
}
