package operate

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/setup"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
	"github.com/openbroker/openbroker/durable/sqlitestore"
)

func newAdminBackup(flags *adminFlags) *cobra.Command {
	var by attribution
	command := &cobra.Command{
		Example: "  openbroker admin backup /backups/openbroker.db",
		Use:     "backup FILE", Short: "Copy the SQLite database into a file, while the broker runs", Args: cobra.ExactArgs(1),
		Long: `Copy the SQLite database of the broker into a file, consistently, also while the
broker runs. The command verifies the copy. FILE must not exist; it appears complete
or not at all. Encrypted values stay encrypted: store the keyset too, apart from the
backup. docs/backup.md says how to restore and how to test a backup.`,
		RunE: exit.RunE(func(ctx context.Context, args []string) error {
			path, err := flags.sqliteFile("use pg_dump, or openbroker admin export")
			if err != nil {
				return err
			}
			store, err := sqlitestore.Attach(ctx, path)
			if err != nil {
				return err
			}
			if err = store.Backup(ctx, args[0]); err == nil {
				err = by.record(ctx, store, audit.ActionBackUp, "to "+args[0])
			}
			if err := errors.Join(err, store.Close()); err != nil {
				return err
			}
			err = flags.stderr.Say("backed up %s to %s; keep the keyset: the backup cannot be decrypted without it", path, args[0])
			return err
		}),
	}
	by.addOptional(command)
	return command
}

func newAdminRestore(flags *adminFlags) *cobra.Command {
	var by attribution
	command := &cobra.Command{
		Example: "  openbroker admin restore /backups/openbroker.db",
		Use:     "restore FILE", Short: "Replace the SQLite database by a backup", Args: cobra.ExactArgs(1),
		Long: `Replace the SQLite database by a file of openbroker admin backup. Stop the broker
first. The command reads the whole backup before it changes anything. It renames the
files that it replaces, and prints the new names. The audit trail goes on in a new chain,
whose first entries say so.

Afterwards the broker does not know what platforms have done since the backup: see
docs/backup.md.`,
		RunE: exit.RunE(func(ctx context.Context, args []string) error {
			path, err := flags.sqliteFile("use pg_restore, or openbroker admin import")
			if err != nil {
				return err
			}
			entry, err := admin.NewAct(audit.ActionRestore, by.about("from "+args[0]))
			if err != nil {
				return err
			}
			replaced, err := sqlitestore.Restore(ctx, args[0], path, entry)
			for _, name := range replaced {
				flags.stderr.Complain("the replaced file is now %s", name)
			}
			if errors.Is(err, sqlitestore.ErrInUse) {
				return fmt.Errorf("the broker is running: stop it first: %w", err)
			}
			if err != nil {
				return err
			}
			err = flags.stderr.Say("restored %s from %s", path, args[0])
			return err
		}),
	}
	by.addOptional(command)
	return command
}

func newAdminAdopt(flags *adminFlags) *cobra.Command {
	var by attribution
	command := &cobra.Command{
		Example: "  openbroker admin adopt",
		Use:     "adopt", Short: "Accept an SQLite database although acknowledged changes are missing", Args: cobra.NoArgs,
		Long: `Accept the SQLite database as it is. Use it if the broker refuses to start because
acknowledged changes are missing, and no better backup exists. The command reads the
whole database first, and refuses a damaged one. The missing changes stay missing:
platforms know instances that the broker does not know, and the reverse; see
docs/backup.md.`,
		RunE: exit.RunE(func(ctx context.Context, _ []string) error {
			path, err := flags.sqliteFile("it does not need this command")
			if err != nil {
				return err
			}
			if err := sqlitestore.CheckBackup(ctx, path); err != nil {
				return err // This also refuses to create a database.
			}
			store, err := sqlitestore.Open(ctx, path, sqlitestore.WithAdoption())
			if err != nil {
				return err
			}
			err = by.record(ctx, store, audit.ActionAdopt, "as it is")
			if err := errors.Join(err, store.Close()); err != nil {
				return err
			}
			err = flags.stderr.Say("accepted %s as it is; compare it with the resources: openbroker admin orphans", path)
			return err
		}),
	}
	by.addOptional(command)
	return command
}

// sqliteFile returns the path of the broker's SQLite database. If the store is in
// PostgreSQL, the error ends with instead, which is what to do there.
func (f *adminFlags) sqliteFile(instead string) (string, error) {
	settings, err := f.Settings()
	if err != nil {
		return "", err
	}
	if settings.Store.PostgreSQL != "" {
		return "", fmt.Errorf("the store is in PostgreSQL: %s", instead)
	}
	return setup.SQLitePath(settings.Store, string(settings.Data)), nil
}
