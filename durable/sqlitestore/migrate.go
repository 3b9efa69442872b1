package sqlitestore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// ErrNewerSchema means that a newer version of the program wrote the database.
var ErrNewerSchema = errors.New("the schema is newer than this program")

//go:embed migrations/*.sql
var migrationFiles embed.FS

func newMigrations(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}

func migrate(ctx context.Context, db *sql.DB, path string) error {
	migrations, err := newMigrations(db)
	if err != nil {
		return err
	}
	if _, err := migrations.Up(ctx); err != nil {
		return fmt.Errorf("migrate %s: %w", path, err)
	}
	return nil
}

// checkVersion refuses a schema that is newer than the migrations of this program.
// It reports whether the schema has the table of commits. It does not write.
func checkVersion(ctx context.Context, db *sql.DB, path string) (counted bool, err error) {
	var have sql.NullInt64
	if err := db.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version").Scan(&have); err != nil {
		return false, unreadable(path, err)
	}
	migrations, err := newMigrations(db)
	if err != nil {
		return false, err
	}
	sources := migrations.ListSources()
	if known := sources[len(sources)-1].Version; have.Int64 > known {
		return false, fmt.Errorf("open %s: %w: it has version %d, this program knows versions up to %d; upgrade the program, or name another database",
			path, ErrNewerSchema, have.Int64, known)
	}
	return have.Int64 >= countedSince, nil
}

// countedSince is the first schema with the table of commits.
const countedSince = 4
