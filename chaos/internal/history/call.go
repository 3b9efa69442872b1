package history

import (
	"fmt"
	"net/http"
)

// A Kind is the kind of a request.
type Kind string

// The kinds of requests. Fetch and Poll are the reading ones: GET of a resource,
// and GET of last_operation.
const (
	Provision   Kind = "provision"
	Update      Kind = "update"
	Deprovision Kind = "deprovision"
	Bind        Kind = "bind"
	Unbind      Kind = "unbind"
	Fetch       Kind = "fetch"
	Poll        Kind = "poll"
)

// A Call is a request with its response.
type Call struct {
	// Client is the number of the client, from 0.
	Client int
	Kind   Kind
	// Binding is the binding, or "" for a request about the instance.
	Binding string
	// Version stands for the attributes in the request: two requests have the
	// same attributes if they have the same version.
	Version int
	// Accepts is true if the client accepts a 202.
	Accepts bool
	// Polled is the operation of a poll, or "" for the last one.
	Polled string
	// Sent and Answered are times on one clock that never goes back.
	Sent, Answered int64
	Answer
}

// An Answer is a response.
type Answer struct {
	// Lost is true without a response.
	Lost bool
	// Status is the status, Code the error code.
	Status int
	Code   string
	// Operation is the operation of a 202.
	Operation string
	// State is the state in the response to a poll.
	State string
	// Writer is the operation that made the content of the response.
	Writer string
	// Found is the version of the resource in the response to a Fetch.
	Found int
	// Cancelled is true for the error of an operation that a deletion cancelled.
	Cancelled bool
	// Deleted is true for the error that the operation succeeded, but the resource was
	// deleted before the response.
	Deleted bool
	// Continues is true for an error after which the operation continues.
	Continues bool
}

// reads reports whether the request changes nothing.
func (c *Call) reads() bool { return c.Kind == Fetch || c.Kind == Poll }

// uncertain reports whether the client does not know if the request took effect. A 503
// means that the store did not answer in time; it may have written nevertheless.
func (c *Call) uncertain() bool { return c.Lost || c.Status == http.StatusServiceUnavailable }

// waited reports whether the response is the result of an operation.
func (c *Call) waited() (result, succeeded bool) {
	switch {
	case c.reads(), c.uncertain(), c.Status == http.StatusAccepted, c.Continues:
		return false, false
	case c.Status == http.StatusOK, c.Status == http.StatusCreated:
		return true, true
	case c.Cancelled:
		return true, false
	case c.Deleted:
		return true, true
	default:
		return !c.decided(), false
	}
}

// decided reports whether the response is an error that the broker decides by the
// state of the records.
func (c *Call) decided() bool {
	switch c.Status {
	case http.StatusNotFound, http.StatusConflict, http.StatusGone:
		return !c.Cancelled && !c.Deleted
	case http.StatusUnprocessableEntity:
		return c.Code == codeConcurrency || c.Code == codeAsyncRequired
	default:
		return false
	}
}

const (
	codeConcurrency   = "ConcurrencyError"
	codeAsyncRequired = "AsyncRequired"
)

// String describes the call on one line.
func (c *Call) String() string {
	text := string(c.Kind)
	if c.Binding != "" {
		text += " " + c.Binding
	}
	if !c.reads() {
		text += fmt.Sprintf(" v%d", c.Version)
		if !c.Accepts {
			text += " sync"
		}
	}
	if c.Kind == Poll {
		text += fmt.Sprintf(" %q", c.Polled)
	}
	if c.Lost {
		return text + " -> lost"
	}
	text += fmt.Sprintf(" -> %d", c.Status)
	if c.Code != "" {
		text += " " + c.Code
	}
	if c.Operation != "" {
		text += " operation " + c.Operation
	}
	if c.State != "" {
		text += " state " + c.State
	}
	if c.Writer != "" {
		text += " by " + c.Writer
	}
	if c.Kind == Fetch && c.Status == http.StatusOK {
		text += fmt.Sprintf(" v%d", c.Found)
	}
	if c.Cancelled {
		text += " cancelled"
	}
	if c.Deleted {
		text += " deleted"
	}
	return text
}
