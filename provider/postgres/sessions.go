package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/provider/internal/step"
)

// endTimeout bounds how long an attempt waits for sessions to end.
const endTimeout = time.Minute

// errSessions means that a session does not end. Its process may be waiting for a disk.
var errSessions = errors.New("the sessions of the login do not end")

// endSessions ends the sessions of a login that can no longer log in, and returns when
// none is left. A login that began before may not be visible yet, so that it first waits
// for all sessions that are starting.
func (s *session) endSessions(ctx context.Context, login string) error {
	starting, err := s.starting(ctx)
	if err != nil {
		return err
	}
	timeout := time.NewTimer(endTimeout)
	defer timeout.Stop()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		var left int
		err := s.QueryRow(ctx, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usesysid = (SELECT oid FROM pg_roles WHERE rolname = $1)`, login).Scan(&left)
		if err != nil {
			return fmt.Errorf("ending the sessions of the login: %w", err)
		}
		if len(starting) > 0 {
			still, err := s.starting(ctx)
			if err != nil {
				return err
			}
			starting = intersect(starting, still)
			left += len(starting)
		}
		if left == 0 {
			return step.Done(ctx, "end the sessions of the login")
		}
		select {
		case <-ticker.C:
		case <-timeout.C:
			return errSessions
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// starting returns the processes that are between authentication and their first
// statement: they run a transaction, and the view of sessions does not know their user.
func (s *session) starting(ctx context.Context) ([]int32, error) {
	rows, err := s.Query(ctx, `SELECT DISTINCT l.pid FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
		WHERE l.locktype = 'virtualxid' AND l.pid IS NOT NULL AND a.usesysid IS NULL AND coalesce(a.backend_type, 'client backend') = 'client backend'`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int32])
}

// intersect returns the elements of a that b has too.
func intersect(a, b []int32) []int32 {
	has := map[int32]bool{}
	for _, pid := range b {
		has[pid] = true
	}
	var both []int32
	for _, pid := range a {
		if has[pid] {
			both = append(both, pid)
		}
	}
	return both
}
