package mysql

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	sqldriver "github.com/go-sql-driver/mysql"

	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/transport"
)

const (
	// dialTimeout bounds how long a connection takes.
	dialTimeout = 10 * time.Second
	// idleTime is how long an unused connection stays open.
	idleTime = time.Minute
)

// sessionSettings are those of each connection of the broker. The server's own settings
// must not change what its statements mean, and none waits for a lock for a year.
var sessionSettings = map[string]string{
	"sql_mode":          "'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
	"lock_wait_timeout": "10",
	"autocommit":        "1",
}

// A server is the way to the servers: those of one address, of which one takes writes.
type server struct {
	connectors []driver.Connector
	hosts      []credential.Host
	// modes are those of TLS of the hosts.
	modes []string
	// first is the index of the host that the last connection used.
	first atomic.Int32
	// work is for operations, and quick for requests that wait. So requests do not wait
	// for operations.
	work, quick *sql.DB
}

var _ driver.Connector = (*server)(nil)

// connect returns the way to the servers of the settings. It opens no connection.
func connect(settings Settings) (*server, error) {
	where, err := parseURL(string(settings.URL))
	if err != nil {
		return nil, fmt.Errorf("url %w", err)
	}
	s := &server{hosts: where.hosts}
	for _, h := range where.hosts {
		config := sqldriver.NewConfig()
		config.Net, config.Addr, config.Timeout = "tcp", h.String(), dialTimeout
		config.User = cmp.Or(settings.Username, where.user)
		config.Passwd = cmp.Or(string(settings.Password), where.password)
		config.Params = sessionSettings
		config.InterpolateParams = true
		config.Logger = &sqldriver.NopLogger{} // The errors that it would print are returned too.
		mode := where.tlsMode(settings.TLS, h)
		err := config.Apply(sqldriver.BeforeConnect(func(_ context.Context, config *sqldriver.Config) (err error) {
			config.TLS, err = settings.TLS.Config(mode, h.Name) // Each time, for renewed certificates.
			return err
		}))
		if err != nil {
			return nil, err
		}
		connector, err := sqldriver.NewConnector(config)
		if err != nil {
			return nil, err
		}
		s.connectors, s.modes = append(s.connectors, connector), append(s.modes, mode)
	}
	s.work, s.quick = pool(s, settings.Connections), pool(s, 2)
	return s, nil
}

func pool(connector driver.Connector, connections int) *sql.DB {
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(idleTime)
	return db
}

// Close closes all connections.
func (s *server) Close() error { return errors.Join(s.work.Close(), s.quick.Close()) }

// Driver is that of the connectors.
func (s *server) Driver() driver.Driver { return s.connectors[0].Driver() }

// Connect connects to the first host that takes writes, beginning with the one that did
// so last.
func (s *server) Connect(ctx context.Context) (driver.Conn, error) {
	var problems []error
	first := int(s.first.Load())
	for i := range s.connectors {
		n := (first + i) % len(s.connectors)
		conn, err := s.connectors[n].Connect(ctx)
		if err == nil && len(s.connectors) > 1 {
			err = takesWrites(ctx, conn)
		}
		if err == nil {
			s.first.Store(int32(n)) //nolint:gosec // G115: an index of a short list.
			return conn, nil
		}
		problems = append(problems, fmt.Errorf("%s: %w", s.hosts[n], err))
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(problems...)
}

// errReadOnly says that a server is a replica.
var errReadOnly = errors.New("the server is read-only")

// takesWrites returns an error, after closing the connection, unless the server takes
// writes.
func takesWrites(ctx context.Context, conn driver.Conn) error {
	readOnly, err := isReadOnly(ctx, conn)
	if err == nil && readOnly {
		err = errReadOnly
	}
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	return nil
}

func isReadOnly(ctx context.Context, conn driver.Conn) (bool, error) {
	queryer, ok := conn.(driver.QueryerContext)
	if !ok {
		return false, errors.New("the driver cannot query")
	}
	rows, err := queryer.QueryContext(ctx, "SELECT @@global.read_only + 0", nil)
	if err != nil {
		return false, err
	}
	row := make([]driver.Value, 1)
	err = rows.Next(row)
	if errors.Is(err, io.EOF) {
		err = errors.New("the server did not tell whether it is read-only")
	}
	value, isNumber := row[0].(int64)
	if err == nil && !isNumber {
		err = fmt.Errorf("the server tells whether it is read-only by a %T", row[0])
	}
	return value != 0, errors.Join(err, rows.Close())
}

// The numbers of errors that MySQL and MariaDB share.
const (
	errTooManyConnections = 1040
	errAccessDenied       = 1045
	errUnknownCommand     = 1047 // Galera: the node is not ready.
	errShutdown           = 1053
	errNoSuchThread       = 1094
	errTableAccessDenied  = 1142
	errColumnAccessDenied = 1143
	errTooManyOfUser      = 1203
	errLockWaitTimeout    = 1205
	errDeadlock           = 1213
	errDatabaseDenied     = 1044
	errOptionPrevents     = 1290 // The server is read-only.
	errInterrupted        = 1317
	errReadOnlyMode       = 1836
	errConnectionKilled   = 1927
	errIsDefiner          = 4006 // MySQL: DROP USER of a definer.
)

// number returns the number of an error of the server, or 0.
func number(err error) uint16 {
	var answer *sqldriver.MySQLError
	if errors.As(err, &answer) {
		return answer.Number
	}
	return 0
}

// unreachable reports whether an error means that the server cannot be used now.
func unreachable(err error) bool {
	switch number(err) {
	case errTooManyConnections, errAccessDenied, errUnknownCommand, errShutdown, errTooManyOfUser, errOptionPrevents, errInterrupted,
		errReadOnlyMode, errConnectionKilled:
		return true
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sqldriver.ErrInvalidConn) || errors.Is(err, errReadOnly) || transport.Unreachable(err)
}
