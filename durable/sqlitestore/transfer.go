package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

const (
	selectSettings   = `SELECT name, value FROM settings ORDER BY name`
	selectInstances  = `SELECT ` + instanceColumns + ` FROM instances ORDER BY platform, instance_id`
	selectBindings   = `SELECT ` + bindingColumns + ` FROM bindings ORDER BY platform, instance_id, binding_id`
	selectOperations = `SELECT finished_at = 0 AND slot LIKE 'b%', audit, audit_names, audit_chain, audit_seq, ` + operationColumns + ` FROM operations ORDER BY seq`
	selectEntries    = `SELECT id, document, names, chain, seq FROM audit_entries ORDER BY id`
	selectBatches    = `SELECT chain, seq, at, entries, hash FROM audit_batches ORDER BY chain, seq`

	selectAnything = `SELECT EXISTS (SELECT 1 FROM instances) OR EXISTS (SELECT 1 FROM bindings) OR EXISTS (SELECT 1 FROM operations)
		OR EXISTS (SELECT 1 FROM settings) OR EXISTS (SELECT 1 FROM audit_entries)`

	importInstance = `INSERT INTO instances (platform, instance_id, revision, status, service_id, plan_id, data, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
	importBinding = `INSERT INTO bindings (platform, instance_id, binding_id, status, service_id, plan_id, expires_at, data, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	importOperation = `INSERT INTO operations (id, platform, instance_id, binding_id, kind, internal, last, slot, state, generation, attempt, failures,
			owner, lease_until, not_before, deadline, description, failure, data, checkpoint, created_at, updated_at, finished_at, delivered_at,
			audit, audit_names, audit_chain, audit_seq)
		VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, '', 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	importSetting = `INSERT INTO settings (name, value) VALUES (?, ?)`
	markLast      = `UPDATE operations SET last = 1 WHERE seq IN (
		SELECT max(seq) FROM operations WHERE NOT internal GROUP BY platform, instance_id, binding_id)`
)

// Export implements [admin.Store]. Others can read and write while it runs.
func (s *Store) Export(ctx context.Context, each func(admin.ExportItem) error) error {
	emit := func(item admin.ExportItem, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		return each(item)
	}
	sections := []struct {
		query string
		scan  func(scanner) (admin.ExportItem, error)
	}{
		{selectSettings, func(row scanner) (admin.ExportItem, error) {
			var v admin.Setting
			err := row.Scan(&v.Name, &v.Value)
			return admin.ExportItem{Setting: &v}, err
		}},
		{selectInstances, func(row scanner) (admin.ExportItem, error) {
			v, err := scanInstance(row)
			return admin.ExportItem{Instance: &v}, err
		}},
		{selectBindings, func(row scanner) (admin.ExportItem, error) {
			v, err := scanBinding(row)
			return admin.ExportItem{Binding: &v}, err
		}},
		{selectOperations, func(row scanner) (admin.ExportItem, error) {
			var v admin.ExportedOperation
			var err error
			var trail operationTrail
			v.OperationRecord, err = scanOperation(prefixed{row, []any{&v.Parallel, &trail.document, &trail.names, &trail.chain, &trail.seq}})
			v.Audit = trail.of(v.ID)
			return admin.ExportItem{Operation: &v}, err
		}},
		{selectEntries, func(row scanner) (admin.ExportItem, error) {
			v, err := scanRecord(row)
			return admin.ExportItem{Audit: v}, err
		}},
		{selectBatches, func(row scanner) (admin.ExportItem, error) {
			var v admin.AuditBatch
			var at int64
			err := row.Scan(&v.Chain, &v.Seq, &at, &v.Entries, (*[]byte)(&v.Hash))
			v.At = fromMicros(at)
			return admin.ExportItem{Batch: &v}, err
		}},
	}
	return s.read(ctx, func(r *session) (err error) {
		// A transaction reads one snapshot of the database.
		if _, err := r.exec("BEGIN"); err != nil {
			return err
		}
		for _, section := range sections {
			if err = r.query(func(row scanner) error { return emit(section.scan(row)) }, section.query); err != nil {
				break
			}
		}
		_, endErr := r.exec("ROLLBACK")
		return errors.Join(err, endErr)
	})
}

// Import implements [admin.Store].
func (s *Store) Import(ctx context.Context, items iter.Seq2[admin.ExportItem, error]) error {
	begun := false
	return s.write(ctx, func(w *session) error {
		if begun {
			return errors.New("another change interrupted the import: start the import again")
		}
		begun = true
		var anything bool
		if err := w.queryRow(selectAnything).Scan(&anything); err != nil {
			return err
		}
		if anything {
			return refuse(admin.ErrNotEmpty)
		}
		for item, err := range items {
			if err = errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			if err := importItem(w, item); err != nil {
				return err
			}
		}
		_, err := w.exec(markLast)
		return err
	})
}

func importItem(w *session, item admin.ExportItem) (err error) {
	switch {
	case item.Setting != nil:
		value := item.Setting.Value
		if value == nil {
			value = []byte{}
		}
		_, err = w.exec(importSetting, item.Setting.Name, value)
	case item.Instance != nil:
		r := item.Instance
		_, err = w.exec(importInstance, r.Key.Platform, r.Key.InstanceID, r.Revision, string(r.Status), r.ServiceID, r.PlanID, r.Data,
			toMicros(r.CreatedAt), toMicros(r.UpdatedAt))
		err = about(err, "instance", r.Key.InstanceID)
	case item.Binding != nil:
		r := item.Binding
		_, err = w.exec(importBinding, r.Key.Platform, r.Key.InstanceID, r.Key.BindingID, string(r.Status), r.ServiceID, r.PlanID,
			toMicros(r.ExpiresAt), r.Data, toMicros(r.CreatedAt), toMicros(r.UpdatedAt))
		err = about(err, "binding", r.Key.BindingID)
	case item.Operation != nil:
		r := item.Operation
		_, err = w.exec(importOperation, append([]any{
			r.ID, r.Key.Platform, r.Key.InstanceID, r.Key.BindingID, string(r.Kind), r.Internal, slot(r), string(r.State),
			r.Generation, r.Attempt, r.Failures, toMicros(r.NotBefore), toMicros(r.Deadline), r.Description, r.Failure, r.Data, r.Checkpoint,
			toMicros(r.CreatedAt), toMicros(r.UpdatedAt), toMicros(r.FinishedAt), toMicros(r.DeliveredAt),
		}, trailOf(r.Audit)...)...)
		err = about(err, "operation", r.ID)
	case item.Audit != nil:
		r := *item.Audit
		if err = r.Decode(); err == nil {
			_, err = w.writeEntry(&r)
		}
	case item.Batch != nil:
		b := item.Batch
		_, err = w.exec(insertBatch, b.Chain, b.Seq, toMicros(b.At), b.Entries, []byte(b.Hash))
	}
	return err
}

// about adds the record to the error of an import.
func about(err error, what, id string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("import %s %q: %w", what, id, err)
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
