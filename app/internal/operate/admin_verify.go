package operate

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/app/internal/setup"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/sqlitestore"
)

func newAdminVerify(flags *adminFlags) *cobra.Command {
	var format output.Flag
	command := &cobra.Command{
		Example: "  openbroker admin verify --store sqlite:/backups/openbroker.db",
		Use:     "verify", Short: "Read all records of a store, and decrypt them", Args: cobra.NoArgs,
		Long: `Read all records of a store, and decrypt them. To test a backup, name it with --store
sqlite:FILE, and name the keyset with the --config or --data of the broker. The command
changes nothing, and calls no provider.`,
		RunE: exit.RunE(func(ctx context.Context, _ []string) error { return verifyStore(ctx, flags, &format) }),
	}
	format.Add(command, output.Text, output.JSON, output.YAML)
	return command
}

func verifyStore(ctx context.Context, flags *adminFlags, format *output.Flag) (err error) {
	settings, err := flags.Settings()
	if err != nil {
		return err
	}
	data := string(settings.Data)
	ring, err := setup.ConfiguredKeyset(settings, data)
	if err != nil {
		return err
	}
	if settings.Store.PostgreSQL == "" {
		if err := sqlitestore.CheckBackup(ctx, setup.SQLitePath(settings.Store, data)); err != nil {
			return err
		}
	}
	store, err := setup.AttachStore(ctx, settings.Store, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	canary, err := store.Setting(ctx, durable.CanarySetting)
	if errors.Is(err, durable.ErrNotFound) {
		return errors.New("the store is empty: no broker has run on it")
	}
	if err != nil {
		return err
	}
	if err := setup.WrongKeyset(durable.VerifyCanary(ring, canary)); err != nil {
		return err
	}
	done, err := admin.VerifySealed(ctx, store, ring, showProgress(flags.stderr, "unreadable"))
	if err != nil {
		return err
	}
	name := setup.StoreName(settings.Store, data)
	result := output.Result{
		Value: map[string]any{"store": name, "values": done.Values},
		Text:  fmt.Sprintf("%s: ok, %d encrypted values can be decrypted\n", name, done.Values),
	}
	return result.Print(flags.stdout, format.Format)
}
