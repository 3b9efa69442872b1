package pgstore

import (
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/openbroker/openbroker/durable"
)

// The columns of the records, in the order of the scan functions.
const (
	instanceColumns  = `platform, instance_id, revision, status, service_id, plan_id, data, created_at, updated_at`
	bindingColumns   = `platform, instance_id, binding_id, status, service_id, plan_id, expires_at, data, created_at, updated_at`
	operationColumns = `id, platform, instance_id, binding_id, kind, internal, state, generation, attempt, failures,
		owner, lease_until, not_before, deadline, description, failure, data, checkpoint, created_at, updated_at, finished_at, delivered_at`
	queueColumns = `id, platform, instance_id, binding_id, kind, internal, state, generation, attempt, failures,
		owner, lease_until, not_before, deadline, description, failure, NULL::bytea, NULL::bytea, created_at, updated_at, finished_at, delivered_at`
)

// A timestamp scans a time into UTC, and null into the zero time.
type timestamp struct{ time *time.Time }

var _ pgtype.TimestamptzScanner = timestamp{}

// ScanTimestamptz implements [pgtype.TimestamptzScanner].
func (t timestamp) ScanTimestamptz(v pgtype.Timestamptz) error {
	*t.time = time.Time{}
	if v.Valid {
		*t.time = v.Time.UTC()
	}
	return nil
}

// orNull returns null for the zero time.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func scanInstance(row pgx.CollectableRow) (durable.InstanceRecord, error) {
	var r durable.InstanceRecord
	err := row.Scan(&r.Key.Platform, &r.Key.InstanceID, &r.Revision, &r.Status, &r.ServiceID, &r.PlanID, &r.Data,
		timestamp{&r.CreatedAt}, timestamp{&r.UpdatedAt})
	return r, err
}

func scanBinding(row pgx.CollectableRow) (durable.BindingRecord, error) {
	var r durable.BindingRecord
	err := row.Scan(&r.Key.Platform, &r.Key.InstanceID, &r.Key.BindingID, &r.Status, &r.ServiceID, &r.PlanID,
		timestamp{&r.ExpiresAt}, &r.Data, timestamp{&r.CreatedAt}, timestamp{&r.UpdatedAt})
	return r, err
}

func scanOperation(row pgx.CollectableRow) (durable.OperationRecord, error) {
	var r durable.OperationRecord
	err := row.Scan(operationFields(&r)...)
	return r, err
}

func operationFields(r *durable.OperationRecord) []any {
	return []any{
		&r.ID, &r.Key.Platform, &r.Key.InstanceID, &r.Key.BindingID, &r.Kind, &r.Internal, &r.State, &r.Generation, &r.Attempt, &r.Failures,
		&r.Owner,
		timestamp{&r.LeaseUntil},
		timestamp{&r.NotBefore},
		timestamp{&r.Deadline},
		&r.Description, &r.Failure, &r.Data, &r.Checkpoint,
		timestamp{&r.CreatedAt},
		timestamp{&r.UpdatedAt},
		timestamp{&r.FinishedAt},
		timestamp{&r.DeliveredAt},
	}
}
