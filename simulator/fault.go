package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
)

// A Fault is a configured misbehaviour. Exactly one of Status, State, Panic,
// Drop, Malformed, Slow and WrongState selects it.
//
// With State, the operation fails. Otherwise the response has the fault. It
// applies only to requests that have passed all checks of the handler.
type Fault struct {
	// On is the operation that has the fault. In parameters, the default is the
	// operation that carries them. At the control endpoint, the default is any
	// operation.
	On Operation `json:"on,omitempty"`
	// Plan (a name or an id), InstanceID and BindingID limit a fault of the
	// control endpoint to the requests that have them.
	Plan       string `json:"plan,omitempty"`
	InstanceID string `json:"instance_id,omitempty"`
	BindingID  string `json:"binding_id,omitempty"`
	// Skip is the number of requests before a fault of the control endpoint first
	// applies.
	Skip int `json:"skip,omitempty"`
	// Times is how often the fault applies. 0 means once in parameters, and Always
	// at the control endpoint.
	Times Times `json:"times,omitempty"`

	// Status is the status of the response, from 200 to 599. Error, Description
	// and RetryAfter require a status of 400 or above. Other statuses have the
	// body {}.
	Status      int      `json:"status,omitempty"`
	Error       string   `json:"error,omitempty"`
	Description string   `json:"description,omitempty"`
	RetryAfter  Duration `json:"retry_after,omitempty"`
	// State is "failed": the operation fails after the broker accepted it.
	// Description is the reason.
	State string `json:"state,omitempty"`
	// InstanceUsable and UpdateRepeatable require State or a Status of 400 or
	// above. The handler sends them where the specification allows it.
	InstanceUsable   *bool `json:"instance_usable,omitempty"`
	UpdateRepeatable *bool `json:"update_repeatable,omitempty"`
	// Panic makes the code of the broker panic. The response is a 500 without
	// details.
	Panic bool `json:"panic,omitempty"`
	// Drop closes the connection without a response.
	Drop bool `json:"drop,omitempty"`
	// After, with Status, Panic or Drop, makes the broker process the request
	// before the fault.
	After bool `json:"after,omitempty"`
	// Malformed replaces the body of the response.
	Malformed Malformed `json:"malformed,omitempty"`
	// Slow is how long the response takes, at most 10 min. The body arrives in
	// small pieces. If Part is PartHeaders, the headers are late instead.
	Slow Duration `json:"slow,omitempty"`
	Part Part     `json:"part,omitempty"`
	// WrongState replaces the state in the response to a poll.
	WrongState string `json:"wrong_state,omitempty"`
}

// A Malformed is a kind of malformed body.
type Malformed string

// The malformed bodies. The status does not change.
const (
	// Truncated ends in the middle of the JSON.
	Truncated Malformed = "truncated"
	// Trailing is JSON with data after it.
	Trailing Malformed = "trailing"
	// Empty is an empty body.
	Empty Malformed = "empty"
	// HTML is an error page of a proxy, with its content type.
	HTML Malformed = "html"
	// Array and Null are JSON, but not an object.
	Array Malformed = "array"
	Null  Malformed = "null"
	// WrongTypes is an object whose fields all have the wrong type.
	WrongTypes Malformed = "wrong_types"
)

var malformed = []Malformed{Truncated, Trailing, Empty, HTML, Array, Null, WrongTypes}

// A Part is the part of a response that is slow.
type Part string

// The parts of a response.
const (
	PartHeaders Part = "headers"
	PartBody    Part = "body"
)

// Times is how often a fault applies: a number, or Always.
type Times int

// Always applies a fault without a limit. In JSON it is "always".
const Always Times = -1

// MarshalJSON encodes Always as "always".
func (t Times) MarshalJSON() ([]byte, error) {
	if t == Always {
		return []byte(`"always"`), nil
	}
	return json.Marshal(int(t))
}

// UnmarshalJSON decodes a number from 1 to 100 or "always".
func (t *Times) UnmarshalJSON(data []byte) error {
	if string(data) == `"always"` {
		*t = Always
		return nil
	}
	n := 0
	if json.Unmarshal(data, &n) != nil || n < 1 || n > maxTimes {
		return fmt.Errorf("must be a number from 1 to %d, or \"always\"", maxTimes)
	}
	*t = Times(n)
	return nil
}

const (
	maxTimes = 100
	maxSlow  = 10 * time.Minute
)

// DefaultDescription is the description of a Fault without one.
const DefaultDescription = "The simulator fails as configured."

// A place is where a fault was set. It determines the fields that the fault may have.
type place int

const (
	inInstance place = iota // the parameters of a provision or an update
	inBinding               // the parameters of a bind
	inControl               // the control endpoint
)

