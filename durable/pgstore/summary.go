package pgstore

import (
	"context"
	"fmt"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

const (
	// isStuck has the parameter $1, which is how long an operation may be without a
	// worker.
	isStuck = `(deadline <= statement_timestamp()
		OR coalesce(lease_until, '-infinity') <= statement_timestamp() - $1::interval AND updated_at <= statement_timestamp() - $1::interval)`

	// One statement reads one snapshot.
	summarize = `WITH open AS MATERIALIZED (
			SELECT * FROM operations WHERE state IN ('active', 'cancelling') ORDER BY seq LIMIT $3
		)
		SELECT statement_timestamp(), count(*), min(created_at), count(*) FILTER (WHERE lease_until > statement_timestamp()),
			count(*) FILTER (WHERE state = 'cancelling'), count(*) FILTER (WHERE failures > 0), count(*) FILTER (WHERE ` + isStuck + `),
			(SELECT count(*) FROM (SELECT finished_at FROM operations WHERE state = 'failed' ORDER BY seq DESC LIMIT $3) f
				WHERE finished_at > statement_timestamp() - $2::interval),
			(SELECT array_agg((SELECT count(*) FROM (SELECT 1 FROM instances WHERE status = s LIMIT $3) i) ORDER BY position)
				FROM unnest($4::text[]) WITH ORDINALITY AS u (s, position)),
			(SELECT array_agg(owner ORDER BY owner) FROM (SELECT DISTINCT owner FROM open WHERE lease_until > statement_timestamp()) o),
			(SELECT array_agg(n ORDER BY owner) FROM (SELECT owner, count(*) AS n FROM open WHERE lease_until > statement_timestamp() GROUP BY owner) o)
		FROM open`
)

// Summarize implements [admin.Store].
func (s *Store) Summarize(ctx context.Context, scope admin.SummaryScope) (*admin.Summary, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	statuses := []string{
		string(durable.StatusCreating), string(durable.StatusReady), string(durable.StatusUpdating),
		string(durable.StatusDeleting), string(durable.StatusCreateFailed), string(durable.StatusDeleted),
	}
	summary := &admin.Summary{Instances: map[durable.RecordStatus]int{}}
	var instances, leases []int
	var owners []string
	err := s.pool.QueryRow(ctx, summarize, scope.Idle, scope.Recent, scope.Cap, statuses).Scan(
		timestamp{&summary.Now}, &summary.Open, timestamp{&summary.OldestOpen}, &summary.Running,
		&summary.Cancelling, &summary.Retrying, &summary.Stuck, &summary.Failed, &instances, &owners, &leases)
	if err != nil {
		return nil, fmt.Errorf("pgstore: summarize: %w", err)
	}
	for i, status := range statuses {
		if instances[i] > 0 {
			summary.Instances[durable.RecordStatus(status)] = instances[i]
		}
	}
	for i, owner := range owners {
		summary.Replicas = append(summary.Replicas, admin.Replica{Name: owner, Operations: leases[i]})
	}
	return summary, nil
}

// Queue implements [admin.Store].
func (s *Store) Queue(ctx context.Context, f admin.QueueFilter) ([]durable.OperationRecord, error) {
	var q listQuery
	q.where("state IN ('active', 'cancelling')")
	if f.Stuck > 0 {
		q.args = append(q.args, f.Stuck)
		q.where(isStuck)
	}
	if f.Retrying {
		q.where("failures > 0")
	}
	q.equal("platform", f.Platform)
	q.equal("instance_id", f.InstanceID)
	q.equal("kind", string(f.Kind))
	q.equal("state", string(f.State))
	if f.AfterID != "" {
		seq, err := s.sequence(ctx, f.AfterID)
		if err != nil {
			return nil, err
		}
		q.where(fmt.Sprintf("seq > %d", seq))
	}
	return list(ctx, s, &q, scanOperation, "SELECT "+queueColumns+" FROM operations", "seq", f.Limit)
}
