package pgstore

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable"
)

const (
	// The statement waits for no lock: a later claim takes an operation that another
	// transaction is changing. An operation on an instance waits for cancelling
	// operations on its bindings, and vice versa. (OFFSET 0: see prune.go.)
	claimOperations = `WITH due AS (
			SELECT o.seq, CASE WHEN o.lease_until IS NULL THEN '' ELSE o.owner END AS cut_off FROM operations o
			WHERE o.state IN ('active', 'cancelling') AND o.seq >= $8
				AND (o.lease_until IS NULL OR o.lease_until <= clock_timestamp())
				AND (o.not_before IS NULL OR o.not_before <= clock_timestamp() OR o.updated_at > clock_timestamp())
				AND (o.state = 'cancelling' OR NOT EXISTS (
					SELECT FROM operations c
					WHERE c.finished_at IS NULL AND c.platform = o.platform AND c.instance_id = o.instance_id AND c.state <> 'active'
						AND (c.binding_id = o.binding_id OR c.binding_id = '' OR o.binding_id = '') OFFSET 0))
				AND (o.state = 'cancelling' OR o.platform <> ALL ($4::text[]) AND NOT ($5::boolean AND o.internal)
					AND (cardinality($6::text[]) = 0 OR NOT EXISTS (
						SELECT FROM instances i
						WHERE i.platform = o.platform AND i.instance_id = o.instance_id
							AND (i.platform, i.service_id) IN (SELECT * FROM unnest($6::text[], $7::text[])) OFFSET 0)))
			ORDER BY o.seq LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
		), claimed AS (
			UPDATE operations o SET owner = $1, lease_until = clock_timestamp() + $2, updated_at = clock_timestamp(),
				generation = o.generation + 1, attempt = o.attempt + 1
			FROM due WHERE o.seq = due.seq
			RETURNING o.*, due.cut_off
		) SELECT ` + operationColumns + `, cut_off FROM claimed ORDER BY seq`

	// A change in the future happened before the clock was set back. The lease keeps
	// the length that it had then.
	setBackLeases = `WITH later AS (
			SELECT o.seq FROM operations o
			WHERE o.state IN ('active', 'cancelling') AND o.seq >= $1 AND o.lease_until IS NOT NULL AND o.updated_at > clock_timestamp()
			FOR NO KEY UPDATE SKIP LOCKED
		) UPDATE operations o SET lease_until = clock_timestamp() + (o.lease_until - o.updated_at), updated_at = clock_timestamp()
		FROM later WHERE o.seq = later.seq`

	// The state is null for an operation that is held, but locked by another
	// transaction. An ended operation has no lease.
	renewLeases = `WITH held AS (
			SELECT o.seq, o.id, o.generation FROM unnest($3::text[], $4::bigint[]) AS f (id, generation) JOIN operations o ON o.id = f.id AND o.generation = f.generation
			WHERE o.owner = $1 AND o.lease_until IS NOT NULL
		), free AS (
			SELECT o.seq FROM held JOIN operations o ON o.seq = held.seq
			WHERE o.generation = held.generation AND o.owner = $1 AND o.lease_until IS NOT NULL
			FOR NO KEY UPDATE OF o SKIP LOCKED
		), renewed AS (
			UPDATE operations o SET lease_until = clock_timestamp() + $2, updated_at = clock_timestamp() FROM free WHERE o.seq = free.seq
			RETURNING o.seq, o.state
		) SELECT held.id, held.generation, (SELECT renewed.state FROM renewed WHERE renewed.seq = held.seq) FROM held`
	selectHeld = `SELECT o.id, o.generation, o.state FROM unnest($2::text[], $3::bigint[]) AS f (id, generation)
		JOIN operations o ON o.id = f.id AND o.generation = f.generation
		WHERE o.owner = $1 AND o.lease_until IS NOT NULL`
)

const (
	// clockInterval is how often Claim checks whether the clock was set back, which
	// reads the whole queue.
	clockInterval = 5 * time.Second
	// The pause before locked operations are renewed again starts at renewFirst and
	// doubles up to renewLongest.
	renewFirst   = 2 * time.Millisecond
	renewLongest = 50 * time.Millisecond
)

