package pgstore

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// oldestVersion is the oldest version of PostgreSQL that the store supports.
	oldestVersion = 13
	// transactionTimeoutVersion is the first version with transaction_timeout.
	transactionTimeoutVersion = 17
	// readOnlyTransaction is the SQLSTATE of a write in a read-only transaction.
	readOnlyTransaction = "25006"
	// defaultMaxConns is the size of the pool if the DSN names none.
	defaultMaxConns = 10
	// defaultConnectTimeout is the DSN's connect_timeout if it names none.
	defaultConnectTimeout = 3 * time.Second
)

// session overrides the defaults of the database and of the role in each session:
//
//   - commits wait for the disk, and for synchronous replicas, if any
//   - transactions are READ COMMITTED, and names belong to this schema
//   - every statement finds its rows by an index and is planned once. The tables
//     grow from nothing to millions of rows within hours: a plan made for the
//     empty table must not scan the full one
//   - the locks of a replica that has vanished are released
//   - waiting for a lock fails before the statement times out
const session = `SELECT
	set_config('search_path', $1, false),
	set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),
	set_config('default_transaction_isolation', 'read committed', false),
	set_config('plan_cache_mode', 'force_generic_plan', false),
	set_config('enable_seqscan', 'off', false),
	set_config('enable_bitmapscan', 'off', false),
	set_config('enable_hashjoin', 'off', false),
	set_config('enable_mergejoin', 'off', false),
	set_config('jit', 'off', false),
	set_config('statement_timeout', $2, false),
	set_config('lock_timeout', $3, false),
	set_config('idle_in_transaction_session_timeout', $2, false),
	set_config('tcp_keepalives_idle', '10', false),
	set_config('tcp_keepalives_interval', '5', false),
	set_config('tcp_keepalives_count', '3', false)`

// poolConfig parses a DSN and adds the settings of the store.
func poolConfig(dsn string, o options) (*pgxpool.Config, error) {
	config, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	if !regexp.MustCompile(`\bpool_max_conns\b`).MatchString(dsn) {
		config.MaxConns = defaultMaxConns
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = defaultConnectTimeout
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "openbroker"
	}
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error { return setUp(ctx, conn, o) }
	config.PingTimeout = o.timeout
	// A session keeps the read-only default of its start. Once the database is
	// writable again, only new sessions can write.
	previous := config.ConnConfig.OnPgError
	config.ConnConfig.OnPgError = func(conn *pgconn.PgConn, failure *pgconn.PgError) bool {
		return failure.Code != readOnlyTransaction && previous(conn, failure)
	}
	return config, nil
}

// setUp prepares a new connection.
func setUp(ctx context.Context, conn *pgx.Conn, o options) error {
	timeout := milliseconds(o.timeout)
	if _, err := conn.Exec(ctx, session, pgx.QueryExecModeExec, pgx.Identifier{o.schema}.Sanitize(), timeout, milliseconds(o.lockTimeout())); err != nil {
		return fmt.Errorf("prepare the session: %w", err)
	}
	if major, err := majorVersion(conn.PgConn().ParameterStatus("server_version")); err == nil && major >= transactionTimeoutVersion {
		if _, err := conn.Exec(ctx, `SELECT set_config('transaction_timeout', $1, false)`, pgx.QueryExecModeExec, timeout); err != nil {
			return fmt.Errorf("prepare the session: %w", err)
		}
	}
	return nil
}

// milliseconds returns a time as a setting of PostgreSQL, at least 1, because 0
// means no limit.
func milliseconds(d time.Duration) string {
	return strconv.FormatInt(max(d.Milliseconds(), 1), 10)
}

var leadingNumber = regexp.MustCompile(`^\d+`)

// majorVersion returns 15 for "15.4 (Debian 15.4-1)" and 18 for "18beta1".
func majorVersion(version string) (int, error) {
	return strconv.Atoi(leadingNumber.FindString(version))
}

// checkServer refuses a server that the store does not support.
func checkServer(version, encoding string) error {
	major, err := majorVersion(version)
	if err != nil {
		return fmt.Errorf("pgstore: the server reports the version %q: is it PostgreSQL?", version)
	}
	if major < oldestVersion {
		return fmt.Errorf("pgstore: the server is PostgreSQL %s, but %d or newer is needed: upgrade it", version, oldestVersion)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("pgstore: the database's encoding is %s, but UTF8 is needed: create it with ENCODING 'UTF8'", encoding)
	}
	return nil
}

var errClosed = errors.New("pgstore: the store is closed")
