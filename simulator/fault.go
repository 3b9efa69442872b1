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

// A Fault is one thing that goes wrong. Exactly one of Status, State, Panic,
// Drop, Malformed, Slow and WrongState says what.
//
// A fault is of an answer, and hits a request that has passed all checks of the
// handler; or, with State, of the operation itself.
type Fault struct {
	// On is the operation that goes wrong. In parameters it is the one that
	// carries them by default; at the control endpoint, any.
	On Operation `json:"on,omitempty"`
	// Plan (a name or an id), InstanceID and BindingID narrow a fault of the
	// control endpoint to the requests that name them.
	Plan       string `json:"plan,omitempty"`
	InstanceID string `json:"instance_id,omitempty"`
	BindingID  string `json:"binding_id,omitempty"`
	// Skip is how many requests a fault of the control endpoint lets pass first.
	Skip int `json:"skip,omitempty"`
	// Times is how often it happens. Zero stands for once in parameters, and
	// for Always at the control endpoint.
	Times Times `json:"times,omitempty"`

	// Status, 200 to 599, is the status of the answer. Error, Description and
	// RetryAfter belong to one from 400 on; the body of others is {}.
	Status      int      `json:"status,omitempty"`
	Error       string   `json:"error,omitempty"`
	Description string   `json:"description,omitempty"`
	RetryAfter  Duration `json:"retry_after,omitempty"`
	// State is "failed": the operation is accepted and fails. Description is
	// why.
	State string `json:"state,omitempty"`
	// InstanceUsable and UpdateRepeatable go with a Status from 400 on or with
	// State; the handler sends them where the specification allows it.
	InstanceUsable   *bool `json:"instance_usable,omitempty"`
	UpdateRepeatable *bool `json:"update_repeatable,omitempty"`
	// Panic makes the broker's code panic: a 500 that says nothing.
	Panic bool `json:"panic,omitempty"`
	// Drop closes the connection without an answer.
	Drop bool `json:"drop,omitempty"`
	// After, with Status, Panic or Drop, lets the broker do the work before the
	// answer is lost.
	After bool `json:"after,omitempty"`
	// Malformed replaces the body of the answer.
	Malformed Malformed `json:"malformed,omitempty"`
	// Slow is how long the answer takes, at most 10 min: the body, which
	// trickles, or, if Part is PartHeaders, the headers.
	Slow Duration `json:"slow,omitempty"`
	Part Part     `json:"part,omitempty"`
	// WrongState replaces the state of an operation that is polled.
	WrongState string `json:"wrong_state,omitempty"`
}

// A Malformed names a body that no platform can use.
type Malformed string

// The malformed bodies. The status stays what it is.
const (
	// Truncated ends in the middle of the JSON.
	Truncated Malformed = "truncated"
	// Trailing is JSON with something behind it.
	Trailing Malformed = "trailing"
	// Empty is no body at all.
	Empty Malformed = "empty"
	// HTML is the page of a proxy, with its content type.
	HTML Malformed = "html"
	// Array and Null are JSON, but no object.
	Array Malformed = "array"
	Null  Malformed = "null"
	// WrongTypes is an object whose fields all have the wrong type.
	WrongTypes Malformed = "wrong_types"
)

var malformed = []Malformed{Truncated, Trailing, Empty, HTML, Array, Null, WrongTypes}

// A Part is what of an answer is slow.
type Part string

// The parts of an answer.
const (
	PartHeaders Part = "headers"
	PartBody    Part = "body"
)

// Times is how often a fault happens: a number, or Always.
type Times int

// Always is without an end. It is "always" in JSON.
const Always Times = -1

// MarshalJSON encodes Always as "always".
func (t Times) MarshalJSON() ([]byte, error) {
	if t == Always {
		return []byte(`"always"`), nil
	}
	return json.Marshal(int(t))
}

// UnmarshalJSON decodes a number from 1 on or "always".
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

// DefaultDescription is that of a Fault without one.
const DefaultDescription = "The simulator was told to fail."

// place is where a fault was set, which decides what it may say.
type place int

const (
	inInstance place = iota // the parameters of a provision or an update
	inBinding               // those of a bind
	inControl
)

// operations are those that a fault may be on.
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

// effects names what f says that goes wrong.
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

// validate says what is wrong with f, naming the field.
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
		{f.Error != "" && !refused, ".error goes with a status from 400 on only"},
		{f.RetryAfter != 0 && !refused, ".retry_after goes with a status from 400 on only"},
		{f.Description != "" && !refused && f.State == "", ".description goes with a status from 400 on or with state only"},
		{f.InstanceUsable != nil && !refused && f.State == "", ".instance_usable goes with a status from 400 on or with state only"},
		{f.UpdateRepeatable != nil && !refused && f.State == "", ".update_repeatable goes with a status from 400 on or with state only"},
		{f.After && f.Status == 0 && !f.Panic && !f.Drop, ".after goes with status, panic or drop only"},
		{f.Part != "" && f.Slow == 0, ".part goes with slow only"},
		{p != inControl && f.Plan != "", ".plan is for the control endpoint only"},
		{p != inControl && f.InstanceID != "", ".instance_id is for the control endpoint only"},
		{p != inControl && f.BindingID != "", ".binding_id is for the control endpoint only"},
		{p != inControl && f.Skip != 0, ".skip is for the control endpoint only"},
		{p == inControl && f.State != "" && f.On != "" && !slices.Contains(changes, f.On), ".on must be one of " + list(changes) + " with state"},
		{p == inControl && f.WrongState != "" && f.On != "" && !slices.Contains(polls, f.On), ".on must be one of " + list(polls) + " with wrong_state"},
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

// ofOperation reports whether it is the operation that goes wrong, and not an
// answer.
func (f *Fault) ofOperation() bool { return f.State != "" }

// times is f.Times, or the default.
func (f *Fault) times(byDefault Times) Times {
	if f.Times == 0 {
		return byDefault
	}
	return f.Times
}

// err is the answer to the request, or why the operation failed.
func (f *Fault) err(status int) *openbroker.Error {
	description := f.Description
	if description == "" {
		description = DefaultDescription
	}
	e := openbroker.NewError(status, f.Error, description)
	e.InstanceUsable, e.UpdateRepeatable, e.RetryAfter = f.InstanceUsable, f.UpdateRepeatable, time.Duration(f.RetryAfter)
	return e
}
