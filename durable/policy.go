package durable

import (
	"fmt"
	"time"
)

// A ResponseMode says whether requests wait for their operations.
type ResponseMode string

const (
	// ModeAutomatic answers 201 or 200 if the operation ends within SyncWait, and 202
	// otherwise. A request of a client that does not accept a 202 waits for the end.
	ModeAutomatic ResponseMode = "automatic"
	// ModeSynchronous always waits for the end.
	ModeSynchronous ResponseMode = "synchronous"
	// ModeAsynchronous always answers 202, and 422 AsyncRequired to a client that
	// does not accept it.
	ModeAsynchronous ResponseMode = "asynchronous"
)

// A Cleanup says what the engine does after a failed creation.
type Cleanup string

const (
	// CleanupAutomatic deletes the instance or binding: the engine calls Deprovision
	// or Unbind until that succeeds.
	CleanupAutomatic Cleanup = "automatic"
	// CleanupManual leaves the instance or binding for an operator. A delete request of
	// the platform deletes it.
	CleanupManual Cleanup = "manual"
)

// RemainingBindings says what a deprovision does with bindings that the platform has
// not deleted, although it should (spec.md, "Deprovisioning").
type RemainingBindings string

const (
	// RemainingBindingsUnbind deletes the bindings first.
	RemainingBindingsUnbind RemainingBindings = "unbind"
	// RemainingBindingsRefuse answers the deprovision with 422.
	RemainingBindingsRefuse RemainingBindings = "refuse"
)

// A Policy says how the engine treats the operations of a plan. An empty field has
// the value of [Config].DefaultPolicy. A field that is empty there, too, has the default
// below.
type Policy struct {
	// Mode applies to operations on instances; ModeAutomatic by default.
	Mode ResponseMode
	// BindingMode applies to bind and unbind; Mode by default.
	BindingMode ResponseMode
	// SyncWait is how long ModeAutomatic waits, and how long a bind or an unbind waits
	// its turn without ParallelBindings; 1 s by default.
	SyncWait time.Duration
	// Deadline is how long an operation may take, all attempts together; by default
	// the plan's maximum_polling_duration or, without one, 1 h.
	Deadline time.Duration
	// Attempts limits the attempts at a provision, update or bind whose errors are
	// Retryable; 5 by default.
	Attempts int
	// BackoffMin is the pause after the first failed attempt; 1 s by default. It
	// doubles up to BackoffMax; 1 min by default.
	BackoffMin, BackoffMax time.Duration
	// Cleanup is CleanupAutomatic by default.
	Cleanup Cleanup
	// ParallelBindings allows operations on several bindings of one instance at the
	// same time; true by default. With false, a bind or an unbind waits its turn for up
	// to SyncWait, and then returns ErrConcurrency.
	ParallelBindings *bool
	// RemainingBindings is RemainingBindingsUnbind by default.
	RemainingBindings RemainingBindings
}

func (p Policy) withDefaults(d Policy) Policy {
	setDefault(&p.Mode, d.Mode)
	setDefault(&p.BindingMode, d.BindingMode)
	setDefault(&p.SyncWait, d.SyncWait)
	setDefault(&p.Deadline, d.Deadline)
	setDefault(&p.Attempts, d.Attempts)
	setDefault(&p.BackoffMin, d.BackoffMin)
	setDefault(&p.BackoffMax, d.BackoffMax)
	setDefault(&p.Cleanup, d.Cleanup)
	setDefault(&p.ParallelBindings, d.ParallelBindings)
	setDefault(&p.RemainingBindings, d.RemainingBindings)
	return p
}

// AllowsParallelBindings reports whether operations on several bindings of an
// instance may run at the same time.
func (p Policy) AllowsParallelBindings() bool {
	return p.ParallelBindings == nil || *p.ParallelBindings
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (p Policy) validate(where string) error {
	oneOf := func(field, value string, allowed ...string) error {
		for _, a := range append(allowed, "") {
			if value == a {
				return nil
			}
		}
		return fmt.Errorf("%s.%s is %q: it must be one of %q", where, field, value, allowed)
	}
	for _, err := range []error{
		oneOf("mode", string(p.Mode), string(ModeAutomatic), string(ModeSynchronous), string(ModeAsynchronous)),
		oneOf("binding_mode", string(p.BindingMode), string(ModeAutomatic), string(ModeSynchronous), string(ModeAsynchronous)),
		oneOf("cleanup", string(p.Cleanup), string(CleanupAutomatic), string(CleanupManual)),
		oneOf("remaining_bindings", string(p.RemainingBindings), string(RemainingBindingsUnbind), string(RemainingBindingsRefuse)),
	} {
		if err != nil {
			return err
		}
	}
	for _, d := range []struct {
		field string
		value time.Duration
	}{{"sync_wait", p.SyncWait}, {"deadline", p.Deadline}, {"backoff_min", p.BackoffMin}, {"backoff_max", p.BackoffMax}} {
		if d.value < 0 {
			return fmt.Errorf("%s.%s is %v: it must not be negative", where, d.field, d.value)
		}
	}
	if p.Attempts < 0 {
		return fmt.Errorf("%s.attempts is %d: it must not be negative", where, p.Attempts)
	}
	return nil
}

// backoff returns the pause after the given number of failed attempts.
func (p Policy) backoff(failures int) time.Duration {
	pause := p.BackoffMin
	for range failures - 1 {
		if pause >= p.BackoffMax {
			break
		}
		pause *= 2
	}
	return min(pause, p.BackoffMax)
}
