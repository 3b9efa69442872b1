package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/pgstore"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/server/config"
)

func newAdmin(stdout, stderr io.Writer) *cobra.Command {
	flags := &adminFlags{stdout: stdout, stderr: stderr}
	command := &cobra.Command{
		Use:   "admin",
		Short: "Look into the store of a broker, and intervene",
		Long: `Look into the store of a broker, and intervene in what it does, also while it runs.
It needs to know the store: give it the same --config, --data and --store as serve.

Nothing it prints is secret: no parameters and no credentials.`,
		Args:              cobra.NoArgs,
		RunE:              func(command *cobra.Command, _ []string) error { return command.Help() },
		PersistentPreRunE: func(command *cobra.Command, _ []string) error { return flags.check(command.Flags()) },
	}
	set := command.PersistentFlags()
	set.StringVar(&flags.config, "config", "", "configuration `FILE` of the broker")
	set.StringVar(&flags.data, "data", "", "data `DIRECTORY` of the broker (default ./"+defaultData+")")
	set.StringVar(&flags.store, "store", "", "`STORE` of the broker: sqlite:PATH or postgres://... (default openbroker.db in the data directory)")
	command.AddCommand(
		newAdminInstances(flags), newAdminBindings(flags), newAdminOperations(flags),
		newAdminRetry(flags), newAdminCancel(flags), newAdminFail(flags), newAdminForget(flags), newAdminAudit(flags),
		newAdminOrphans(flags), newAdminExport(flags), newAdminImport(flags),
		newAdminBackup(flags), newAdminRestore(flags), newAdminVerify(flags), newAdminAdopt(flags),
	)
	return command
}

// adminFlags are those of all admin commands, and where these print.
type adminFlags struct {
	serveFlags
	stdout, stderr io.Writer
}

// An administration is an open store, with what the configuration says about it.
type administration struct {
	*admin.Admin
	settings *config.Config
	catalog  *openbroker.Catalog
	data     string
	store    admin.Store
}

// with opens the store for f, and closes it. With keys, the keyset is loaded if
// it is there.
func (f *adminFlags) with(ctx context.Context, keys bool, work func(*administration) error) (err error) {
	settings, err := f.read(config.LoadForStore)
	if err != nil {
		return err
	}
	if err := needsStore(settings); err != nil {
		return err
	}
	catalog, engine, err := prepareAdmin(settings, f.stderr)
	if err != nil {
		return err
	}
	a := &administration{settings: settings, catalog: catalog, data: string(settings.Data)}
	if a.store, err = attachStore(ctx, settings.Store, a.data); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.store.Close()) }()
	engine.Logger = slog.New(slog.DiscardHandler)
	if keys {
		ring, err := a.keyring(ctx)
		if err != nil {
			return err
		}
		if ring != nil {
			engine.Sealer = ring
		}
	}
	if a.Admin, err = admin.New(catalog, a.store, engine); err != nil {
		return err
	}
	return work(a)
}

// attachStore opens the store of a broker, which may be running.
func attachStore(ctx context.Context, store config.Store, data string, options ...sqlitestore.Option) (admin.Store, error) {
	if store.PostgreSQL != "" {
		return pgstore.Attach(ctx, string(store.PostgreSQL))
	}
	return sqlitestore.Attach(ctx, sqlitePath(store, data), options...)
}

func sqlitePath(store config.Store, data string) string {
	if store.SQLite != "" {
		return string(store.SQLite)
	}
	return filepath.Join(data, "openbroker.db")
}

// keyring loads the keyset of the store. It is nil if there is none here: not
// all that an operator does needs it.
func (a *administration) keyring(ctx context.Context) (durable.Sealer, error) {
	if err := a.settings.Unresolved("encryption"); err != nil {
		return nil, err
	}
	ring, err := configuredKeyset(a.settings, a.data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // None, and no error.
	}
	if err != nil {
		return nil, err
	}
	canary, err := a.store.Setting(ctx, durable.CanarySetting)
	switch {
	case errors.Is(err, durable.ErrNotFound):
	case err != nil:
		return nil, err
	default:
		if err := durable.VerifyCanary(ring, canary); err != nil {
			return nil, fmt.Errorf("wrong keyset: %w: configure the keyset of the broker", err)
		}
	}
	return ring, nil
}
