package admin

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/openbroker/openbroker/durable"
)

const (
	// CountCap is the highest count of [Admin.Summary].
	CountCap = 10_001
	// StuckAfter is how long an open operation may be without a worker.
	StuckAfter = 15 * time.Minute
	// Recently is how long ago a failure of [Summary].Failed may be.
	Recently = 24 * time.Hour
)

// FormatCount returns a count of [Admin.Summary] as text. A count at the cap is "10k+".
func FormatCount(n int) string {
	if n >= CountCap {
		return "10k+"
	}
	return strconv.Itoa(n)
}

// FormatAge returns how long something lasts as text, in its largest two units.
func FormatAge(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < day:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	default:
		return fmt.Sprintf("%d d %d h", int(d/day), int(d.Hours())%24)
	}
}

// Condition returns the state of an operation in more detail: an open one is stuck,
// cancelling, retrying, running or waiting. now is the time of the database.
func (o *Operation) Condition(now time.Time) string {
	idle := now.Add(-StuckAfter)
	switch {
	case !o.FinishedAt.IsZero():
		return string(o.State)
	case !o.Deadline.IsZero() && !o.Deadline.After(now), !o.LeaseUntil.After(idle) && !o.UpdatedAt.After(idle):
		return "stuck"
	case o.State == durable.OperationCancelling:
		return string(o.State)
	case o.LeaseUntil.After(now) && o.Failures == 0:
		return "running"
	case o.Failures > 0:
		return "retrying"
	default:
		return "waiting"
	}
}

// A SummaryScope limits what [Store.Summarize] reads.
type SummaryScope struct {
	// Cap is the highest count, so that the cost of a summary does not grow with the
	// store. A count of Cap means at least so many. Only the Cap oldest open operations
	// and the Cap newest failures are looked at.
	Cap int
	// Idle is how long an open operation may be without a worker until it is stuck.
	Idle time.Duration
	// Recent is how long ago a failure may be.
	Recent time.Duration
}

// A Summary counts what a store holds.
type Summary struct {
	// Now is the time of the database.
	Now time.Time `json:"now"`
	// Instances counts the instances by status. A status that no instance has is
	// missing.
	Instances map[durable.RecordStatus]int `json:"instances"`
	// Open counts the operations that have not ended. The next four count some of
	// them: those with a worker, those that are being cancelled, those with failed
	// attempts, and those that are stuck, see [QueueFilter].
	Open       int `json:"open"`
	Running    int `json:"running"`
	Cancelling int `json:"cancelling"`
	Retrying   int `json:"retrying"`
	Stuck      int `json:"stuck"`
	// OldestOpen is when the oldest open operation began, or zero.
	OldestOpen time.Time `json:"oldest_open,omitzero"`
	// Failed counts the operations that have failed recently.
	Failed int `json:"failed"`
	// Replicas are the replicas that work on operations, ordered by name. A replica
	// without work is not in the store.
	Replicas []Replica `json:"replicas,omitempty"`
}

// A Replica is a process that holds leases.
type Replica struct {
	Name string `json:"name"`
	// Operations counts the operations that it works on.
	Operations int `json:"operations"`
}

// A QueueFilter selects open operations. Empty fields select all.
type QueueFilter struct {
	// Stuck, if positive, selects operations that have passed their deadline, and those
	// that have been without a worker for this long.
	Stuck time.Duration
	// Retrying selects operations with failed attempts.
	Retrying   bool
	Platform   string
	InstanceID string
	Kind       durable.OperationKind
	State      durable.OperationState
	// AfterID is the ID of the last operation of the previous page.
	AfterID string
	// Limit is the maximum number of operations; 0 means 100.
	Limit int
}

// Summary counts what the store holds, up to CountCap.
func (a *Admin) Summary(ctx context.Context) (*Summary, error) {
	return a.store.Summarize(ctx, SummaryScope{Cap: CountCap, Idle: StuckAfter, Recent: Recently})
}

// Queue lists open operations, oldest first. The error wraps durable.ErrNotFound if
// the operation f.AfterID was pruned: start again with the first page.
func (a *Admin) Queue(ctx context.Context, f QueueFilter) ([]Operation, error) {
	records, err := a.store.Queue(ctx, f)
	return views(records), err
}

// Stuck lists the oldest open operations that are stuck, see [QueueFilter].
func (a *Admin) Stuck(ctx context.Context, limit int) ([]Operation, error) {
	return a.Queue(ctx, QueueFilter{Stuck: StuckAfter, Limit: limit})
}

// Retrying lists the oldest open operations with failed attempts.
func (a *Admin) Retrying(ctx context.Context, limit int) ([]Operation, error) {
	return a.Queue(ctx, QueueFilter{Retrying: true, Limit: limit})
}

// Failed lists the newest operations that have failed recently.
func (a *Admin) Failed(ctx context.Context, limit int) ([]Operation, error) {
	clock, err := a.store.Load(ctx, durable.Key{})
	if err != nil {
		return nil, err
	}
	operations, err := a.Operations(ctx, durable.Filter{State: durable.OperationFailed, Limit: limit})
	return slices.DeleteFunc(operations, func(o Operation) bool { return !o.FinishedAt.After(clock.Now.Add(-Recently)) }), err
}

// LeftBehind lists instances whose creation failed, and of which a resource may be left.
func (a *Admin) LeftBehind(ctx context.Context, limit int) ([]Instance, error) {
	return a.Instances(ctx, durable.Filter{Status: durable.StatusCreateFailed, Limit: limit})
}
