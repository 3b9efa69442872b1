package postgres

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// patience is how long the broker waits for a session of another instance.
	patience = time.Second
	// strangersTimeout bounds the look for these sessions.
	strangersTimeout = 5 * time.Second
)

// strangers ends the sessions of logins of other instances that another session has been
// waiting for. Nothing that an application needs makes it lock what another instance has:
// it has granted something on its own objects to roles of that instance.
const strangers = `SELECT count(pg_terminate_backend(a.pid)) FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
	WHERE EXISTS (SELECT 1 FROM pg_locks w WHERE w.pid = $1 AND NOT w.granted AND w.waitstart < clock_timestamp() - $2::text::interval)
	AND a.pid = ANY(pg_blocking_pids($1)) AND r.rolname ~ '^ob[a-z2-7]{30}$' AND pg_has_role(r.oid, 'USAGE')
	AND NOT EXISTS (SELECT 1 FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid AND g.rolname IN ($3, $4))`

// withoutStrangers runs work, whose statements on a connection wait for no session of
// another instance. A tenant could otherwise keep a login of another one from being
// deleted, by a transaction that grants it something and does not end.
func (s *session) withoutStrangers(ctx context.Context, conn *pgx.Conn, n names, work func() error) error {
	watch, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.server.endStrangers(watch, conn.PgConn().PID(), n)
	}()
	defer func() {
		stop()
		<-ended
	}()
	return work()
}

// endStrangers ends, until the context ends, what withoutStrangers should not wait for.
// If it cannot, the statement ends by its lock_timeout, and is tried again later.
func (s *server) endStrangers(ctx context.Context, waiting uint32, n names) {
	ticker := time.NewTicker(patience)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		conn, err := s.pool.Acquire(ctx)
		if err != nil {
			continue
		}
		// A connection whose query is cancelled is closed, and this may be the last one
		// that a full server gives.
		query, cancel := context.WithTimeout(context.WithoutCancel(ctx), strangersTimeout)
		var count int
		err = conn.QueryRow(query, strangers, int64(waiting), patience.String(), n.owner, n.reader).Scan(&count)
		cancel()
		conn.Release()
		if err != nil || count > 0 {
			s.logger.LogAttrs(ctx, slog.LevelWarn, "another instance locks what it has granted to this one, so that its sessions end",
				slog.String("resource", n.resource), slog.Int("sessions", count), slog.Any("error", err))
		}
	}
}
