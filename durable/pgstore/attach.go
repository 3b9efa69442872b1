package pgstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrSchemaVersion means that the schema is missing or has a version other than that
// of this program.
var ErrSchemaVersion = errors.New("the schema does not match this program")

// Attach is [Open] for programs that use the store of a broker and must not change
// its schema. It neither creates nor migrates the schema. The error wraps
// [ErrSchemaVersion] if the schema is missing or has another version.
func Attach(ctx context.Context, dsn string, set ...Option) (*Store, error) {
	o, err := newOptions(set)
	if err != nil {
		return nil, err
	}
	config, err := poolConfig(dsn, o)
	if err != nil {
		return nil, err
	}
	if err := checkSchema(ctx, config.ConnConfig, o); err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("pgstore: %w", err)
	}
	//nolint:contextcheck // The background ends with the store, not with the call that opens it.
	return start(pool, o), nil
}

func checkSchema(ctx context.Context, config *pgx.ConnConfig, o options) (err error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("pgstore: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if err := checkSession(ctx, config, conn, o.timeout); err != nil {
		return err
	}
	schema := o.schema
	table := pgx.Identifier{schema, versionTable}.Sanitize()
	var exists bool
	if err := conn.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, table).Scan(&exists); err != nil {
		return fmt.Errorf("pgstore: %w", err)
	}
	if !exists {
		return fmt.Errorf("pgstore: %w: the database has no schema %q with the tables of a broker; name the database of the broker, or start the broker, which creates them", ErrSchemaVersion, schema)
	}
	var have int64
	if err := conn.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM `+table).Scan(&have); err != nil {
		return fmt.Errorf("pgstore: read the version of the schema %q: %w", schema, err)
	}
	known, err := newestVersion()
	switch {
	case err != nil:
		return err
	case have > known:
		return fmt.Errorf("pgstore: %w: %q has version %d, this program knows versions up to %d; use a program that is as new as the broker", ErrSchemaVersion, schema, have, known)
	case have < known:
		return fmt.Errorf("pgstore: %w: %q has version %d, this program needs %d; start the broker of this version once to migrate it", ErrSchemaVersion, schema, have, known)
	default:
		return nil
	}
}

// newestVersion returns the version of the last migration, which is the number in
// its name.
func newestVersion() (int64, error) {
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		return 0, err
	}
	var version int64
	for _, file := range files {
		if _, err := fmt.Sscanf(file.Name(), "%d_", &version); err != nil {
			return 0, fmt.Errorf("pgstore: the migration %s has no number: %w", file.Name(), err)
		}
	}
	return version, nil // ReadDir sorts them.
}
