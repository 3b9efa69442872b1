package durable

import (
	"fmt"
	"time"
)

// A ResponseMode says whether requests wait for their operation.
type ResponseMode string

const (
	// ModeAutomatic answers 201 or 200 if the operation ends within SyncWait, and
	// 202 otherwise. A client that does not accept a 202 waits for the end.
	ModeAutomatic ResponseMode = "automatic"
	// ModeSynchronous always waits for the end.
	ModeSynchronous ResponseMode = "synchronous"
	// ModeAsynchronous always answers 202, and 422 AsyncRequired to a client that
	// does not accept it.
	ModeAsynchronous ResponseMode = "asynchronous"
)

// A Cleanup says what becomes of an instance or binding whose creation failed.
type Cleanup string

const (
	// CleanupAutomatic deletes it: the engine calls Deprovision or Unbind until
	// that succeeds.
	CleanupAutomatic Cleanup = "automatic"
	// CleanupManual leaves it to be looked at; the platform's delete request
	// deletes it.
	CleanupManual Cleanup = "manual"
)

// RemainingBindings says what a deprovision does about bindings that the
// platform has not deleted, which it should have (spec.md, "Deprovisioning").
type RemainingBindings string

const (
	// RemainingBindingsUnbind deletes the bindings first.
	RemainingBindingsUnbind RemainingBindings = "unbind"
	// RemainingBindingsRefuse answers the deprovision with 422.
	RemainingBindingsRefuse RemainingBindings = "refuse"
)

// A Policy is how the engine treats the operations of a plan. An empty field
// takes the value of [Config.DefaultPolicy], and that the default below.
type Policy struct {
	// Mode is Automatic by default.
	Mode ResponseMode
	// BindingMode is that of bind and unbind; Mode by default.
	BindingMode ResponseMode
	// SyncWait is how long Automatic waits, and how long a binding waits its
	// turn without ParallelBindings; 1 s by default.
	SyncWait time.Duration
	// Deadline is how long an operation may take, all attempts together; the
	// plan's maximum_polling_duration, or 1 h, by default.
	Deadline time.Duration
	// Attempts is how often a provision, update or bind is tried, if its errors
	// are Retryable; 5 by default.
	Attempts int
	// BackoffMin is the pause after the first failed attempt; it doubles up to
	// BackoffMax. 1 s and 1 min by default.
	BackoffMin, BackoffMax time.Duration
	// Cleanup is CleanupAutomatic by default.
	Cleanup Cleanup
	// ParallelBindings allows operations on several bindings of one instance at
	// a time, the default. With false, a bind or an unbind waits its turn for up
	// to SyncWait, and then gets ErrConcurrency.
	ParallelBindings *bool
	// RemainingBindings is UnbindRemaining by default.
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

// backoff is the pause after the given number of failed attempts.
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
