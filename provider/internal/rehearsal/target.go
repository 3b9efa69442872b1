package rehearsal

import (
	"context"
	"encoding/json"
	"time"

	"github.com/openbroker/openbroker/provider/internal/message"
)

// A Target is what is tested.
type Target interface {
	// Has reports whether the target has an operation.
	Has(operation message.Operation) bool
	// Call sends a request. The end of ctx is like that of an operation.
	Call(ctx context.Context, call Call) Outcome
}

// A Call is a request, and how it ends.
type Call struct {
	Request *message.Request
	// Unknown adds a member that the target does not know.
	Unknown bool
	// Ending ends the call after some time, unless it ended before.
	Ending Ending
	After  time.Duration
}

// An Ending is how a call is interrupted.
type Ending int

// The endings.
const (
	// Whole: the call is not interrupted.
	Whole Ending = iota
	// Killed: as in a crash, without a warning.
	Killed
	// Cancelled: the target is asked to stop, as by a deletion.
	Cancelled
)

// An Outcome is what came of a [Call].
type Outcome struct {
	// Answer is what the target answered; nil if Err or Interrupted.
	Answer *message.Answer
	// Err says why there is no answer.
	Err error
	// Interrupted says that the call ended as wanted.
	Interrupted bool
	// Checkpoint is what the target saved last.
	Checkpoint json.RawMessage
	// Faults are what the target did wrong besides, Notes what may be wrong.
	Faults, Notes []string
	// Log is what it wrote for its operator, without secrets.
	Log string
}
