package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// An Attribution says who intervenes and why, for the audit trail. Both fields are
// required. After [Admin.Cancel] and [Admin.Fail] the Reason is also the public
// description of the failure.
type Attribution struct{ Actor, Reason string }

// Retry makes an active operation due immediately: its worker loses its claim, its
// failed attempts are reset, and it has the whole time limit of its plan's policy
// again.
// If the creation or the deletion of an instance or binding failed and no clean-up
// runs, Retry begins a new deletion.
//
// All interventions return their entry in the audit trail. Their errors wrap
// durable.ErrNotFound if the record does not exist, and ErrRefused if the present
// state does not allow the intervention. Other errors come from the store.
func (a *Admin) Retry(ctx context.Context, t Target, by Attribution) (*AuditEntry, error) {
	return a.intervene(ctx, ActionRetry, t, by, func(s *durable.Snapshot, i *Intervention) error {
		operation, err := choose(s, t, "retry", durable.OperationActive)
		if err != nil {
			return err
		}
		if operation == nil {
			return a.deleteAgain(ctx, s, t, i)
		}
		i.change(operation, &OperationChange{State: durable.OperationActive, Timeout: a.lifecycle.Timeout(s.Instance, operation)})
		return nil
	})
}

// Cancel asks an active operation to stop. The operation fails when its worker has
// stopped, within [durable.Config].StopGrace, or immediately if it has no
// worker. The engine cleans up a creation, unless the plan's policy says manual. After
// any other operation, the record has its previous status.
func (a *Admin) Cancel(ctx context.Context, t Target, by Attribution) (*AuditEntry, error) {
	return a.intervene(ctx, ActionCancel, t, by, func(s *durable.Snapshot, i *Intervention) error {
		operation, err := choose(s, t, "cancel", durable.OperationActive)
		if err != nil {
			return err
		}
		if operation == nil {
			return a.ended(ctx, t, "cancel")
		}
		i.change(operation, stopped(durable.OperationCancelling, by))
		return a.fail(s, operation, "", i)
	})
}

// Fail ends an operation immediately as failed, even if it is being cancelled and does
// not stop. Its worker is fenced, and stops when it next renews its lease. The clean-up
// waits until that lease would have ended. cleanup, if not empty, replaces the cleanup
// of the plan's policy. Prefer Cancel, which waits for the worker.
func (a *Admin) Fail(ctx context.Context, t Target, by Attribution, cleanup durable.Cleanup) (*AuditEntry, error) {
	return a.intervene(ctx, ActionFail, t, by, func(s *durable.Snapshot, i *Intervention) error {
		operation, err := choose(s, t, "fail", durable.OperationActive, durable.OperationCancelling)
		if err != nil {
			return err
		}
		if operation == nil {
			return a.ended(ctx, t, "fail")
		}
		i.change(operation, stopped(durable.OperationFailed, by))
		if operation.State == durable.OperationCancelling {
			return nil // The cancellation has changed the records already.
		}
		return a.fail(s, operation, cleanup, i)
	})
}

// Forget deletes the record of an instance or a binding, with the bindings of the
// instance and all their operations. It does not call the provider: the resource
// stays, and the broker no longer knows it.
func (a *Admin) Forget(ctx context.Context, t Target, by Attribution) (*AuditEntry, error) {
	return a.intervene(ctx, ActionForget, t, by, func(s *durable.Snapshot, i *Intervention) error {
		if t.OperationID != "" {
			return fmt.Errorf("%w: %q is an operation: only instances and bindings can be forgotten", ErrRefused, t.OperationID)
		}
		for _, o := range s.Open {
			if t.Key.BindingID == "" || o.Key.BindingID == "" || o.Key.BindingID == t.Key.BindingID {
				return fmt.Errorf("%w: the %s %q is %s: fail it first", ErrRefused, o.Kind, o.ID, o.State)
			}
		}
		i.Forget, i.Audit.StatusAfter = true, ""
		return nil
	})
}

// maxConflicts limits how often an intervention is planned again after another
// change.
const maxConflicts = 50

