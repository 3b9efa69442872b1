//go:build unix

package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// The kinds of calls.
const (
	kindProvision   = string(durable.KindProvision)
	kindUpdate      = string(durable.KindUpdate)
	kindDeprovision = string(durable.KindDeprovision)
	kindBind        = string(durable.KindBind)
	kindUnbind      = string(durable.KindUnbind)
	// kindGet is the kind of requests that only read.
	kindGet = "get"
)

// secretPrefix marks secrets, which must not be logged.
const secretPrefix = "chaos-secret-"

// A provider keeps resources in the ledger, slowly and unreliably.
type provider struct {
	ledger   *ledgerClient
	seed     uint64
	sabotage string
}

var _ durable.Provider = (*provider)(nil)

// A checkpoint is the data that an attempt saves.
type checkpoint struct {
	Token int64 `json:"token"`
}

// A providerState is the state that the engine keeps for the provider.
type providerState struct {
	Writer string `json:"writer"`
}

func stateOf(fingerprint string) json.RawMessage {
	encoded, err := json.Marshal(providerState{Writer: fingerprint})
	if err != nil {
		return nil
	}
	return encoded
}

func writerOf(state json.RawMessage) string {
	var s providerState
	if len(state) > 0 && json.Unmarshal(state, &s) != nil {
		return "unreadable state"
	}
	return s.Writer
}

func dashboardURL(fingerprint string) string { return "https://chaos.example.com/" + fingerprint }

// Provision implements [durable.Provider].
func (p *provider) Provision(ctx context.Context, task *durable.Task, i durable.Instance) (durable.ProvisionResult, error) {
	mark := fingerprint(task.ID(), task.Generation())
	err := p.try(ctx, task, attempt{Kind: kindProvision, Instance: i.ID}, effect{resource: resourceOf(i)})
	return durable.ProvisionResult{DashboardURL: dashboardURL(mark), State: stateOf(mark)}, err
}

// Update implements [durable.Provider].
func (p *provider) Update(ctx context.Context, task *durable.Task, i, _ durable.Instance) (durable.UpdateResult, error) {
	mark := fingerprint(task.ID(), task.Generation())
	err := p.try(ctx, task, attempt{Kind: kindUpdate, Instance: i.ID, Writer: writerOf(i.State)}, effect{resource: resourceOf(i)})
	return durable.UpdateResult{DashboardURL: dashboardURL(mark), State: stateOf(mark)}, err
}

// Deprovision implements [durable.Provider].
func (p *provider) Deprovision(ctx context.Context, task *durable.Task, i durable.Instance) error {
	return p.try(ctx, task, attempt{Kind: kindDeprovision, Instance: i.ID, Writer: writerOf(i.State)}, effect{Remove: true})
}

// Bind implements [durable.Provider].
func (p *provider) Bind(ctx context.Context, task *durable.Task, b durable.Binding) (durable.BindResult, error) {
	secret := secretPrefix + rand.Text()
	mark := fingerprint(task.ID(), task.Generation())
	err := p.try(ctx, task, attempt{Kind: kindBind, Instance: b.Instance.ID, Binding: b.ID, Writer: writerOf(b.Instance.State)}, effect{resource: resource{Secret: secret}})
	return durable.BindResult{Credentials: openbroker.Credentials{"writer": mark, "password": secret}, State: stateOf(mark)}, err
}

// Unbind implements [durable.Provider].
func (p *provider) Unbind(ctx context.Context, task *durable.Task, b durable.Binding) error {
	return p.try(ctx, task, attempt{Kind: kindUnbind, Instance: b.Instance.ID, Binding: b.ID, Writer: writerOf(b.State)}, effect{Remove: true})
}

func resourceOf(i durable.Instance) resource {
	return resource{Plan: i.PlanID, Parameters: string(i.Parameters)}
}

