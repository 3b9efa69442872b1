package sqlitestore

import (
	"context"
	"time"

	"github.com/openbroker/openbroker/durable"
)

const (
	pruneOperations  = `DELETE FROM operations WHERE seq IN (` + prunedOperations + `)`
	prunedOperations = `
		SELECT seq FROM operations INDEXED BY operations_ended
		WHERE finished_at <> 0 AND last = 0 AND finished_at < ? AND (NOT internal OR EXISTS (
			SELECT 1 FROM operations AS l WHERE l.platform = operations.platform AND l.instance_id = operations.instance_id
				AND l.binding_id = operations.binding_id AND l.seq > operations.seq))
		ORDER BY finished_at LIMIT ?`
	deletedBindings = `SELECT platform, instance_id, binding_id FROM bindings INDEXED BY bindings_deleted
		WHERE status = 'deleted' AND updated_at < ? AND NOT EXISTS (
			SELECT 1 FROM operations AS o INDEXED BY operations_open
			WHERE o.finished_at = 0 AND o.platform = bindings.platform AND o.instance_id = bindings.instance_id AND o.binding_id = bindings.binding_id)
		ORDER BY updated_at LIMIT ?`
	deletedInstances = `SELECT platform, instance_id, '' FROM instances INDEXED BY instances_deleted
		WHERE status = 'deleted' AND updated_at < ?
			AND NOT EXISTS (SELECT 1 FROM bindings AS b WHERE b.platform = instances.platform AND b.instance_id = instances.instance_id)
			AND NOT EXISTS (
				SELECT 1 FROM operations AS o INDEXED BY operations_open
				WHERE o.finished_at = 0 AND o.platform = instances.platform AND o.instance_id = instances.instance_id)
		ORDER BY updated_at LIMIT ?`
	deleteBinding             = `DELETE FROM bindings WHERE platform = ? AND instance_id = ? AND binding_id = ?`
	deleteBindingOperations   = `DELETE FROM operations WHERE platform = ? AND instance_id = ? AND binding_id = ?`
	deleteInstance            = `DELETE FROM instances WHERE platform = ? AND instance_id = ?`
	deleteInstancesOperations = `DELETE FROM operations WHERE platform = ? AND instance_id = ?`
)

// Prune implements [durable.Store]. It deletes an instance after its bindings. The
// result includes the operations that are deleted with their record; the limit does
// not.
func (s *Store) Prune(ctx context.Context, retention time.Duration, limit int) (int, error) {
	pruned := 0
	limit = max(limit, 0)
	err := s.write(ctx, func(w *session) error {
		before := s.micros() - retention.Microseconds()
		if _, err := w.exec(keepPruned, before, limit); err != nil {
			return err
		}
		deleted, err := w.exec(pruneOperations, before, limit)
		if err != nil {
			return err
		}
		pruned = int(deleted)
		bindings, err := pruneRecords(w, deletedBindings, before, limit, func(k durable.Key) (int64, error) {
			return deleteAll(w, []any{k.Platform, k.InstanceID, k.BindingID}, keepBindingEntries, deleteBindingOperations, deleteBinding)
		})
		if err != nil {
			return err
		}
		instances, err := pruneRecords(w, deletedInstances, before, limit, func(k durable.Key) (int64, error) {
			return deleteAll(w, []any{k.Platform, k.InstanceID}, keepInstanceEntries, deleteInstancesOperations, deleteInstance)
		})
		pruned += bindings + instances
		return err
	})
	if err != nil {
		return 0, err
	}
	return pruned, nil
}

// pruneRecords deletes the records that query selects.
func pruneRecords(w *session, query string, before int64, limit int, remove func(durable.Key) (int64, error)) (int, error) {
	var keys []durable.Key
	err := w.query(collect(&keys, func(row scanner) (k durable.Key, err error) {
		err = row.Scan(&k.Platform, &k.InstanceID, &k.BindingID)
		return k, err
	}), query, before, limit)
	if err != nil {
		return 0, err
	}
	pruned := 0
	for _, key := range keys {
		deleted, err := remove(key)
		if err != nil {
			return 0, err
		}
		pruned += int(deleted)
	}
	return pruned, nil
}

// deleteAll runs keep, which keeps entries of the audit trail, and then statements with
// the same arguments. It returns the total of rows that those deleted.
func deleteAll(w *session, args []any, keep string, statements ...string) (int64, error) {
	if _, err := w.exec(keep, args...); err != nil {
		return 0, err
	}
	var sum int64
	for _, statement := range statements {
		changed, err := w.exec(statement, args...)
		if err != nil {
			return 0, err
		}
		sum += changed
	}
	return sum, nil
}
