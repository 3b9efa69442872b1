package pgstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	versionTable = "schema_version"
	// migrationSession sets up the sessions of the migration.
	migrationSession = `SELECT set_config('search_path', $1, false), set_config('statement_timeout', '0', false), set_config('synchronous_commit', 'on', false)`
)

// migrate checks the server and migrates the schema. One replica migrates while the
// others wait for its advisory lock. A separate connection holds the lock, so that
// the lock ends with the process.
func migrate(ctx context.Context, config *pgx.ConnConfig, o options) (err error) {
	lock, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("pgstore: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close(context.WithoutCancel(ctx))) }()
	if err := checkSession(ctx, config, lock, o.timeout); err != nil {
		return err
	}
	server := lock.PgConn()
	var encoding string
	if err := lock.QueryRow(ctx, `SELECT current_setting('server_encoding')`).Scan(&encoding); err != nil {
		return fmt.Errorf("pgstore: %w", err)
	}
	if err := checkServer(server.ParameterStatus("server_version"), encoding); err != nil {
		return err
	}
	if _, err := lock.Exec(ctx, `SELECT set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false)`); err != nil {
		return fmt.Errorf("pgstore: %w", err)
	}
	if _, err := lock.Exec(ctx, `SELECT pg_advisory_lock($1)`, lockKey(o.schema)); err != nil {
		return fmt.Errorf("pgstore: wait for another replica's migration: %w", err)
	}
	if err := createSchema(ctx, lock, o.schema); err != nil {
		return err
	}
	return applyMigrations(ctx, config, o.schema)
}

// lockKey returns the key of the advisory lock, the same for all replicas on a
// schema.
func lockKey(schema string) int64 {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte("openbroker migrations " + schema)) // It never fails.
	return int64(hash.Sum64())                                   //nolint:gosec // Any 64 bits will do.
}

// createSchema creates the schema if it is missing. It checks first, because
// CREATE SCHEMA IF NOT EXISTS needs the privilege even if the schema exists.
func createSchema(ctx context.Context, conn *pgx.Conn, schema string) error {
	var exists bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)`, schema).Scan(&exists); err != nil {
		return fmt.Errorf("pgstore: %w", err)
	}
	if exists {
		return nil
	}
	if _, err := conn.Exec(ctx, `CREATE SCHEMA `+pgx.Identifier{schema}.Sanitize()); err != nil {
		return fmt.Errorf("pgstore: create the schema %q (or let an administrator create it, owned by this role): %w", schema, err)
	}
	return nil
}

// applyMigrations migrates the schema. The caller holds the lock.
func applyMigrations(ctx context.Context, config *pgx.ConnConfig, schema string) (err error) {
	directory, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	// These are no parameters of the start, because PgBouncer refuses or drops those.
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, migrationSession, pgx.QueryExecModeExec, pgx.Identifier{schema}.Sanitize())
		return err
	}))
	defer func() { err = errors.Join(err, db.Close()) }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, directory,
		goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("pgstore: read the migrations: %w", err)
	}
	current, newest, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("pgstore: read the version of the schema %q: %w", schema, err)
	}
	if current > newest {
		return fmt.Errorf("pgstore: the schema %q has version %d, but this binary knows versions up to %d: use a binary that is as new as the one that last wrote the database", schema, current, newest)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("pgstore: migrate the schema %q from version %d to %d: %w", schema, current, newest, err)
	}
	return nil
}
