package durable

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// A By says who intervenes, and why, for the audit trail. Both are required. The
// users of the platform read the Reason why their operation was ended by
// [Admin.Cancel] or [Admin.Fail].
type By struct{ Actor, Reason string }

// Retry makes an operation that is active due at once: whoever works on it loses
// it, its failed attempts are forgotten, and it has the whole time of its plan's
// policy again. For an instance or binding whose creation, or whose deletion,
// failed and is not being cleaned up, a new deletion begins.
//
// All interventions return the entry of the audit trail. Their errors wrap
// ErrNotFound if there is no such record, ErrRefused if it cannot be done as
// things are, and are those of the store.
func (a *Admin) Retry(ctx context.Context, t Target, by By) (*AuditEntry, error) {
	return a.intervene(ctx, ActionRetry, t, by, func(s *Snapshot, i *Intervention) error {
		operation, err := choose(s, t, "retry", Active)
		if err != nil {
			return err
		}
		if operation == nil {
			return a.deleteAgain(ctx, s, t, i)
		}
		timeout := a.rules.config.CleanupTimeout
		if !operation.Internal {
			timeout = a.policy(s).Deadline
		}
		i.change(operation, &OperationChange{State: Active, Timeout: timeout})
		return nil
	})
}

// Cancel asks an operation that is active to stop; it fails when its worker has
// stopped, within [Config].StopGrace, or at once if it has none. What it leaves
// is that of a failed one: an instance or a binding that was being created is
// cleaned up, unless its plan's policy says manual; any other is as before.
func (a *Admin) Cancel(ctx context.Context, t Target, by By) (*AuditEntry, error) {
	return a.intervene(ctx, ActionCancel, t, by, func(s *Snapshot, i *Intervention) error {
		operation, err := choose(s, t, "cancel", Active)
		if err != nil {
			return err
		}
		if operation == nil {
			return a.ended(ctx, t, "cancel")
		}
		i.change(operation, stopped(Cancelling, by))
		return a.leave(s, operation, "", i)
	})
}

// Fail ends an operation now, as failed, also one that is being cancelled and
// does not stop. Its worker is fenced, and stops when it next renews its lease;
// the clean-up waits for the end of that. cleanup, if not empty, is used instead
// of that of the plan's policy. Prefer Cancel, which waits for the worker.
func (a *Admin) Fail(ctx context.Context, t Target, by By, cleanup Cleanup) (*AuditEntry, error) {
	return a.intervene(ctx, ActionFail, t, by, func(s *Snapshot, i *Intervention) error {
		operation, err := choose(s, t, "fail", Active, Cancelling)
		if err != nil {
			return err
		}
		if operation == nil {
			return a.ended(ctx, t, "fail")
		}
		i.change(operation, stopped(OperationFailed, by))
		if operation.State == Cancelling {
			return nil // The records are what they are to be since it was cancelled.
		}
		return a.leave(s, operation, cleanup, i)
	})
}