// intervene plans an intervention from a snapshot and writes it. If another change
// came in between, it plans again.
func (a *Admin) intervene(ctx context.Context, action Action, t Target, by Attribution, plan func(*durable.Snapshot, *Intervention) error) (*AuditEntry, error) {
	if strings.TrimSpace(by.Actor) == "" || strings.TrimSpace(by.Reason) == "" {
		return nil, fmt.Errorf("%w: name the actor and the reason", ErrRefused)
	}
	for range maxConflicts {
		snapshot, err := a.store.Load(ctx, t.Key)
		if err != nil {
			return nil, err
		}
		if snapshot.Instance == nil || t.Key.BindingID != "" && snapshot.Binding == nil {
			return nil, fmt.Errorf("%w: %s", durable.ErrNotFound, describe(t.Key))
		}
		i := &Intervention{Expect: snapshot.Revision(), Audit: AuditEntry{Actor: by.Actor, Reason: by.Reason, Action: action, Key: t.Key}}
		i.Audit.StatusBefore = status(snapshot, t.Key)
		i.Audit.StatusAfter = i.Audit.StatusBefore
		if err := plan(snapshot, i); err != nil {
			return nil, err
		}
		switch {
		case i.Binding != nil:
			i.Audit.StatusAfter = i.Binding.Status
		case i.Instance != nil:
			i.Audit.StatusAfter = i.Instance.Status
		}
		if i.Begin != nil {
			i.Audit.BegunID = i.Begin.ID
		}
		err = a.store.Intervene(ctx, i)
		if err == nil {
			return &i.Audit, nil
		}
		if !errors.Is(err, durable.ErrConflict) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: %s keeps changing: try again", ErrRefused, describe(t.Key))
}

// status returns the status of the instance or binding that key names.
func status(s *durable.Snapshot, key durable.Key) durable.RecordStatus {
	if key.BindingID != "" {
		return s.Binding.Status
	}
	return s.Instance.Status
}

func (i *Intervention) change(o *durable.OperationRecord, c *OperationChange) {
	c.ID = o.ID
	i.Change = c
	i.Audit.OperationID, i.Audit.StateBefore = o.ID, o.State
}

func (i *Intervention) apply(t durable.Transition) {
	i.Instance, i.Binding, i.Begin = t.Instance, t.Binding, t.Next
}

// stopped returns the change of an operation that an operator stops.
func stopped(state durable.OperationState, by Attribution) *OperationChange {
	description := "An operator of the service broker ended the operation: " + strings.TrimSpace(by.Reason)
	failure := durable.EncodeFailure(openbroker.NewError(http.StatusInternalServerError, "", description))
	return &OperationChange{State: state, Description: description, Failure: failure}
}

// choose returns the open operation that the target selects. It returns nil if that
// operation has ended, or the target names none and none is open.
func choose(s *durable.Snapshot, t Target, verb string, states ...durable.OperationState) (*durable.OperationRecord, error) {
	var chosen *durable.OperationRecord
	others := 0
	for i := range s.Open {
		o := &s.Open[i]
		switch {
		case o.Key != t.Key, t.OperationID != "" && o.ID != t.OperationID:
		case !slices.Contains(states, o.State):
			others++
		case chosen != nil:
			return nil, fmt.Errorf("%w: two operations are open, the %s %q, which is %s, and the %s %q, which is %s: name the one to %s",
				ErrRefused, chosen.Kind, chosen.ID, chosen.State, o.Kind, o.ID, o.State, verb)
		default:
			chosen = o
		}
	}
	if chosen == nil && others > 0 {
		return nil, fmt.Errorf("%w: the operation is being cancelled: wait for its worker to stop, or fail it", ErrRefused)
	}
	return chosen, nil
}

// ended returns the error of an intervention that finds no open operation.
func (a *Admin) ended(ctx context.Context, t Target, verb string) error {
	if t.OperationID == "" {
		return fmt.Errorf("%w: %s has no open operation to %s", ErrRefused, describe(t.Key), verb)
	}
	record, err := a.store.OperationByID(ctx, t.OperationID)
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: the %s %q has already %s", ErrRefused, record.Kind, record.ID, record.State)
}

// fail changes the records as the engine does when an operation fails.
func (a *Admin) fail(s *durable.Snapshot, o *durable.OperationRecord, cleanup durable.Cleanup, i *Intervention) error {
	transition, err := a.lifecycle.Fail(s, o, cleanup)
	i.apply(transition)
	return err
}

// deleteAgain begins to delete what a failed creation or deletion has left. After a
// failed delete request of the platform the operation is the platform's again, and
// a repeated request joins it. A clean-up is always internal.
func (a *Admin) deleteAgain(ctx context.Context, s *durable.Snapshot, t Target, i *Intervention) error {
	last, err := a.last(ctx, t.Key)
	if err != nil {
		return err
	}
	if t.OperationID != "" && last.ID != t.OperationID {
		return fmt.Errorf("%w: the operation %q is not the last one on %s, which is the %s %q", ErrRefused, t.OperationID, describe(t.Key), last.Kind, last.ID)
	}
	for _, o := range s.Open {
		if t.Key.BindingID == "" || o.Key.BindingID == "" || !a.lifecycle.Policy(s.Instance).AllowsParallelBindings() {
			return fmt.Errorf("%w: the %s %q is %s: wait for it, or fail it first", ErrRefused, o.Kind, o.ID, o.State)
		}
	}
	deletes := durable.KindDeprovision
	if t.Key.BindingID != "" {
		deletes = durable.KindUnbind
	}
	var transition durable.Transition
	switch status := status(s, t.Key); {
	case status == durable.StatusCreateFailed:
		transition, err = a.lifecycle.CleanUp(t.Key)
	case status == durable.StatusReady && last.Kind == deletes && last.State == durable.OperationFailed:
		transition, err = a.lifecycle.Delete(s, t.Key)
	case status == durable.StatusReady && last.State == durable.OperationFailed:
		return fmt.Errorf("%w: the %s %q failed and changed nothing: only the platform can request it again", ErrRefused, last.Kind, last.ID)
	default:
		return fmt.Errorf("%w: %s is %s, and its last operation, the %s %q, has %s: nothing can be retried", ErrRefused, describe(t.Key), status, last.Kind, last.ID, last.State)
	}
	i.apply(transition)
	i.Audit.OperationID, i.Audit.StateBefore, i.Audit.StateAfter = last.ID, last.State, last.State
	return err
}

// last returns the last operation on a record, including internal operations.
func (a *Admin) last(ctx context.Context, key durable.Key) (*durable.OperationRecord, error) {
	filter := durable.Filter{Platform: key.Platform, InstanceID: key.InstanceID, BindingID: key.BindingID}
	for {
		records, err := a.store.Operations(ctx, filter)
		if err != nil {
			return nil, err
		}
		for i := range records {
			if records[i].Key == key {
				return &records[i], nil
			}
		}
		if len(records) == 0 {
			return nil, fmt.Errorf("%w: %s has no operation", ErrRefused, describe(key))
		}
		filter.AfterID = records[len(records)-1].ID
	}
}
