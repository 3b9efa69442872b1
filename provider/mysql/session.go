package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/step"
)

// statementTimeout bounds how long a statement takes. A server that answers nothing then
// counts as away.
const statementTimeout = 10 * time.Minute

// A session is one connection, on which an attempt at an operation does all its work. It
// holds a lock of the server with the name of the resource: a later attempt ends the
// session of an earlier one first, which then can change nothing more.
type session struct {
	conn   *sql.Conn
	server *server
	facts  *facts
	logger *slog.Logger
}

// attempt runs an attempt at an operation on the resource with the name. It saves the
// checkpoint under the lock, which fails if a later attempt has begun: either that one
// ends this session, or this one stops.
func (p *service) attempt(ctx context.Context, task *durable.Task, name string, save func() error, work func(ctx context.Context, s *session) error) error {
	known, err := p.known(ctx)
	var conn *sql.Conn
	if err == nil {
		conn, err = p.server.work.Conn(ctx)
	}
	if err != nil {
		// Whatever it is, also a privilege that the broker's account has lost: it is no
		// fault of this operation, which waits until an operator has repaired it.
		return durable.Unreachable(fmt.Errorf("connect: %w", err))
	}
	s := &session{conn: conn, server: p.server, facts: known, logger: task.Logger()}
	lock := lockName(name)
	if err = s.lock(ctx, lock); err == nil {
		err = save()
	}
	if err == nil {
		err = work(ctx, s)
	}
	s.release(ctx, lock)
	if unreachable(err) {
		p.forget() // The server that comes back may be another one.
	}
	return classify(ctx, err)
}

// classify marks errors that another attempt can overcome.
func classify(ctx context.Context, err error) error {
	var answer *openbroker.Error
	switch {
	case err == nil, ctx.Err() != nil, errors.As(err, &answer):
		return err
	case unreachable(err):
		return durable.Unreachable(err)
	case number(err) == errLockWaitTimeout, number(err) == errDeadlock:
		return durable.Retryable(err, time.Second)
	}
	return err
}

// lockName is the name of the lock of a resource, at most 64 characters.
func lockName(resourceName string) string { return "openbroker." + credential.Identifier(resourceName) }

// lock takes the lock. It ends the session that holds it: an earlier attempt's, or one of
// an application that knows the name.
func (s *session) lock(ctx context.Context, name string) error {
	for tries := 0; ; tries++ {
		var taken sql.NullBool
		if err := s.conn.QueryRowContext(ctx, "SELECT GET_LOCK(?, ?)", name, min(tries, 1)).Scan(&taken); err != nil {
			return fmt.Errorf("take the lock of the resource: %w", err)
		}
		if taken.Bool {
			return nil
		}
		if tries > 30 {
			return durable.Unreachable(errors.New("another session holds the lock of the resource, and does not end"))
		}
		var holder sql.NullInt64
		if err := s.conn.QueryRowContext(ctx, "SELECT IS_USED_LOCK(?)", name).Scan(&holder); err != nil {
			return fmt.Errorf("find the session with the lock of the resource: %w", err)
		}
		if !holder.Valid {
			continue
		}
		if err := kill(ctx, s.conn, holder.Int64); err != nil {
			return err
		}
	}
}

// release gives the connection back, without its lock.
func (s *session) release(ctx context.Context, lock string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dialTimeout)
	defer cancel()
	_, err := s.conn.ExecContext(ctx, "DO RELEASE_LOCK(?)", lock)
	if err != nil {
		_ = s.conn.Raw(func(any) error { return driver.ErrBadConn }) // Closes the connection, and with it the lock.
	}
	_ = s.conn.Close() // It returns the connection to the pool.
}

// exec executes a statement that is a step of the operation. Its name is that of the
// step, in errors too: statements have hashes in them.
func (s *session) exec(ctx context.Context, name, statement string) error {
	bounded, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	if _, err := s.conn.ExecContext(bounded, statement); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return step.Done(ctx, name)
}

// A queryer is a session or a pool.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// accounts returns the accounts that a query yields: user and host.
func accounts(ctx context.Context, q queryer, query string, args ...any) (found []account, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var a account
		if err := rows.Scan(&a.user, &a.host); err != nil {
			return nil, err
		}
		found = append(found, a)
	}
	return found, rows.Err()
}

// hasDatabase reports whether a database exists.
func hasDatabase(ctx context.Context, q queryer, name string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", name).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("find the database: %w", err)
	}
	return n > 0, nil
}
