package pgstore

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

const (
	// unlimited lifts the timeouts for one transaction. The number is that of
	// PostgreSQL 17, which has transaction_timeout.
	unlimited = `SELECT set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true),
		set_config('lock_timeout', '0', true),
		CASE WHEN current_setting('server_version_num')::int >= 170000 THEN set_config('transaction_timeout', '0', true) END`

	lockAll        = `LOCK TABLE instances, bindings, operations, settings, audit_entries, audit_batches IN EXCLUSIVE MODE`
	selectAnything = `SELECT EXISTS (SELECT FROM instances) OR EXISTS (SELECT FROM bindings) OR EXISTS (SELECT FROM operations)
		OR EXISTS (SELECT FROM settings) OR EXISTS (SELECT FROM audit_entries)`

	importInstance = `INSERT INTO instances (platform, instance_id, revision, status, service_id, plan_id, data, created_at, updated_at, deleted_at)
		VALUES ($1, $2, $3, $4::text, $5, $6, $7, $8, $9, CASE WHEN $4::text = 'deleted' THEN $9::timestamptz END)`
	importBinding = `INSERT INTO bindings (platform, instance_id, binding_id, status, service_id, plan_id, expires_at, data, created_at, updated_at, deleted_at)
		VALUES ($1, $2, $3, $4::text, $5, $6, $7, $8, $9, $10, CASE WHEN $4::text = 'deleted' THEN $10::timestamptz END)`
	importOperation = `INSERT INTO operations (id, platform, instance_id, binding_id, kind, internal, kept, slot, state, generation, attempt, failures,
			owner, lease_until, not_before, deadline, description, failure, data, checkpoint, created_at, updated_at, finished_at, delivered_at,
			audit, audit_names, audit_chain, audit_seq)
		VALUES ($1, $2, $3, $4, $5, $6, false, $7, $8, $9, $10, $11, '', NULL, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)`
	importBatchRow = `INSERT INTO audit_batches (chain, seq, at, entries, hash) VALUES ($1, $2, $3, $4, $5)`
	importSetting  = `INSERT INTO settings (name, value) VALUES ($1, $2)`

	markKept = `UPDATE operations SET kept = true WHERE seq IN (
			SELECT max(seq) FROM operations GROUP BY platform, instance_id, binding_id
			UNION ALL SELECT max(seq) FROM operations WHERE NOT internal GROUP BY platform, instance_id, binding_id)`
	selectOrphaned = `SELECT EXISTS (SELECT FROM bindings r WHERE NOT EXISTS (SELECT FROM instances i WHERE i.platform = r.platform AND i.instance_id = r.instance_id))
		OR EXISTS (SELECT FROM operations r WHERE NOT EXISTS (SELECT FROM instances i WHERE i.platform = r.platform AND i.instance_id = r.instance_id))`

	// importBatch and importBatchBytes bound one message to the server.
	importBatch      = 256
	importBatchBytes = 4 << 20
)

