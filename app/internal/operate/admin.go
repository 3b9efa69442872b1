package operate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/app/internal/setup"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/server/config"
)

// NewAdmin returns the command admin.
func NewAdmin(providers *provider.Set, stdout io.Writer, stderr output.Messages) *cobra.Command {
	flags := &adminFlags{Flags: setup.Flags{Providers: providers}, stdout: stdout, stderr: stderr}
	command := &cobra.Command{
		Use:   "admin",
		Short: "Inspect the store of a broker, and intervene",
		Long: `Inspect the store of a broker, and intervene in its operations, also while it runs.
Use the same --config, --data and --store as for serve.

It never prints secrets: neither parameters nor credentials.`,
		Args:              cobra.NoArgs,
		RunE:              func(command *cobra.Command, _ []string) error { return command.Help() },
		PersistentPreRunE: func(command *cobra.Command, _ []string) error { return flags.Check(command.Flags()) },
	}
	set := command.PersistentFlags()
	set.StringVar(&flags.Config, "config", "", "configuration `FILE` of the broker")
	set.StringVar(&flags.Data, "data", "", "data `DIRECTORY` of the broker (default ./"+setup.DefaultData+")")
	set.StringVar(&flags.Store, "store", "", "`STORE` of the broker: sqlite:PATH or postgres://... (default openbroker.db in the data directory)")
	command.AddCommand(
		newAdminTop(flags), newAdminInstances(flags), newAdminBindings(flags), newAdminOperations(flags),
		newAdminRetry(flags), newAdminCancel(flags), newAdminFail(flags), newAdminForget(flags), newAdminAudit(flags),
		newAdminOrphans(flags), newAdminExport(flags), newAdminImport(flags),
		newAdminBackup(flags), newAdminRestore(flags), newAdminVerify(flags), newAdminAdopt(flags),
	)
	return command
}

// adminFlags are the flags and streams of all admin commands.
type adminFlags struct {
	setup.Flags
	stdout io.Writer
	stderr output.Messages
}

// An administration is an open store with its configuration.
type administration struct {
	*admin.Admin
	settings *config.Config
	catalog  *openbroker.Catalog
	data     string
	store    admin.Store
}

// with opens the store, calls work and closes the store. With withKeys it also loads
// the keyset, if it exists.
func (f *adminFlags) with(ctx context.Context, withKeys bool, work func(*administration) error) (err error) {
	settings, err := f.Read(config.LoadForStore)
	if err != nil {
		return err
	}
	if err := setup.NeedsStore(settings); err != nil {
		return err
	}
	catalog, engine, err := setup.PrepareAdmin(settings, f.stderr)
	if err != nil {
		return err
	}
	a := &administration{settings: settings, catalog: catalog, data: string(settings.Data)}
	if a.store, err = setup.AttachStore(ctx, settings.Store, a.data); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.store.Close()) }()
	engine.Logger = slog.New(slog.DiscardHandler)
	if withKeys {
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

// keyring loads the keyset of the store. It returns nil if the file is missing, because
// most interventions do not need it.
func (a *administration) keyring(ctx context.Context) (durable.Sealer, error) {
	if err := a.settings.Unresolved("encryption"); err != nil {
		return nil, err
	}
	ring, err := setup.ConfiguredKeyset(a.settings, a.data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // A missing keyset is not an error.
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
