package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/openbroker/openbroker/durable"
)

const (
	// checkConnections are for requests, which do not wait for operations.
	checkConnections = 2
	// releaseTimeout bounds how long the end of an operation may take.
	releaseTimeout = 5 * time.Second
	// acquireTimeout bounds how long an operation waits for another one on its instance.
	acquireTimeout = time.Minute
	// pollInterval is the pause between two looks at the server.
	pollInterval = 50 * time.Millisecond
	// concurrencyPause is the pause before a statement is repeated that met another one
	// on the same row of a catalog.
	concurrencyPause = 20 * time.Millisecond
	// concurrencyAttempts bounds these repetitions.
	concurrencyAttempts = 50
)

// A server is the PostgreSQL server and the broker's connections to it: a pool for the
// maintenance database, of which one connection always stays open, and one connection
// for each operation to the database that it works in. An open connection is the
// broker's way in while applications have taken all others.
type server struct {
	address *address
	pool    *pgxpool.Pool
	// slots has an element for each running operation.
	slots  chan struct{}
	logger *slog.Logger

	// template is the database that new ones are copied from.
	template string

	// checking has an element while somebody uses checked, which is the version that
	// passed the checks, or empty.
	checking chan struct{}
	checked  string
}

func newServer(ctx context.Context, a *address, settings Settings, logger *slog.Logger) (*server, error) {
	config, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, err
	}
	operations := (settings.Connections - checkConnections) / 2
	config.ConnConfig = a.config.Copy()
	config.MaxConns, config.MinConns = int32(operations+checkConnections), 1 //nolint:gosec // G115: the settings limit it.
	config.MaxConnLifetime, config.MaxConnIdleTime = 24*365*time.Hour, time.Minute
	config.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error { return a.secure(c) }
	// After a failover, the old primary refuses to write, and a new connection finds the
	// new one.
	previous := config.ConnConfig.OnPgError
	config.ConnConfig.OnPgError = func(conn *pgconn.PgConn, failure *pgconn.PgError) bool {
		return failure.Code != codeNotReadWrite && (previous == nil || previous(conn, failure))
	}
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	if err != nil {
		return nil, err
	}
	return &server{
		address: a, pool: pool, logger: logger, template: settings.Template,
		slots: make(chan struct{}, operations), checking: make(chan struct{}, 1),
	}, nil
}

// query runs work in the maintenance database, for a check.
func (s *server) query(ctx context.Context, work func(*pgxpool.Conn) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if err := s.ready(ctx, conn.Conn()); err != nil {
		return err
	}
	return work(conn)
}

// A session is an operation's connection to the maintenance database.
type session struct {
	server *server
	*pgx.Conn
}

// operate runs an attempt at an operation on an instance, while it holds the lock of the
// instance: statements that change the default privileges of one role fail if they run at
// the same time. It first saves the checkpoint, which fails for an attempt that has slept
// while the operation ended without it.
func (s *server) operate(ctx context.Context, task *durable.Task, n names, checkpoint any, work func(*session) error) error {
	return s.lock(ctx, n.resource, func(locked *session) error {
		if err := task.Save(ctx, checkpoint); err != nil {
			return err
		}
		return work(locked)
	})
}

// lock runs work in the maintenance database while it holds the lock of a name.
func (s *server) lock(ctx context.Context, name string, work func(*session) error) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if err := s.ready(ctx, conn.Conn()); err != nil {
		return err
	}
	return (&session{server: s, Conn: conn.Conn()}).locked(ctx, name, func() error { return work(&session{server: s, Conn: conn.Conn()}) })
}

// locked runs work while the session holds the lock of a name.
func (s *session) locked(ctx context.Context, name string, work func() error) error {
	key := lockKey(name)
	if err := s.acquire(ctx, name, key); err != nil {
		return err
	}
	err := work()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if s.IsClosed() {
		return err // The server has freed the lock.
	}
	if _, unlock := s.Exec(ctx, "SELECT pg_advisory_unlock($1)", key); unlock != nil {
		// Closing the session frees the lock.
		return errors.Join(err, s.Close(ctx))
	}
	return err
}

// errBusy means that another operation holds a lock for long.
var errBusy = errors.New("another operation, or an application that locks the same number, has not ended")

func (s *session) acquire(ctx context.Context, name string, key int64) error {
	timeout := time.NewTimer(acquireTimeout)
	defer timeout.Stop()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		var held bool
		if err := s.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", key).Scan(&held); err != nil || held {
			return err
		}
		select {
		case <-ticker.C:
		case <-timeout.C:
			return fmt.Errorf("locking %s: %w", name, errBusy)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// lockKey returns the key of an advisory lock.
func lockKey(name string) int64 {
	sum := sha256.Sum256([]byte("openbroker " + name))
	return int64(binary.BigEndian.Uint64(sum[:8])) //nolint:gosec // G115: any number will do.
}

// in runs work with a connection to a database. A database that is gone, or that refuses
// all connections, is an error.
func (s *session) in(ctx context.Context, database string, work func(*pgx.Conn) error) error {
	config := s.server.address.config.Copy()
	config.Database = database
	if err := s.server.address.secure(config); err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connecting to the database %s: %w", database, err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
		defer cancel()
		_ = conn.Close(ctx) // The server closes what is left of it.
	}()
	return work(conn)
}

// major returns the major version of a session's server.
func major(conn *pgx.Conn) int {
	version, _ := parseVersion(conn.PgConn().ParameterStatus("server_version"))
	return version.major
}

// A version is that of a server, such as 15.4.
type version struct{ major, minor int }

func (v version) before(other version) bool {
	return v.major < other.major || v.major == other.major && v.minor < other.minor
}

// parseVersion reads a version such as "15.4 (Debian 15.4-1)" or "18beta1".
func parseVersion(text string) (version, error) {
	var v version
	var err error
	digits := func(s string) string { return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))] }
	first := digits(text)
	if v.major, err = strconv.Atoi(first); err != nil {
		return v, fmt.Errorf("the server reports the version %.40q: is it PostgreSQL?", text)
	}
	if rest, ok := strings.CutPrefix(text[len(first):], "."); ok {
		v.minor, _ = strconv.Atoi(digits(rest))
	}
	return v, nil
}

// execute runs a statement, again if it met another one on the same row of a catalog.
func execute(ctx context.Context, conn *pgx.Conn, statement string) error {
	ticker := time.NewTicker(concurrencyPause)
	defer ticker.Stop()
	for attempt := 1; ; attempt++ {
		_, err := conn.Exec(ctx, statement)
		if err == nil || !concurrent(err) || attempt == concurrencyAttempts {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// together runs statements in one transaction: all or none have an effect.
func together(ctx context.Context, conn *pgx.Conn, statements ...string) error {
	// Without parameters, the server gets them as one message, which is a transaction.
	return execute(ctx, conn, strings.Join(statements, "; "))
}

// exists reports whether a query has a row.
func exists(ctx context.Context, conn *pgx.Conn, query string, args ...any) (bool, error) {
	var found bool
	err := conn.QueryRow(ctx, "SELECT EXISTS ("+query+")", args...).Scan(&found)
	return found, err
}

// texts returns the first column of a query.
func texts(ctx context.Context, conn *pgx.Conn, query string, args ...any) ([]string, error) {
	rows, err := conn.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
