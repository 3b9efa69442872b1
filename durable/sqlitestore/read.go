package sqlitestore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/openbroker/openbroker/durable"
)

const (
	selectInstance       = `SELECT ` + instanceColumns + ` FROM instances WHERE platform = ? AND instance_id = ?`
	selectBinding        = `SELECT ` + bindingColumns + ` FROM bindings WHERE platform = ? AND instance_id = ? AND binding_id = ?`
	selectOpenOperations = `SELECT ` + openColumns + ` FROM operations INDEXED BY operations_open
		WHERE platform = ? AND instance_id = ? AND finished_at = 0 ORDER BY seq`
	selectOperation      = `SELECT ` + operationColumns + ` FROM operations WHERE id = ?`
	selectOperationOfKey = `SELECT ` + operationColumns + ` FROM operations WHERE id = ? AND platform = ? AND instance_id = ? AND binding_id = ?`
	selectLastOperation  = `SELECT ` + operationColumns + ` FROM operations INDEXED BY operations_key
		WHERE platform = ? AND instance_id = ? AND binding_id = ? AND NOT internal ORDER BY seq DESC LIMIT 1`
)

// Load implements [durable.Store].
func (s *Store) Load(ctx context.Context, key durable.Key) (*durable.Snapshot, error) {
	var snapshot *durable.Snapshot
	err := s.read(ctx, func(r *session) (err error) {
		// A transaction reads one snapshot of the database.
		if _, err := r.exec("BEGIN"); err != nil {
			return err
		}
		snapshot, err = s.load(r, key)
		_, endErr := r.exec("ROLLBACK")
		return errors.Join(err, endErr)
	})
	return snapshot, err
}

func (s *Store) load(r *session, key durable.Key) (*durable.Snapshot, error) {
	snapshot := &durable.Snapshot{Now: fromMicros(s.micros())}
	instance, err := scanInstance(r.queryRow(selectInstance, key.Platform, key.InstanceID))
	if errors.Is(err, sql.ErrNoRows) {
		return snapshot, nil // Without an instance there are no bindings and operations.
	}
	if err != nil {
		return nil, err
	}
	snapshot.Instance = &instance
	if key.BindingID != "" {
		binding, err := scanBinding(r.queryRow(selectBinding, key.Platform, key.InstanceID, key.BindingID))
		if err == nil {
			snapshot.Binding = &binding
		} else if !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
	}
	err = r.query(collect(&snapshot.Open, scanOperation), selectOpenOperations, key.Platform, key.InstanceID)
	if err != nil {
		return nil, err
	}
	return snapshot, nil
}

// Operation implements [durable.Store].
func (s *Store) Operation(ctx context.Context, key durable.Key, id string) (*durable.OperationRecord, error) {
	if id != "" {
		record, err := s.operation(ctx, selectOperationOfKey, id, key.Platform, key.InstanceID, key.BindingID)
		if !errors.Is(err, durable.ErrNotFound) {
			return record, err
		}
	}
	return s.operation(ctx, selectLastOperation, key.Platform, key.InstanceID, key.BindingID)
}

// OperationByID implements [durable.Store].
func (s *Store) OperationByID(ctx context.Context, id string) (*durable.OperationRecord, error) {
	return s.operation(ctx, selectOperation, id)
}

func (s *Store) operation(ctx context.Context, query string, args ...any) (*durable.OperationRecord, error) {
	var record durable.OperationRecord
	err := s.read(ctx, func(r *session) (err error) {
		record, err = scanOperation(r.queryRow(query, args...))
		if errors.Is(err, sql.ErrNoRows) {
			return durable.ErrNotFound
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &record, nil
}

// collect returns a function that appends each scanned record to records.
func collect[T any](records *[]T, scan func(scanner) (T, error)) func(scanner) error {
	return func(row scanner) error {
		record, err := scan(row)
		if err == nil {
			*records = append(*records, record)
		}
		return err
	}
}
