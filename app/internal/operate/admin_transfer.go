package operate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/setup"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/archive"
	"github.com/openbroker/openbroker/durable/audit"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/server/config"
)

func newAdminExport(flags *adminFlags) *cobra.Command {
	force := false
	var by attribution
	command := &cobra.Command{
		Use: "export [FILE]", Short: "Write all records of the store to a file", Args: cobra.MaximumNArgs(1),
		Long: `Write all records of the store to a file, or to the standard output, to move the broker
to another database with openbroker admin import. FILE must not exist. It gets the mode
0600, and appears complete or not at all. Encrypted values stay encrypted; the keyset is
not part of the file.

Stop the broker first. The export is refused while the broker uses the SQLite file, or
holds a lease in PostgreSQL; it cannot detect an idle broker on PostgreSQL. With
--force it is a consistent copy that lacks what the broker does later.`,
		RunE: exit.RunE(func(ctx context.Context, args []string) error {
			settings, err := flags.Read(config.LoadForStore)
			if err != nil {
				return err
			}
			if err := setup.NeedsStore(settings); err != nil {
				return err
			}
			return exportStore(ctx, settings, flags, strings.Join(args, ""), force, &by)
		}),
	}
	command.Flags().BoolVar(&force, "force", false, "export also while the broker runs")
	by.addOptional(command)
	return command
}

func exportStore(ctx context.Context, settings *config.Config, flags *adminFlags, path string, force bool, by *attribution) (err error) {
	var options []sqlitestore.Option
	if !force {
		options = append(options, sqlitestore.WithExclusiveLock())
	}
	store, err := setup.AttachStore(ctx, settings.Store, string(settings.Data), options...)
	if errors.Is(err, sqlitestore.ErrInUse) {
		return fmt.Errorf("the broker is running: stop it, so that the export is complete, or use --force: %w", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if !force && settings.Store.PostgreSQL != "" {
		if err := refuseLeases(ctx, store); err != nil {
			return err
		}
	}
	var summary archive.Summary
	write := func(w io.Writer) error {
		a, err := archive.NewWriter(w)
		if err != nil {
			return err
		}
		if err := store.Export(ctx, a.Write); err != nil {
			return err
		}
		summary, err = a.Close()
		return err
	}
	if path == "" {
		err = write(flags.stdout)
	} else {
		err = writeNewFile(path, write)
	}
	if err == nil {
		err = by.record(ctx, store, audit.ActionExport, "to "+cmp.Or(path, "the standard output"))
	}
	if err != nil {
		return err
	}
	err = flags.stderr.Say("exported %s; keep the keyset: the export cannot be decrypted without it", count(summary))
	return err
}

// refuseLeases returns an error if a replica works on an operation now. It is needed for
// PostgreSQL only: an SQLite file has a lock.
func refuseLeases(ctx context.Context, store admin.Store) error {
	clock, err := store.Load(ctx, durable.Key{})
	if err != nil {
		return err
	}
	for _, state := range []durable.OperationState{durable.OperationActive, durable.OperationCancelling} {
		filter := durable.Filter{State: state}
		for {
			open, err := store.Operations(ctx, filter)
			if err != nil {
				return err
			}
			for i := range open {
				if open[i].LeaseUntil.After(clock.Now) {
					return fmt.Errorf("%s works on the operation %s: stop all replicas, so that the export is complete, or use --force", open[i].Owner, open[i].ID)
				}
			}
			if len(open) == 0 {
				break
			}
			filter.AfterID = open[len(open)-1].ID
		}
	}
	return nil
}

// writeNewFile creates a file, which appears complete and synced, or not at all.
func writeNewFile(path string, write func(io.Writer) error) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s exists: remove it, or choose another file", path)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".export-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	err = write(file)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Link(file.Name(), path) // A rename would replace an existing file.
}

func count(s archive.Summary) string {
	return fmt.Sprintf("%d instances, %d bindings, %d operations, %d other entries of the audit trail and %d settings", s.Instances, s.Bindings, s.Operations, s.Audit, s.Settings)
}

func newAdminImport(flags *adminFlags) *cobra.Command {
	var by attribution
	command := &cobra.Command{
		Use: "import FILE", Short: "Fill an empty store with an export", Args: cobra.ExactArgs(1),
		Long: `Fill an empty store with a file of openbroker admin export. The command creates a
missing database. It imports everything or nothing: an interruption leaves the store
empty.

The new broker needs the keyset of the old one. If the keyset is in place already, the
import verifies it.`,
		RunE: exit.RunE(func(ctx context.Context, args []string) error {
			settings, err := flags.Read(config.LoadForStore)
			if err != nil {
				return err
			}
			if err := setup.NeedsStore(settings); err != nil {
				return err
			}
			return importStore(ctx, settings, flags, args[0], &by)
		}),
	}
	by.addOptional(command)
	return command
}

func importStore(ctx context.Context, settings *config.Config, flags *adminFlags, path string, by *attribution) (err error) {
	if err := settings.Unresolved("encryption"); err != nil {
		return err
	}
	ring, err := setup.ConfiguredKeyset(settings, string(settings.Data))
	if errors.Is(err, fs.ErrNotExist) {
		ring, err = nil, nil
	}
	if err != nil {
		return err
	}
	file, err := os.Open(path) //nolint:gosec // G304: the operator names the file.
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // It was only read.
	// The whole file is verified before a database is created.
	reader := archive.NewReader(file)
	for item, err := range reader.Items() {
		if err == nil {
			err = checkCanary(ring, item)
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("%s must be a file, not a pipe: %w", path, err)
	}
	store, err := setup.OpenStore(ctx, settings.Store, string(settings.Data), true, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	target, ok := store.(admin.Store)
	if !ok {
		return errors.New("the store does not support imports")
	}
	reader = archive.NewReader(file)
	err = target.Import(ctx, checked(ring, reader.Items()))
	if errors.Is(err, admin.ErrNotEmpty) {
		return fmt.Errorf("%w: import into a new database, on which no broker has run", err)
	}
	if err != nil {
		return fmt.Errorf("nothing was imported: %w", err)
	}
	// The chains of the archive end with it: this entry begins one, which has their heads.
	if err := by.record(ctx, target, audit.ActionImport, "from "+path); err != nil {
		return err
	}
	keys := "the keyset matches"
	if ring == nil {
		keys = "copy the keyset of the old broker before you start the new one"
	}
	err = flags.stderr.Say("imported %s; %s", count(reader.Summary()), keys)
	return err
}

func checked(ring *seal.Keyring, items iter.Seq2[admin.ExportItem, error]) iter.Seq2[admin.ExportItem, error] {
	return func(yield func(admin.ExportItem, error) bool) {
		for item, err := range items {
			if err == nil {
				err = checkCanary(ring, item)
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

// checkCanary returns an error if the item is the canary of another keyset.
func checkCanary(ring *seal.Keyring, item admin.ExportItem) error {
	if ring == nil || item.Setting == nil || item.Setting.Name != durable.CanarySetting {
		return nil
	}
	if err := durable.VerifyCanary(ring, item.Setting.Value); err != nil {
		return fmt.Errorf("wrong keyset: %w: replace it by the keyset of the old broker", err)
	}
	return nil
}
