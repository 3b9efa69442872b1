package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/cmd/openbroker/output"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/sqlitestore"
)

func newAdminVerify(flags *adminFlags) *cobra.Command {
	var format output.Flag
	command := &cobra.Command{
		Example: "  openbroker admin verify --store sqlite:/backups/openbroker.db",
		Use:     "verify", Short: "Read all of a store, and open all that is encrypted in it", Args: cobra.NoArgs,
		Long: `Read all of a store, and open all that is encrypted in it: to test a backup, name it
with --store sqlite:FILE beside the --config or --data of the broker, whose keyset is
used. Nothing is changed, and no provider is called.`,
		RunE: does(func(ctx context.Context, _ []string) error { return verifyStore(ctx, flags, &format) }),
	}
	format.Add(command, output.Text, output.JSON, output.YAML)
	return command
}

func verifyStore(ctx context.Context, flags *adminFlags, format *output.Flag) (err error) {
	settings, err := flags.settings()
	if err != nil {
		return err
	}
	data := string(settings.Data)
	ring, err := configuredKeyset(settings, data)
	if err != nil {
		return err
	}
	if settings.Store.PostgreSQL == "" {
		if err := sqlitestore.CheckBackup(ctx, sqlitePath(settings.Store, data)); err != nil {
			return err
		}
	}
	store, err := attachStore(ctx, settings.Store, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	canary, err := store.Setting(ctx, durable.CanarySetting)
	if errors.Is(err, durable.ErrNotFound) {
		return errors.New("the store is empty: no broker was ever started on it")
	}
	if err != nil {
		return err
	}
	if err := wrongKeyset(durable.VerifyCanary(ring, canary)); err != nil {
		return err
	}
	done, err := admin.VerifySealed(ctx, store, ring, showProgress(flags.stderr, "unreadable"))
	if err != nil {
		return err
	}
	name := storeName(settings.Store, data)
	result := output.Result{
		Value: map[string]any{"store": name, "values": done.Values},
		Text:  fmt.Sprintf("%s: ok, %d encrypted values can be opened\n", name, done.Values),
	}
	return result.Print(flags.stdout, format.Format)
}
