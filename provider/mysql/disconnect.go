package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"syscall"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/step"
)

const (
	// endingInterval is the interval of looks at sessions that end.
	endingInterval = 20 * time.Millisecond
	// endingTime bounds how long an attempt waits for sessions to end. One that rolls a
	// long transaction back takes as long as that.
	endingTime = time.Minute
)

// unauthenticated is the user of sessions that have not logged in yet. One may have
// passed the check of its password before the account was locked.
const unauthenticated = "unauthenticated user"

// errSessionsLeft says that an attempt has waited long enough for sessions to end.
var errSessionsLeft = errors.New("sessions of the binding have been killed, but have not ended: the server may be rolling back their transactions")

// disconnect ends all sessions of the users, on each host, until none is left. Neither
// DROP USER nor REVOKE ends or limits sessions. The accounts must be locked.
func (s *session) disconnect(ctx context.Context, users []string) error {
	if err := endSessions(ctx, s.conn, users); err != nil {
		return err
	}
	if len(s.server.hosts) == 1 {
		return step.Done(ctx, "end the sessions")
	}
	for i, h := range s.server.hosts {
		db := sql.OpenDB(s.server.connectors[i])
		db.SetMaxOpenConns(1)
		err := endSessions(ctx, db, users)
		err = errors.Join(err, db.Close())
		if errors.Is(err, syscall.ECONNREFUSED) {
			// Nothing listens, so nobody is logged in.
			s.logger.LogAttrs(ctx, slog.LevelWarn, "a server is down, so it has no sessions to end", slog.String("host", h.String()))
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", h, err)
		}
	}
	return step.Done(ctx, "end the sessions")
}

// An executor is a connection or a pool.
type executor interface {
	queryer
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func endSessions(ctx context.Context, on executor, users []string) error {
	ticker := time.NewTicker(endingInterval)
	defer ticker.Stop()
	// A hostile client can begin logins again and again: only the first ones count,
	// because later ones meet locked accounts.
	var suspects map[int64]bool
	for began := time.Now(); ; {
		own, pending, err := sessions(ctx, on, users)
		if err != nil {
			return fmt.Errorf("list the sessions: %w", err)
		}
		if suspects == nil {
			suspects = pending
		}
		left := len(own)
		for id := range pending {
			if suspects[id] {
				left++
			}
		}
		if left == 0 {
			return nil
		}
		for _, id := range own {
			if err := kill(ctx, on, id); err != nil {
				return err
			}
		}
		if time.Since(began) > endingTime {
			return durable.Retryable(errSessionsLeft, endingTime)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

// sessions returns the ids of the sessions of users, and of those that log in.
func sessions(ctx context.Context, on queryer, users []string) (own []int64, pending map[int64]bool, err error) {
	query, args := "SELECT ID, USER FROM information_schema.PROCESSLIST WHERE USER IN (?", []any{unauthenticated}
	for _, user := range users {
		query, args = query+", ?", append(args, user)
	}
	rows, err := on.QueryContext(ctx, query+")", args...)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	pending = map[int64]bool{}
	for rows.Next() {
		var (
			id   int64
			user string
		)
		if err := rows.Scan(&id, &user); err != nil {
			return nil, nil, err
		}
		if user == unauthenticated {
			pending[id] = true
		} else {
			own = append(own, id)
		}
	}
	return own, pending, rows.Err()
}

// kill ends a session. One that has ended already is no error.
func kill(ctx context.Context, on executor, id int64) error {
	_, err := on.ExecContext(ctx, "KILL CONNECTION ?", id)
	if err != nil && number(err) != errNoSuchThread {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}
