package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable"
)

const (
	// It waits for nobody: what another transaction changes right now can be
	// claimed the next time. An operation on an instance waits for a cancelling
	// one on any of its bindings, and the reverse. (OFFSET 0: see prune.go.)
	claimOperations = `WITH due AS (
			SELECT o.seq FROM operations o
			WHERE o.state IN ('active', 'cancelling')
				AND (o.lease_until IS NULL OR o.lease_until <= clock_timestamp())
				AND (o.not_before IS NULL OR o.not_before <= clock_timestamp())
				AND (o.state = 'cancelling' OR NOT EXISTS (
					SELECT FROM operations c
					WHERE c.finished_at IS NULL AND c.platform = o.platform AND c.instance_id = o.instance_id AND c.state <> 'active'
						AND (c.binding_id = o.binding_id OR c.binding_id = '' OR o.binding_id = '') OFFSET 0))
			ORDER BY o.seq LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
		), claimed AS (
			UPDATE operations o SET owner = $1, lease_until = clock_timestamp() + $2, updated_at = clock_timestamp(),
				generation = o.generation + 1, attempt = o.attempt + 1
			FROM due WHERE o.seq = due.seq
			RETURNING o.*
		) SELECT ` + operationColumns + ` FROM claimed ORDER BY seq`

	// What has ended is not leased.
	renewFree = `WITH held AS (
			SELECT o.seq FROM unnest($3::text[], $4::bigint[]) AS f (id, generation) JOIN operations o ON o.id = f.id AND o.generation = f.generation
			WHERE o.owner = $1 AND o.lease_until IS NOT NULL
			FOR NO KEY UPDATE OF o SKIP LOCKED
		) UPDATE operations o SET lease_until = clock_timestamp() + $2 FROM held WHERE o.seq = held.seq
		RETURNING o.id, o.generation, o.state`
	renewOne = `UPDATE operations o SET lease_until = clock_timestamp() + $2
		WHERE o.id = $3 AND o.generation = $4 AND o.owner = $1 AND o.lease_until IS NOT NULL
		RETURNING o.state`
)

// Claim implements [durable.Store].
func (s *Store) Claim(ctx context.Context, owner string, lease time.Duration, limit int) ([]durable.OperationRecord, error) {
	return query(ctx, s, "claim", scanOperation, claimOperations, owner, lease, max(limit, 0))
}

// Renew implements [durable.Store]. A lease that has expired but was not claimed
// is still held. Most leases are renewed at once. The operations that are being
// changed at this moment follow one by one: a transaction that holds some and
// waits for others could wait for one that does the same.
func (s *Store) Renew(ctx context.Context, owner string, lease time.Duration, fences []durable.Fence) (map[durable.Fence]durable.OperationState, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	states := make(map[durable.Fence]durable.OperationState, len(fences))
	if len(fences) == 0 {
		return states, nil
	}
	ids, generations := make([]string, len(fences)), make([]int64, len(fences))
	for i, fence := range fences {
		ids[i], generations[i] = fence.OperationID, fence.Generation
	}
	rows, err := s.pool.Query(ctx, renewFree, owner, lease, ids, generations)
	if err != nil {
		return nil, fmt.Errorf("pgstore: renew: %w", err)
	}
	var fence durable.Fence
	var state durable.OperationState
	if _, err := pgx.ForEachRow(rows, []any{&fence.OperationID, &fence.Generation, &state}, func() error {
		states[fence] = state
		return nil
	}); err != nil {
		return nil, fmt.Errorf("pgstore: renew: %w", err)
	}
	for _, fence := range fences {
		if _, renewed := states[fence]; renewed {
			continue
		}
		err := s.pool.QueryRow(ctx, renewOne, owner, lease, fence.OperationID, fence.Generation).Scan(&state)
		if errors.Is(err, pgx.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("pgstore: renew: %w", err)
		}
		states[fence] = state
	}
	return states, nil
}
