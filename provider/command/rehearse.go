package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/message"
	"github.com/openbroker/openbroker/provider/internal/rehearsal"
)

var (
	_ provider.Tester  = (*Provider)(nil)
	_ rehearsal.Target = rehearsed{}
)

// Test tests the program.
func (p *Provider) Test(ctx context.Context, run provider.TestRun) error {
	return rehearsal.Run(ctx, rehearsed{p, afterFunc}, run)
}

// A rehearsed provider is the target of a test.
type rehearsed struct {
	provider *Provider
	// after ends a program in the middle of its work, for which it has a duration.
	after func(d time.Duration, end func()) (stop func())
}

func afterFunc(d time.Duration, end func()) (stop func()) {
	timer := time.AfterFunc(d, end)
	return func() { timer.Stop() }
}

// Has reports whether there is a program for an operation.
func (r rehearsed) Has(operation message.Operation) bool {
	s := &r.provider.settings
	switch operation {
	case message.Check:
		return s.Check
	case message.List:
		return s.List
	default:
		return s.command(operation) != nil
	}
}

// errEnded is the cause of an interruption.
var errEnded = errors.New("the test ended the program")

// Call runs the program once.
func (r rehearsed) Call(ctx context.Context, asked rehearsal.Call) rehearsal.Outcome {
	p := r.provider
	notes := new(recorder)
	c := &call{
		provider: p, request: asked.Request, logger: slog.New(slog.DiscardHandler), progress: notes,
		grace: time.Duration(p.settings.Grace), unknown: asked.Unknown,
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if asked.Ending != rehearsal.Whole {
		defer r.after(asked.After, func() { cancel(errEnded) })()
	}
	if asked.Ending == rehearsal.Killed {
		c.grace = immediately
	}
	answer, err := c.run(ctx)
	outcome := rehearsal.Outcome{Answer: answer, Err: err, Checkpoint: notes.checkpoint, Faults: c.talk.faults, Log: c.stderr.text(&c.masker)}
	if errors.Is(err, errEnded) {
		outcome.Err, outcome.Interrupted = nil, true
	}
	if c.exit.Killed && asked.Ending != rehearsal.Killed {
		outcome.Faults = append(outcome.Faults, fmt.Sprintf("the program ignores TERM: it was killed after the grace of %s", c.grace))
	}
	if len(c.exit.Left) > 0 && !outcome.Interrupted {
		outcome.Faults = append(outcome.Faults, "the program left processes behind, which were ended: "+strings.Join(c.exit.Left, ", "))
	}
	if len(c.exit.Stuck) > 0 {
		outcome.Faults = append(outcome.Faults, "the program left processes behind that cannot be ended: "+strings.Join(c.exit.Stuck, ", "))
	}
	if outcome.Log != c.stderr.text(new(message.Masker)) {
		outcome.Notes = append(outcome.Notes, "the program prints values to its standard error that may be secret: the log has [redacted] for them")
	}
	return outcome
}

// A recorder keeps what the program says while it works.
type recorder struct {
	mu         sync.Mutex
	checkpoint json.RawMessage
}

// Save keeps a checkpoint.
func (r *recorder) Save(_ context.Context, v any) error {
	encoded, err := json.Marshal(v)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checkpoint = encoded
	return nil
}

// Report forgets a description.
func (*recorder) Report(context.Context, string) error { return nil }
