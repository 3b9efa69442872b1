package durable

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/openbroker/openbroker"
)

// perform calls the provider for an operation. It returns the documents after success,
// and does not change docs.
func (e *Engine) perform(ctx context.Context, task *Task, docs documents) (documents, error) {
	instance := e.instance(docs.instanceRecord, docs.instance)
	switch kind := task.Kind(); kind {
	case KindProvision:
		return e.performProvision(ctx, task, instance, docs)
	case KindUpdate:
		return e.performUpdate(ctx, task, instance, docs)
	case KindDeprovision:
		if !docs.written.unbound() {
			if err := e.unbindRemaining(ctx, task, instance); err != nil {
				return docs, err
			}
		}
		return docs, deletionError(observeDeletion(ctx, e, kind, func(ctx context.Context) error {
			return e.provider.Deprovision(ctx, task, instance)
		}))
	case KindBind:
		return e.performBind(ctx, task, instance, docs)
	case KindUnbind:
		return docs, deletionError(observeDeletion(ctx, e, kind, func(ctx context.Context) error {
			return e.provider.Unbind(ctx, task, e.binding(instance, docs.bindingRecord, docs.binding))
		}))
	default:
		return docs, fmt.Errorf("the operation has the unknown kind %q", kind)
	}
}

func (e *Engine) performProvision(ctx context.Context, task *Task, instance Instance, docs documents) (documents, error) {
	provisioned, err := observeCall(ctx, e, KindProvision, func(ctx context.Context) (ProvisionResult, error) {
		return e.provider.Provision(ctx, task, instance)
	})
	if err != nil {
		return docs, err
	}
	if provisioned.DashboardURL == "" && provisioned.Metadata == nil && provisioned.State == nil {
		return docs, nil // The document stays as it was sealed.
	}
	after := *docs.instance
	if provisioned.DashboardURL != "" {
		after.DashboardURL = provisioned.DashboardURL
	}
	after.Metadata, after.State = provisioned.Metadata, provisioned.State
	docs.changed = true
	docs.instance = &after
	return docs, nil
}

func (e *Engine) performUpdate(ctx context.Context, task *Task, previous Instance, docs documents) (documents, error) {
	if docs.operation == nil || docs.operation.Instance == nil {
		return docs, errors.New("the update has no data")
	}
	record := *docs.instanceRecord
	record.PlanID = docs.operation.PlanID
	after := *docs.operation.Instance
	updated, err := observeCall(ctx, e, KindUpdate, func(ctx context.Context) (UpdateResult, error) {
		return e.provider.Update(ctx, task, e.instance(&record, &after), previous)
	})
	if err != nil {
		return docs, err
	}
	if updated.DashboardURL != "" {
		after.DashboardURL = updated.DashboardURL
	}
	if updated.Metadata != nil {
		after.Metadata = updated.Metadata
	}
	if updated.State != nil {
		after.State = updated.State
	}
	docs.instanceRecord, docs.instance, docs.changed = &record, &after, true
	return docs, nil
}

func (e *Engine) performBind(ctx context.Context, task *Task, instance Instance, docs documents) (documents, error) {
	bound, err := observeCall(ctx, e, KindBind, func(ctx context.Context) (BindResult, error) {
		return e.provider.Bind(ctx, task, e.binding(instance, docs.bindingRecord, docs.binding))
	})
	if err != nil {
		return docs, err
	}
	after := *docs.binding
	after.State = bound.State
	after.Bound = &openbroker.GetBindingResponse{
		Credentials: bound.Credentials, SyslogDrainURL: bound.SyslogDrainURL, RouteServiceURL: bound.RouteServiceURL,
		VolumeMounts: bound.VolumeMounts, Endpoints: bound.Endpoints,
	}
	if !bound.ExpiresAt.IsZero() || !bound.RenewBefore.IsZero() {
		after.Bound.Metadata = &openbroker.BindingMetadata{ExpiresAt: bound.ExpiresAt, RenewBefore: bound.RenewBefore}
	}
	record := *docs.bindingRecord
	record.ExpiresAt = bound.ExpiresAt
	docs.bindingRecord, docs.binding = &record, &after
	return docs, nil
}

// bindingsAtOnce is how many bindings unbindRemaining reads at once.
const bindingsAtOnce = 100

// unbindRemaining deletes the bindings that the platform did not unbind, one by one.
// It records each deletion before the next.
func (e *Engine) unbindRemaining(ctx context.Context, task *Task, instance Instance) error {
	filter := Filter{Platform: instance.Platform, InstanceID: instance.ID, Limit: bindingsAtOnce}
	for {
		records, err := e.store.Bindings(ctx, filter)
		if err != nil {
			return fmt.Errorf("listing the bindings: %w", interrupted(ctx, err))
		}
		for i := range records {
			if err := e.unbindOne(ctx, task, instance, &records[i]); err != nil {
				return err
			}
		}
		if len(records) < bindingsAtOnce {
			return nil
		}
		filter.After = records[len(records)-1].Key
	}
}

func (e *Engine) unbindOne(ctx context.Context, task *Task, instance Instance, record *BindingRecord) error {
	if record.Status == StatusDeleted {
		return nil
	}
	details, err := e.openBinding(record)
	if err != nil {
		return interrupted(ctx, err)
	}
	if err := deletionError(observeDeletion(ctx, e, KindUnbind, func(ctx context.Context) error {
		return e.provider.Unbind(ctx, task.ofBinding(record.Key.BindingID), e.binding(instance, record, details))
	})); err != nil {
		return fmt.Errorf("deleting the binding %q first: %w", record.Key.BindingID, err)
	}
	return task.advance(ctx, &Advance{Binding: deletedBinding(record)})
}

// deletionError returns the error of a deletion. A missing resource counts as deleted:
// the platform must not get the 404 or 410 of the provider, because it would consider
// the instance or binding deleted while the record stays.
func deletionError(err error) error {
	var answer *openbroker.Error
	if errors.As(err, &answer) && answer != nil {
		switch answer.Status {
		case 0, http.StatusNotFound, http.StatusGone:
			return nil
		}
	}
	return err
}

// deletedBinding returns the tombstone of a binding. It has no secrets.
func deletedBinding(record *BindingRecord) *BindingRecord {
	return &BindingRecord{Key: record.Key, Status: StatusDeleted, ServiceID: record.ServiceID, PlanID: record.PlanID}
}

func deletedInstance(record *InstanceRecord) *InstanceRecord {
	return &InstanceRecord{Key: record.Key, Status: StatusDeleted, ServiceID: record.ServiceID, PlanID: record.PlanID}
}
