package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/server/config"
)

func newAdminBackup(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Example: "  openbroker admin backup /backups/openbroker.db",
		Use:     "backup FILE", Short: "Copy the SQLite database into a file, while the broker runs", Args: cobra.ExactArgs(1),
		Long: `Copy the SQLite database of the broker into a file, as it is at one moment, also
while the broker runs. The copy is checked; FILE must not exist, and is there
complete or not at all. What is encrypted stays so: keep the keyset too, and apart
from the backup. docs/backup.md says how to restore and how to test a backup.`,
		RunE: does(func(ctx context.Context, args []string) error {
			path, err := flags.sqliteFile("use pg_dump, or openbroker admin export")
			if err != nil {
				return err
			}
			store, err := sqlitestore.Attach(ctx, path)
			if err != nil {
				return err
			}
			if err := errors.Join(store.Backup(ctx, args[0]), store.Close()); err != nil {
				return err
			}
			_, err = fmt.Fprintf(flags.stderr, "openbroker: backed up %s to %s; keep the keyset, nothing else opens what is encrypted in it\n", path, args[0])
			return err
		}),
	}
}

func newAdminRestore(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Example: "  openbroker admin restore /backups/openbroker.db",
		Use:     "restore FILE", Short: "Put a backup in the place of the SQLite database", Args: cobra.ExactArgs(1),
		Long: `Put a backup that openbroker admin backup has made in the place of the SQLite
database. Stop the broker first. All of the backup is read before anything is changed;
the files that are replaced are kept beside it, under names that are printed.

What platforms have done since the backup is unknown to the broker afterwards: see
docs/backup.md.`,
		RunE: does(func(ctx context.Context, args []string) error {
			path, err := flags.sqliteFile("use pg_restore, or openbroker admin import")
			if err != nil {
				return err
			}
			replaced, err := sqlitestore.Restore(ctx, args[0], path)
			for _, name := range replaced {
				complain(flags.stderr, "openbroker: what was there is now "+name)
			}
			if errors.Is(err, sqlitestore.ErrInUse) {
				return fmt.Errorf("the broker is running: stop it first: %w", err)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(flags.stderr, "openbroker: restored %s from %s\n", path, args[0])
			return err
		}),
	}
}

func newAdminAdopt(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Example: "  openbroker admin adopt",
		Use:     "adopt", Short: "Accept an SQLite database although acknowledged changes are missing", Args: cobra.NoArgs,
		Long: `Accept the SQLite database as it is, when the broker refuses to start because
changes that it has acknowledged are missing, and there is no better backup. All of it
is read first, and a damaged one is refused. What is missing stays missing: platforms
know of instances that the broker does not, and the reverse; see docs/backup.md.`,
		RunE: does(func(ctx context.Context, _ []string) error {
			path, err := flags.sqliteFile("it needs no such command")
			if err != nil {
				return err
			}
			if err := sqlitestore.CheckBackup(ctx, path); err != nil {
				return err // Nor is one made where none is.
			}
			store, err := sqlitestore.Open(ctx, path, sqlitestore.Adopt())
			if err != nil {
				return err
			}
			if err := store.Close(); err != nil {
				return err
			}
			_, err = fmt.Fprintf(flags.stderr, "openbroker: %s is accepted as it is; compare it with the resources: openbroker admin orphans\n", path)
			return err
		}),
	}
}

// sqliteFile is the path of the broker's database, which has to be SQLite. instead
// says what to do with PostgreSQL.
func (f *adminFlags) sqliteFile(instead string) (string, error) {
	settings, err := f.settings()
	if err != nil {
		return "", err
	}
	if settings.Store.PostgreSQL != "" {
		return "", fmt.Errorf("the store is in PostgreSQL: %s", instead)
	}
	return sqlitePath(settings.Store, string(settings.Data)), nil
}

// databaseIsThere reports whether the store may have records: an SQLite file that is
// not there has none.
func databaseIsThere(store config.Store, data string) bool {
	if store.PostgreSQL != "" {
		return true
	}
	_, err := os.Stat(sqlitePath(store, data))
	return !errors.Is(err, os.ErrNotExist)
}

// isOrphaned explains why a store that is empty is refused.
func isOrphaned(store config.Store, data string) error {
	return fmt.Errorf("the keyset is there, but the store, %s, is missing or empty: platforms would hear that their instances are gone; bring the database back, or restore a backup (docs/backup.md); if a new, empty store is meant, say so once with --new-store",
		storeName(store, data))
}

func storeName(store config.Store, data string) string {
	if store.PostgreSQL != "" {
		return "in PostgreSQL"
	}
	return sqlitePath(store, data)
}