// Forget deletes the record of an instance, with those of its bindings, or of a
// binding, and their operations. The provider is not called: what it made stays,
// and nobody knows of it any more.
func (a *Admin) Forget(ctx context.Context, t Target, by By) (*AuditEntry, error) {
	return a.intervene(ctx, ActionForget, t, by, func(s *Snapshot, i *Intervention) error {
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

// intervene plans an intervention from what is stored, and writes it. If that
// has changed meanwhile, it is planned anew.
func (a *Admin) intervene(ctx context.Context, action Action, t Target, by By, plan func(*Snapshot, *Intervention) error) (*AuditEntry, error) {
	if strings.TrimSpace(by.Actor) == "" || strings.TrimSpace(by.Reason) == "" {
		return nil, fmt.Errorf("%w: say who does it, and why", ErrRefused)
	}
	for range maxConflicts {
		snapshot, err := a.store.Load(ctx, t.Key)
		if err != nil {
			return nil, err
		}
		if snapshot.Instance == nil || t.Key.BindingID != "" && snapshot.Binding == nil {
			return nil, fmt.Errorf("%w: %s", ErrNotFound, t.Key.describe())
		}
		i := &Intervention{Expect: snapshot.Revision(), Audit: AuditEntry{Actor: by.Actor, Reason: by.Reason, Action: action, Key: t.Key}}
		i.Audit.StatusBefore = snapshot.status(t.Key)
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
		a.rules.refreshInstance(i.Instance)
		a.rules.refreshBinding(i.Binding)
		err = a.store.Intervene(ctx, i)
		if err == nil {
			return &i.Audit, nil
		}
		if !errors.Is(err, ErrConflict) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: %s changes all the time: try again", ErrRefused, t.Key.describe())
}

// status is that of the instance or binding that the snapshot was taken for.
func (s *Snapshot) status(key Key) Status {
	if key.BindingID != "" {
		return s.Binding.Status
	}
	return s.Instance.Status
}

func (a *Admin) policy(s *Snapshot) Policy {
	_, plan := a.rules.lookUp(s.Instance.ServiceID, s.Instance.PlanID)
	return a.rules.config.policy(s.Instance.PlanID, plan)
}

func (i *Intervention) change(o *OperationRecord, c *OperationChange) {
	c.ID = o.ID
	i.Change = c
	i.Audit.OperationID, i.Audit.StateBefore = o.ID, o.State
}

// stopped is the change of an operation that an operator stops.
func stopped(state OperationState, by By) *OperationChange {
	f := &failure{
		Status:      http.StatusInternalServerError,
		Description: "The operation was ended by an operator of the service broker: " + strings.TrimSpace(by.Reason),
	}
	return &OperationChange{State: state, Description: f.Description, Failure: f.encode()}
}

// choose returns the open operation that is meant, or nil if it, or every one of
// the record, has ended.
func choose(s *Snapshot, t Target, verb string, states ...OperationState) (*OperationRecord, error) {
	var chosen *OperationRecord
	others := 0
	for i := range s.Open {
		o := &s.Open[i]
		switch {
		case o.Key != t.Key, t.OperationID != "" && o.ID != t.OperationID:
		case !slices.Contains(states, o.State):
			others++
		case chosen != nil:
			return nil, fmt.Errorf("%w: there are the %s %q, which is %s, and the %s %q, which is %s: name the operation to %s",
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

// ended says why there is nothing to stop.
func (a *Admin) ended(ctx context.Context, t Target, verb string) error {
	if t.OperationID == "" {
		return fmt.Errorf("%w: nothing is being done to %s, so there is nothing to %s", ErrRefused, t.Key.describe(), verb)
	}
	record, err := a.store.OperationByID(ctx, t.OperationID)
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: the %s %q has %s already", ErrRefused, record.Kind, record.ID, record.State)
}

// leave sets what an operation leaves that does not succeed, as failed does for
// the engine.
func (a *Admin) leave(s *Snapshot, o *OperationRecord, cleanup Cleanup, i *Intervention) error {
	setDefault(&cleanup, a.policy(s).Cleanup)
	document, err := a.rules.openOperation(o)
	if err != nil {
		return err
	}
	instance := *s.Instance
	var binding BindingRecord
	if s.Binding != nil {
		binding = *s.Binding
	}
	switch o.Kind {
	case KindProvision:
		instance.Status = CreateFailed
		i.Instance = &instance
		if cleanup == CleanupAutomatic {
			i.Begin, err = a.rules.cleanUp(o.Key, KindDeprovision)
		}
	case KindUpdate:
		instance.Status = Ready
		i.Instance = &instance
	case KindDeprovision:
		instance.Status = document.previous()
		i.Instance = &instance
	case KindBind:
		binding.Status = CreateFailed
		i.Binding = &binding
		if cleanup == CleanupAutomatic {
			i.Begin, err = a.rules.cleanUp(o.Key, KindUnbind)
		}
	case KindUnbind:
		binding.Status = document.previous()
		i.Binding = &binding
	}
	return err
}

// deleteAgain begins to delete what a failed creation or deletion has left. The
// platform's own deletion is its operation again, which a repeated request joins;
// a clean-up is internal, as always.
func (a *Admin) deleteAgain(ctx context.Context, s *Snapshot, t Target, i *Intervention) error {
	last, err := a.last(ctx, t.Key)
	if err != nil {
		return err
	}
	if t.OperationID != "" && last.ID != t.OperationID {
		return fmt.Errorf("%w: the operation %q is not the last one on %s, which is the %s %q", ErrRefused, t.OperationID, t.Key.describe(), last.Kind, last.ID)
	}
	for _, o := range s.Open {
		if t.Key.BindingID == "" || o.Key.BindingID == "" || !a.policy(s).parallel() {
			return fmt.Errorf("%w: the %s %q is %s: wait for it, or fail it first", ErrRefused, o.Kind, o.ID, o.State)
		}
	}
	kind := KindDeprovision
	if t.Key.BindingID != "" {
		kind = KindUnbind
	}
	switch status := s.status(t.Key); {
	case status == CreateFailed:
		i.Begin, err = a.rules.cleanUp(t.Key, kind)
	case status == Ready && last.Kind == kind && last.State == OperationFailed:
		i.Begin, _, err = a.rules.newOperation(t.Key, kind, a.policy(s), &operationDocument{Previous: Ready})
		i.setStatus(s, t.Key, Deleting)
	case last.State == OperationFailed && status == Ready:
		return fmt.Errorf("%w: the %s %q failed and changed nothing: the platform has to ask for it again", ErrRefused, last.Kind, last.ID)
	default:
		return fmt.Errorf("%w: %s is %s, and its last operation, the %s %q, has %s: there is nothing to retry", ErrRefused, t.Key.describe(), status, last.Kind, last.ID, last.State)
	}
	i.Audit.OperationID, i.Audit.StateBefore, i.Audit.StateAfter = last.ID, last.State, last.State
	return err
}

func (i *Intervention) setStatus(s *Snapshot, key Key, status Status) {
	if key.BindingID != "" {
		binding := *s.Binding
		binding.Status = status
		i.Binding = &binding
		return
	}
	instance := *s.Instance
	instance.Status = status
	i.Instance = &instance
}

// last is the last operation on a record, also an internal one.
func (a *Admin) last(ctx context.Context, key Key) (*OperationRecord, error) {
	filter := Filter{Platform: key.Platform, InstanceID: key.InstanceID, BindingID: key.BindingID}
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
			return nil, fmt.Errorf("%w: %s has no operation", ErrRefused, key.describe())
		}
		filter.AfterID = records[len(records)-1].ID
	}
}
