package sqlitestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/openbroker/openbroker/durable"
)

const (
	// An operation on an instance waits for cancelling operations on its bindings,
	// and vice versa. Operations on two bindings do not wait for each other.
	claimOperations = `UPDATE operations SET owner = ?1, lease_until = ?2, updated_at = ?3, generation = generation + 1, attempt = attempt + 1
		WHERE seq IN (
			SELECT o.seq FROM operations AS o INDEXED BY operations_queue
			WHERE o.finished_at = 0 AND o.lease_until <= ?3 AND (o.not_before <= ?3 OR o.updated_at > ?3)
				AND (o.state = 'cancelling' OR NOT EXISTS (
					SELECT 1 FROM operations AS c INDEXED BY operations_open
					WHERE c.finished_at = 0 AND c.state = 'cancelling' AND c.platform = o.platform AND c.instance_id = o.instance_id
						AND (c.binding_id = o.binding_id OR c.binding_id = '' OR o.binding_id = '')))
				AND (o.state = 'cancelling' OR o.platform NOT IN (SELECT value FROM json_each(?5)) AND NOT (?6 AND o.internal)
					AND NOT EXISTS (
						SELECT 1 FROM json_each(?7) AS s JOIN instances AS i
						WHERE i.platform = o.platform AND i.instance_id = o.instance_id
							AND i.platform = s.value ->> 'Platform' AND i.service_id = s.value ->> 'ServiceID'))
			ORDER BY o.seq LIMIT ?4)
		RETURNING seq, ` + operationColumns
	// A change in the future happened before the clock was set back. The lease keeps
	// the length that it had then.
	setBackLeases = `UPDATE operations SET lease_until = ?1 + (lease_until - updated_at), updated_at = ?1
		WHERE finished_at = 0 AND lease_until <> 0 AND updated_at > ?1`
	renewLease = `UPDATE operations SET lease_until = ?, updated_at = ?
		WHERE id = ? AND generation = ? AND owner = ? AND finished_at = 0 AND lease_until <> 0
		RETURNING state`
	selectHeld       = `SELECT state FROM operations WHERE id = ? AND generation = ? AND owner = ? AND finished_at = 0 AND lease_until <> 0`
	selectLeases     = `SELECT id, owner FROM operations INDEXED BY operations_queue WHERE finished_at = 0 AND lease_until <> 0`
	releaseAllLeases = `UPDATE operations SET owner = '', lease_until = 0 WHERE finished_at = 0 AND lease_until <> 0`
)

// Claim implements [durable.Store].
func (s *Store) Claim(ctx context.Context, owner string, lease time.Duration, limit int, leave durable.ClaimExclusion) ([]durable.OperationRecord, error) {
	type claim struct {
		seq    int64
		record durable.OperationRecord
	}
	platforms, err := json.Marshal(append([]string{}, leave.Platforms...))
	if err != nil {
		return nil, err
	}
	services, err := json.Marshal(append([]durable.PlatformService{}, leave.Services...))
	if err != nil {
		return nil, err
	}
	var claims []claim
	var now int64
	err = s.write(ctx, func(w *session) error {
		claims = claims[:0] // A failed batch repeats the change.
		now = s.micros()
		if before := s.claimed.Load(); before == 0 || now < before {
			if _, err := w.exec(setBackLeases, now); err != nil {
				return err
			}
		}
		return w.query(func(row scanner) error {
			var c claim
			var err error
			c.record, err = scanOperation(prefixed{row, []any{&c.seq}})
			claims = append(claims, c)
			return err
		}, claimOperations, owner, after(now, lease), now, max(limit, 0), string(platforms), leave.Internal, string(services))
	})
	if err != nil {
		return nil, err
	}
	s.claimed.Store(now)
	// RETURNING has no defined order.
	slices.SortFunc(claims, func(a, b claim) int { return int(a.seq - b.seq) })
	records := make([]durable.OperationRecord, len(claims))
	for i := range claims {
		records[i] = claims[i].record
		if owner, found := s.cutOff.LoadAndDelete(records[i].ID); found {
			records[i].CutOff, _ = owner.(string)
		}
	}
	return records, nil
}

// prefixed scans columns before those of a record.
type prefixed struct {
	scanner
	first []any
}

// Scan scans the first columns, and then those of the record.
func (p prefixed) Scan(dest ...any) error {
	return p.scanner.Scan(append(p.first, dest...)...)
}

// Renew implements [durable.Store]. An expired lease that was not claimed is still
// held, because no other process works on the operation.
func (s *Store) Renew(ctx context.Context, owner string, lease time.Duration, fences []durable.Fence) (map[durable.Fence]durable.OperationState, error) {
	held := make(map[durable.Fence]durable.OperationState, len(fences))
	if len(fences) == 0 {
		return held, nil
	}
	fences = slices.Clone(fences)
	err := s.write(ctx, func(w *session) error {
		clear(held)
		now := s.micros()
		for _, fence := range fences {
			var state durable.OperationState
			err := w.queryRow(renewLease, after(now, lease), now, fence.OperationID, fence.Generation, owner).Scan(&state)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			held[fence] = state
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return held, nil
}

// Held implements [durable.Store].
func (s *Store) Held(ctx context.Context, owner string, fences []durable.Fence) (map[durable.Fence]durable.OperationState, error) {
	held := make(map[durable.Fence]durable.OperationState, len(fences))
	if len(fences) == 0 {
		return held, nil
	}
	fences = slices.Clone(fences)
	err := s.read(ctx, func(r *session) error {
		clear(held)
		for _, fence := range fences {
			var state durable.OperationState
			err := r.queryRow(selectHeld, fence.OperationID, fence.Generation, owner).Scan(&state)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			held[fence] = state
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return held, nil
}

// releaseLeases makes all operations claimable. The lock on the file proves that the
// previous owners of leases have ended, so their attempts were cut off.
func (s *Store) releaseLeases(ctx context.Context) error {
	return s.write(ctx, func(w *session) error {
		err := w.query(func(row scanner) error {
			var id, owner string
			err := row.Scan(&id, &owner)
			s.cutOff.Store(id, owner)
			return err
		}, selectLeases)
		if err != nil {
			return err
		}
		_, err = w.exec(releaseAllLeases)
		return err
	})
}