// operations returns the operations that a fault may have.
func (p place) operations() []Operation {
	switch p {
	case inInstance:
		return changes
	case inBinding:
		return []Operation{OnBind, OnUnbind}
	default:
		return all
	}
}

// effects returns the names of the set fields that select a misbehaviour.
func (f *Fault) effects() (found []string) {
	for _, e := range []struct {
		name  string
		there bool
	}{
		{"status", f.Status != 0},
		{"state", f.State != ""},
		{"panic", f.Panic},
		{"drop", f.Drop},
		{"malformed", f.Malformed != ""},
		{"slow", f.Slow != 0},
		{"wrong_state", f.WrongState != ""},
	} {
		if e.there {
			found = append(found, e.name)
		}
	}
	return found
}

// validate returns an error that begins with the invalid field.
func (f *Fault) validate(p place) error {
	effects := f.effects()
	if len(effects) != 1 {
		return fmt.Errorf(" must have exactly one of status, state, panic, drop, malformed, slow and wrong_state, not %s", count(effects))
	}
	if allowed := p.operations(); f.On != "" && !slices.Contains(allowed, f.On) {
		return fmt.Errorf(".on must be one of %s", list(allowed))
	}
	refused := f.Status != 0 && f.Status >= http.StatusBadRequest
	for _, rule := range []struct {
		broken bool
		says   string
	}{
		{f.Status != 0 && (f.Status < 200 || f.Status > 599), ".status must be a number from 200 to 599"},
		{f.State != "" && f.State != "failed", ".state must be \"failed\"; wrong_state sends any other text"},
		{f.Malformed != "" && !slices.Contains(malformed, f.Malformed), ".malformed must be true or one of " + list(malformed)},
		{f.Slow < 0 || time.Duration(f.Slow) > maxSlow, ".slow must be a duration from 0s to " + maxSlow.String()},
		{f.Part != "" && f.Part != PartHeaders && f.Part != PartBody, ".part must be \"headers\" or \"body\""},
		{len(f.WrongState) > 200, ".wrong_state must not be longer than 200 bytes"},
		{f.Times < Always || f.Times > maxTimes, fmt.Sprintf(".times must be a number from 1 to %d, or \"always\"", maxTimes)},
		{f.RetryAfter < 0, ".retry_after must not be negative"},
		{f.Skip < 0, ".skip must not be negative"},
		{f.Error != "" && !refused, ".error requires a status of 400 or above"},
		{f.RetryAfter != 0 && !refused, ".retry_after requires a status of 400 or above"},
		{f.Description != "" && !refused && f.State == "", ".description requires state or a status of 400 or above"},
		{f.InstanceUsable != nil && !refused && f.State == "", ".instance_usable requires state or a status of 400 or above"},
		{f.UpdateRepeatable != nil && !refused && f.State == "", ".update_repeatable requires state or a status of 400 or above"},
		{f.After && f.Status == 0 && !f.Panic && !f.Drop, ".after requires status, panic or drop"},
		{f.Part != "" && f.Slow == 0, ".part requires slow"},
		{p != inControl && f.Plan != "", ".plan is only for the control endpoint"},
		{p != inControl && f.InstanceID != "", ".instance_id is only for the control endpoint"},
		{p != inControl && f.BindingID != "", ".binding_id is only for the control endpoint"},
		{p != inControl && f.Skip != 0, ".skip is only for the control endpoint"},
		{p == inControl && f.State != "" && f.On != "" && !slices.Contains(changes, f.On), ".on with state must be one of " + list(changes)},
		{p == inControl && f.WrongState != "" && f.On != "" && !slices.Contains(polls, f.On), ".on with wrong_state must be one of " + list(polls)},
	} {
		if rule.broken {
			return errors.New(rule.says)
		}
	}
	return nil
}

func count(effects []string) string {
	if len(effects) == 0 {
		return "none"
	}
	return strings.Join(effects, " and ")
}

func list[T ~string](values []T) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = string(v)
	}
	return strings.Join(quoted, ", ")
}

// ofOperation reports whether the operation has the fault, and not a response.
func (f *Fault) ofOperation() bool { return f.State != "" }

// times returns f.Times or the default.
func (f *Fault) times(byDefault Times) Times {
	if f.Times == 0 {
		return byDefault
	}
	return f.Times
}

// err returns the error of the response, or the failure of the operation.
func (f *Fault) err(status int) *openbroker.Error {
	description := f.Description
	if description == "" {
		description = DefaultDescription
	}
	e := openbroker.NewError(status, f.Error, description)
	e.InstanceUsable, e.UpdateRepeatable, e.RetryAfter = f.InstanceUsable, f.UpdateRepeatable, time.Duration(f.RetryAfter)
	return e
}