// Claim implements [durable.Store].
func (s *Store) Claim(ctx context.Context, owner string, lease time.Duration, limit int, leave durable.ClaimExclusion) ([]durable.OperationRecord, error) {
	from := s.oldestOpen(ctx)
	if err := s.checkClock(ctx, from); err != nil {
		return nil, err
	}
	platforms, services := make([]string, len(leave.Services)), make([]string, len(leave.Services))
	for i, of := range leave.Services {
		platforms[i], services[i] = of.Platform, of.ServiceID
	}
	return query(ctx, s, "claim", scanClaimed, claimOperations, owner, lease, max(limit, 0),
		append([]string{}, leave.Platforms...), leave.Internal, platforms, services, from)
}

func scanClaimed(row pgx.CollectableRow) (durable.OperationRecord, error) {
	var r durable.OperationRecord
	err := row.Scan(append(operationFields(&r), &r.CutOff)...)
	return r, err
}

// checkClock checks, once per clockInterval, whether the clock of the database was
// set back. Without this check, the leases of dead replicas would last until the
// clock catches up. from is the result of oldestOpen.
func (s *Store) checkClock(ctx context.Context, from int64) error {
	s.clock.Lock()
	due := time.Since(s.clockChecked) >= clockInterval
	if due {
		s.clockChecked = time.Now()
	}
	s.clock.Unlock()
	if !due {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if _, err := s.pool.Exec(ctx, setBackLeases, from); err != nil {
		return fmt.Errorf("pgstore: claim: %w", err)
	}
	return nil
}

// Renew implements [durable.Store]. An expired lease that was not claimed is still
// held. Renew waits for no lock, because a transaction that holds locks while it
// waits could cause a deadlock. It renews locked operations when their lock is
// released.
func (s *Store) Renew(ctx context.Context, owner string, lease time.Duration, fences []durable.Fence) (map[durable.Fence]durable.OperationState, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	states := make(map[durable.Fence]durable.OperationState, len(fences))
	for wait := renewFirst; len(fences) > 0; wait = min(2*wait, renewLongest) {
		locked, err := s.renewFree(ctx, owner, lease, fences, states)
		if err != nil {
			return states, fmt.Errorf("pgstore: renew: %w", err)
		}
		fences = locked
		if len(locked) > 0 && !pause(ctx, wait) {
			return states, fmt.Errorf("pgstore: renew: other sessions keep %d operations locked, %q first: %w", len(locked), locked[0].OperationID, ctx.Err())
		}
	}
	return states, nil
}

// renewFree renews the operations that are not locked, and returns the others.
func (s *Store) renewFree(ctx context.Context, owner string, lease time.Duration, fences []durable.Fence, states map[durable.Fence]durable.OperationState) ([]durable.Fence, error) {
	ids, generations := columns(fences)
	rows, err := s.pool.Query(ctx, renewLeases, owner, lease, ids, generations)
	if err != nil {
		return nil, err
	}
	var locked []durable.Fence
	var fence durable.Fence
	var state *durable.OperationState
	_, err = pgx.ForEachRow(rows, []any{&fence.OperationID, &fence.Generation, &state}, func() error {
		if state == nil {
			locked = append(locked, fence)
		} else {
			states[fence] = *state
		}
		return nil
	})
	return locked, err
}

// Held implements [durable.Store].
func (s *Store) Held(ctx context.Context, owner string, fences []durable.Fence) (map[durable.Fence]durable.OperationState, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	states := make(map[durable.Fence]durable.OperationState, len(fences))
	if len(fences) == 0 {
		return states, nil
	}
	ids, generations := columns(fences)
	rows, err := s.pool.Query(ctx, selectHeld, owner, ids, generations)
	if err != nil {
		return nil, fmt.Errorf("pgstore: held: %w", err)
	}
	var fence durable.Fence
	var state durable.OperationState
	if _, err := pgx.ForEachRow(rows, []any{&fence.OperationID, &fence.Generation, &state}, func() error {
		states[fence] = state
		return nil
	}); err != nil {
		return nil, fmt.Errorf("pgstore: held: %w", err)
	}
	return states, nil
}

// columns returns the ids and the generations of fences.
func columns(fences []durable.Fence) (ids []string, generations []int64) {
	ids, generations = make([]string, len(fences)), make([]int64, len(fences))
	for i, fence := range fences {
		ids[i], generations[i] = fence.OperationID, fence.Generation
	}
	return ids, generations
}
