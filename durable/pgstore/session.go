package pgstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ErrSharedSession means that the connections go through a pooler that gives each
// transaction, or each statement, another session of the server. The store keeps its
// settings, prepared statements, LISTEN and the lock of the migration in the session.
var ErrSharedSession = errors.New("a connection pooler runs each transaction in another session of PostgreSQL: " +
	"settings, prepared statements and notifications would get lost; connect to PostgreSQL directly, or set pool_mode=session in PgBouncer")

const (
	// sessionRounds is how often checkSession compares the sessions: a pooler that other
	// clients use may give the same session back by chance.
	sessionRounds = 3
	// protocolViolation is the SQLSTATE of a transaction in PgBouncer's statement mode.
	protocolViolation = "08P01"
)

// checkSession returns [ErrSharedSession] unless conn keeps its session. It changes no
// setting, takes no lock and prepares no statement, because a pooler would pass them on
// to other clients.
//
// A pooler gives a transaction the session that was used last, or that has been idle
// longest. Two transactions of conn in a row show the latter. The former gives the
// session of conn to a second connection, and conn gets another one while the second
// connection holds it.
func checkSession(ctx context.Context, config *pgx.ConnConfig, conn *pgx.Conn, timeout time.Duration) (err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	own, err := backend(ctx, conn)
	if err != nil {
		return fmt.Errorf("pgstore: %w", err)
	}
	second, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("pgstore: open a second connection: %w", err)
	}
	defer func() {
		brief, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		err = errors.Join(err, second.Close(brief))
	}()
	for range sessionRounds {
		if err := compareSessions(ctx, conn, second, own); err != nil {
			return err
		}
	}
	return nil
}

// compareSessions does one round of checkSession. own is the session of conn.
func compareSessions(ctx context.Context, conn, second *pgx.Conn, own int64) error {
	before, err := backend(ctx, conn)
	if err != nil {
		return fmt.Errorf("pgstore: %w", err)
	}
	if _, err := second.PgConn().Exec(ctx, "BEGIN").ReadAll(); err != nil {
		return secondError(err)
	}
	other, err := backend(ctx, second)
	if err != nil {
		return secondError(err)
	}
	if before != own || other == own {
		return fmt.Errorf("pgstore: %w", ErrSharedSession)
	}
	during, err := backend(ctx, conn)
	if err != nil {
		return fmt.Errorf("pgstore: %w", err)
	}
	if during != own {
		return fmt.Errorf("pgstore: %w", ErrSharedSession)
	}
	if _, err := second.PgConn().Exec(ctx, "ROLLBACK").ReadAll(); err != nil {
		return secondError(err)
	}
	return nil
}

// secondError returns the error of a transaction of the second connection.
func secondError(err error) error {
	switch {
	case sqlState(err) == protocolViolation:
		return fmt.Errorf("pgstore: %w: %w", ErrSharedSession, err)
	case pgconn.Timeout(err):
		return fmt.Errorf("pgstore: a second connection gets no session: a pooler needs pool_max_conns and one more for each replica (default_pool_size in PgBouncer): %w", err)
	default:
		return fmt.Errorf("pgstore: a second connection: %w", err)
	}
}

// backend returns the id of the server process that serves conn. It uses the simple
// protocol, which prepares nothing.
func backend(ctx context.Context, conn *pgx.Conn) (int64, error) {
	results, err := conn.PgConn().Exec(ctx, "SELECT pg_backend_pid()").ReadAll()
	if err != nil {
		return 0, fmt.Errorf("which session: %w", err)
	}
	if len(results) != 1 || len(results[0].Rows) != 1 {
		return 0, errors.New("which session: the server gave no answer")
	}
	return strconv.ParseInt(string(results[0].Rows[0][0]), 10, 64)
}
