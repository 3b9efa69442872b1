package sqlitestore

import (
	"github.com/openbroker/openbroker/durable"
)

// The columns of the records, in the order of the scan functions.
const (
	instanceColumns  = `platform, instance_id, revision, status, service_id, plan_id, data, created_at, updated_at`
	bindingColumns   = `platform, instance_id, binding_id, status, service_id, plan_id, expires_at, data, created_at, updated_at`
	operationColumns = `id, platform, instance_id, binding_id, kind, internal, state, generation, attempt, failures,
		owner, lease_until, not_before, deadline, description, failure, data, checkpoint, created_at, updated_at, finished_at, delivered_at`
	queueColumns = `id, platform, instance_id, binding_id, kind, internal, state, generation, attempt, failures,
		owner, lease_until, not_before, deadline, description, failure, NULL, NULL, created_at, updated_at, finished_at, delivered_at`
	openColumns = `id, platform, instance_id, binding_id, kind, internal, state, generation, attempt, failures,
		owner, lease_until, not_before, deadline, description, failure, data, NULL, created_at, updated_at, finished_at, delivered_at`
)

func scanInstance(row scanner) (durable.InstanceRecord, error) {
	var r durable.InstanceRecord
	var created, updated int64
	err := row.Scan(&r.Key.Platform, &r.Key.InstanceID, &r.Revision, &r.Status, &r.ServiceID, &r.PlanID, &r.Data, &created, &updated)
	r.CreatedAt, r.UpdatedAt = fromMicros(created), fromMicros(updated)
	return r, err
}

func scanBinding(row scanner) (durable.BindingRecord, error) {
	var r durable.BindingRecord
	var expires, created, updated int64
	err := row.Scan(&r.Key.Platform, &r.Key.InstanceID, &r.Key.BindingID, &r.Status, &r.ServiceID, &r.PlanID, &expires, &r.Data, &created, &updated)
	r.ExpiresAt, r.CreatedAt, r.UpdatedAt = fromMicros(expires), fromMicros(created), fromMicros(updated)
	return r, err
}

func scanOperation(row scanner) (durable.OperationRecord, error) {
	var r durable.OperationRecord
	var lease, notBefore, deadline, created, updated, finished, delivered int64
	err := row.Scan(&r.ID, &r.Key.Platform, &r.Key.InstanceID, &r.Key.BindingID, &r.Kind, &r.Internal, &r.State,
		&r.Generation, &r.Attempt, &r.Failures, &r.Owner, &lease, &notBefore, &deadline,
		&r.Description, &r.Failure, &r.Data, &r.Checkpoint, &created, &updated, &finished, &delivered)
	r.LeaseUntil, r.NotBefore, r.Deadline = fromMicros(lease), fromMicros(notBefore), fromMicros(deadline)
	r.CreatedAt, r.UpdatedAt, r.FinishedAt = fromMicros(created), fromMicros(updated), fromMicros(finished)
	r.DeliveredAt = fromMicros(delivered)
	return r, err
}