// try makes an attempt: it takes a token, confirms it and writes with it.
func (p *provider) try(ctx context.Context, task *durable.Task, a attempt, e effect) (err error) {
	a.Operation, a.Generation, a.Attempt, a.PID = task.ID(), task.Generation(), task.Attempt(), os.Getpid()
	var saved checkpoint
	if _, err := task.Load(&saved); err != nil {
		return fmt.Errorf("the checkpoint cannot be read: %w", err)
	}
	reply, err := p.ledger.call(ctx, "/begin", ledgerCall{Attempt: a, Checkpoint: saved.Token})
	switch {
	case err != nil:
		return durable.Retryable(err, 0)
	case reply.Refused:
		return durable.Retryable(errOvertake, 0)
	}
	a.Token = reply.Token
	outcome := outcomePanicked
	defer func() {
		if failure := p.end(ctx, a, outcome); failure != nil && err == nil {
			// The ledger must record a success before the engine does.
			err = durable.Retryable(failure, 0)
		}
	}()
	random := newRandom(p.seed, a.resource(), a.Kind, strconv.Itoa(reply.Ordinal))
	if err = p.carryOut(ctx, task, a, e, random.Uint64(), behave(random, a.Kind, a.Attempt == 1)); err != nil {
		outcome = outcomeFailed
		var unsaved *unsavedError
		if errors.As(err, &unsaved) {
			outcome = outcomeInterrupted
		}
		return err
	}
	outcome = outcomeSucceeded
	return nil
}

func (p *provider) end(ctx context.Context, a attempt, outcome string) error {
	var err error
	for range 5 {
		if _, err = p.ledger.call(ctx, "/end", ledgerCall{Attempt: a, Outcome: outcome}); err == nil {
			return nil
		}
	}
	return err
}

func (p *provider) carryOut(ctx context.Context, task *durable.Task, a attempt, e effect, dice uint64, b behaviour) error {
	if err := save(ctx, task, a); err != nil {
		return err
	}
	if _, err := p.ledger.call(ctx, "/confirm", ledgerCall{Attempt: a}); err != nil {
		return durable.Retryable(err, 0)
	}
	if b.reports {
		_ = task.Report(ctx, "Attempt "+strconv.Itoa(a.Attempt)+" is running.") // The report is optional.
	}
	if err := b.wait(ctx, task, a, b.before); err != nil {
		return err
	}
	if b.hangs {
		if pause(ctx, longestHang) {
			return durable.Retryable(errTransient, 0)
		}
		return ctx.Err()
	}
	if b.panicBefore {
		panic("the provider panics before its effect")
	}
	if b.failBefore != nil {
		return b.failBefore
	}
	if !p.forgets(a.Kind, dice) {
		reply, err := p.ledger.call(ctx, "/apply", ledgerCall{Attempt: a, Effect: e})
		switch {
		case err != nil:
			return durable.Retryable(err, 0)
		case reply.Refused:
			return durable.Retryable(errOvertake, 0)
		}
	}
	if err := b.wait(ctx, task, a, b.after); err != nil {
		return err
	}
	if b.panicAfter {
		panic("the provider panics after its effect")
	}
	return b.failAfter
}

// savePause is the time between two checkpoints.
const savePause = 40 * time.Millisecond

// wait pauses and saves a checkpoint continually, so that every store outage
// affects a save. A provider that ignores its context does not save.
func (b behaviour) wait(ctx context.Context, task *durable.Task, a attempt, d time.Duration) error {
	if b.ignores {
		pause(context.WithoutCancel(ctx), d)
		return nil
	}
	for ; d > 0; d -= savePause {
		if !pause(ctx, min(d, savePause)) {
			return ctx.Err()
		}
		if err := save(ctx, task, a); err != nil {
			return err
		}
	}
	return nil
}

// An unsavedError means that the store was unavailable.
type unsavedError struct{ err error }

func (e *unsavedError) Error() string { return e.err.Error() }
func (e *unsavedError) Unwrap() error { return e.err }

// save saves the checkpoint. It returns the error unchanged because the run
// tests how the engine handles it.
func save(ctx context.Context, task *durable.Task, a attempt) error {
	err := task.Save(ctx, checkpoint{Token: a.Token})
	if err == nil || ctx.Err() != nil || errors.Is(err, durable.ErrFenced) || errors.Is(err, durable.ErrCancelling) {
		return err
	}
	return &unsavedError{err}
}