// Export implements [admin.Store]. Others can read and write while it runs.
func (s *Store) Export(ctx context.Context, each func(admin.ExportItem) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.pool, options, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, unlimited); err != nil {
			return err
		}
		for _, section := range exportSections() {
			rows, err := tx.Query(ctx, section.query)
			if err != nil {
				return err
			}
			if err := forEach(rows, func(row pgx.CollectableRow) error {
				item, err := section.scan(row)
				if err != nil {
					return err
				}
				return each(item)
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("pgstore: export: %w", err)
	}
	return nil
}

func forEach(rows pgx.Rows, each func(pgx.CollectableRow) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

type exportSection struct {
	query string
	scan  func(pgx.CollectableRow) (admin.ExportItem, error)
}

func exportSections() []exportSection {
	return []exportSection{
		{`SELECT name, value FROM settings ORDER BY name`, func(row pgx.CollectableRow) (admin.ExportItem, error) {
			var v admin.Setting
			err := row.Scan(&v.Name, &v.Value)
			return admin.ExportItem{Setting: &v}, err
		}},
		{`SELECT ` + instanceColumns + ` FROM instances ORDER BY platform, instance_id`, func(row pgx.CollectableRow) (admin.ExportItem, error) {
			v, err := scanInstance(row)
			return admin.ExportItem{Instance: &v}, err
		}},
		{`SELECT ` + bindingColumns + ` FROM bindings ORDER BY platform, instance_id, binding_id`, func(row pgx.CollectableRow) (admin.ExportItem, error) {
			v, err := scanBinding(row)
			return admin.ExportItem{Binding: &v}, err
		}},
		{`SELECT ` + operationColumns + `, finished_at IS NULL AND slot LIKE 'b%', audit, audit_names, audit_chain, audit_seq FROM operations ORDER BY seq`, func(row pgx.CollectableRow) (admin.ExportItem, error) {
			var v admin.ExportedOperation
			var trail operationTrail
			err := row.Scan(append(operationFields(&v.OperationRecord), &v.Parallel, &trail.document, &trail.names, &trail.chain, &trail.seq)...)
			v.Audit = trail.of(v.ID)
			return admin.ExportItem{Operation: &v}, err
		}},
		{`SELECT id, document, names, chain, seq FROM audit_entries ORDER BY id`, func(row pgx.CollectableRow) (admin.ExportItem, error) {
			v, err := scanRecord(row)
			return admin.ExportItem{Audit: v}, err
		}},
		{`SELECT chain, seq, at, entries, hash FROM audit_batches ORDER BY chain, seq`, func(row pgx.CollectableRow) (admin.ExportItem, error) {
			var v admin.AuditBatch
			err := row.Scan(&v.Chain, &v.Seq, timestamp{&v.At}, &v.Entries, (*[]byte)(&v.Hash))
			return admin.ExportItem{Batch: &v}, err
		}},
	}
}

// Import implements [admin.Store]. While it runs, others can read the tables,
// but not write to them.
func (s *Store) Import(ctx context.Context, items iter.Seq2[admin.ExportItem, error]) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, unlimited); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, lockAll); err != nil {
			return err
		}
		var anything, orphaned bool
		if err := tx.QueryRow(ctx, selectAnything).Scan(&anything); err != nil {
			return err
		}
		if anything {
			return admin.ErrNotEmpty
		}
		if err := importItems(ctx, tx, items); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, selectOrphaned).Scan(&orphaned); err != nil {
			return err
		}
		if orphaned {
			return errors.New("bindings or operations belong to missing instances")
		}
		_, err := tx.Exec(ctx, markKept)
		return err
	})
	if err != nil {
		return fmt.Errorf("pgstore: import: %w", err)
	}
	return nil
}

func importItems(ctx context.Context, tx pgx.Tx, items iter.Seq2[admin.ExportItem, error]) error {
	batch, size := &pgx.Batch{}, 0
	for item, err := range items {
		if err != nil {
			return err
		}
		query, args, err := importItem(item)
		if err != nil {
			return err
		}
		batch.Queue(query, args...)
		for _, arg := range args {
			if data, ok := arg.([]byte); ok {
				size += len(data)
			}
		}
		if batch.Len() == importBatch || size >= importBatchBytes {
			if err := tx.SendBatch(ctx, batch).Close(); err != nil {
				return err
			}
			batch, size = &pgx.Batch{}, 0
		}
	}
	return tx.SendBatch(ctx, batch).Close()
}

func importItem(item admin.ExportItem) (query string, args []any, err error) {
	switch {
	case item.Setting != nil:
		value := item.Setting.Value
		if value == nil {
			value = []byte{}
		}
		return importSetting, []any{item.Setting.Name, value}, nil
	case item.Instance != nil:
		r := item.Instance
		return importInstance, []any{
			r.Key.Platform, r.Key.InstanceID, r.Revision, string(r.Status), r.ServiceID, r.PlanID, r.Data, r.CreatedAt, r.UpdatedAt,
		}, nil
	case item.Binding != nil:
		r := item.Binding
		return importBinding, []any{
			r.Key.Platform, r.Key.InstanceID, r.Key.BindingID, string(r.Status), r.ServiceID, r.PlanID, orNull(r.ExpiresAt), r.Data, r.CreatedAt, r.UpdatedAt,
		}, nil
	case item.Operation != nil:
		r, trail := item.Operation, trailOf(item.Operation.Audit)
		return importOperation, []any{
			r.ID, r.Key.Platform, r.Key.InstanceID, r.Key.BindingID, string(r.Kind), r.Internal, slot(r), string(r.State), r.Generation, r.Attempt, r.Failures,
			orNull(r.NotBefore), orNull(r.Deadline), storable(r.Description), r.Failure, r.Data, r.Checkpoint, r.CreatedAt, r.UpdatedAt, orNull(r.FinishedAt), orNull(r.DeliveredAt),
			trail.document, trail.names, trail.chain, trail.seq,
		}, nil
	case item.Batch != nil:
		b := item.Batch
		return importBatchRow, []any{b.Chain, b.Seq, b.At, b.Entries, []byte(b.Hash)}, nil
	default:
		r := *item.Audit
		if err := r.Decode(); err != nil {
			return "", nil, err
		}
		return insertEntry, entryArguments(&r), nil
	}
}

// slot returns the slot that an open operation occupies, see the migrations.
func slot(o *admin.ExportedOperation) string {
	switch {
	case o.State == durable.OperationCancelling:
		return "c" + o.ID
	case o.Parallel:
		return "b" + o.Key.BindingID
	default:
		return ""
	}
}
