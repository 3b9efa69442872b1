package pgstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable"
)

const (
	// One statement reads one snapshot. The instance and the binding come with the
	// first operation. The rows of further operations leave their data out.
	loadSnapshot = `SELECT clock_timestamp(),
			coalesce(i.revision, 0), coalesce(i.status, ''), coalesce(i.service_id, ''), coalesce(i.plan_id, ''),
			CASE WHEN coalesce(o.position, 1) = 1 THEN i.data END, i.created_at, i.updated_at,
			coalesce(b.status, ''), coalesce(b.service_id, ''), coalesce(b.plan_id, ''), b.expires_at,
			CASE WHEN coalesce(o.position, 1) = 1 THEN b.data END, b.created_at, b.updated_at,
			coalesce(o.id, ''), $1::text, $2::text, coalesce(o.binding_id, ''), coalesce(o.kind, ''), coalesce(o.internal, false), coalesce(o.state, ''),
			coalesce(o.generation, 0), coalesce(o.attempt, 0), coalesce(o.failures, 0), coalesce(o.owner, ''), o.lease_until, o.not_before, o.deadline,
			coalesce(o.description, ''), o.failure, o.data, NULL::bytea, o.created_at, o.updated_at, o.finished_at, o.delivered_at
		FROM (SELECT) AS one
		LEFT JOIN instances i ON i.platform = $1 AND i.instance_id = $2
		LEFT JOIN bindings b ON b.platform = $1 AND b.instance_id = $2 AND b.binding_id = $3
		LEFT JOIN (
			SELECT *, row_number() OVER (ORDER BY seq) AS position FROM operations
			WHERE platform = $1 AND instance_id = $2 AND finished_at IS NULL
		) AS o ON true
		ORDER BY o.position`

	selectOperation = `SELECT ` + operationColumns + ` FROM (
			(SELECT 1 AS choice, * FROM operations WHERE id = $4 AND (platform, instance_id, binding_id) IS NOT DISTINCT FROM ($1, $2, $3))
			UNION ALL
			(SELECT 2 AS choice, * FROM operations WHERE platform = $1 AND instance_id = $2 AND binding_id = $3 AND NOT internal ORDER BY seq DESC LIMIT 1)
		) AS o ORDER BY choice LIMIT 1`
	selectOperationByID = `SELECT ` + operationColumns + ` FROM operations WHERE id = $1`
)

// Load implements [durable.Store].
func (s *Store) Load(ctx context.Context, key durable.Key) (*durable.Snapshot, error) {
	if err := checkKeys(key); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	snapshot := &durable.Snapshot{}
	var i durable.InstanceRecord
	var b durable.BindingRecord
	var o durable.OperationRecord
	var instanceData, bindingData []byte
	fields := append([]any{
		timestamp{&snapshot.Now},
		&i.Revision, &i.Status, &i.ServiceID, &i.PlanID, &instanceData,
		timestamp{&i.CreatedAt},
		timestamp{&i.UpdatedAt},
		&b.Status, &b.ServiceID, &b.PlanID,
		timestamp{&b.ExpiresAt},
		&bindingData,
		timestamp{&b.CreatedAt},
		timestamp{&b.UpdatedAt},
	}, operationFields(&o)...)
	rows, err := s.pool.Query(ctx, loadSnapshot, key.Platform, key.InstanceID, key.BindingID)
	if err != nil {
		return nil, fmt.Errorf("pgstore: load: %w", err)
	}
	first := true
	_, err = pgx.ForEachRow(rows, fields, func() error {
		if first {
			i.Data, b.Data, first = instanceData, bindingData, false
		}
		if o.ID != "" {
			snapshot.Open = append(snapshot.Open, o)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("pgstore: load: %w", err)
	}
	if i.Revision != 0 {
		i.Key = key.Instance()
		snapshot.Instance = &i
	}
	if b.Status != "" {
		b.Key = key
		snapshot.Binding = &b
	}
	return snapshot, nil
}

// Operation implements [durable.Store].
func (s *Store) Operation(ctx context.Context, key durable.Key, id string) (*durable.OperationRecord, error) {
	if err := checkKeys(key); err != nil {
		return nil, err
	}
	if !validText(id) {
		id = "" // No operation has such an id.
	}
	return s.operation(ctx, selectOperation, key.Platform, key.InstanceID, key.BindingID, id)
}

// OperationByID implements [durable.Store].
func (s *Store) OperationByID(ctx context.Context, id string) (*durable.OperationRecord, error) {
	if !validText(id) {
		return nil, durable.ErrNotFound
	}
	return s.operation(ctx, selectOperationByID, id)
}

func (s *Store) operation(ctx context.Context, query string, args ...any) (*durable.OperationRecord, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var r durable.OperationRecord
	err := s.pool.QueryRow(ctx, query, args...).Scan(operationFields(&r)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, durable.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("pgstore: operation: %w", err)
	}
	return &r, nil
}

// query returns the rows of a query.
func query[T any](ctx context.Context, s *Store, doing string, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("pgstore: %s: %w", doing, err)
	}
	records, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("pgstore: %s: %w", doing, err)
	}
	return records, nil
}
