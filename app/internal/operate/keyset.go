package operate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/app/internal/setup"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/seal"
)

// NewKeyset returns the command keyset.
func NewKeyset(providers *provider.Set, stdout io.Writer, stderr output.Messages) *cobra.Command {
	flags := &keysetFlags{Flags: setup.Flags{Providers: providers}}
	command := &cobra.Command{
		Use:   "keyset",
		Short: "List and rotate the keys that encrypt the store",
		Long: `List and rotate the keys that encrypt the store, also while the broker runs: it applies
a changed file by itself. docs/encryption.md lists the steps in order. The commands
print ids, and never a key.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if flags.keyset == "" {
				return errors.New("--keyset is empty")
			}
			return flags.ParseStore()
		},
	}
	command.PersistentFlags().StringVar(&flags.keyset, "keyset", filepath.Join(setup.DefaultData, "keyset.json"), "`PATH` of the keyset file")
	command.AddCommand(newKeysetList(&flags.keyset, stdout), newKeysetReseal(flags, stdout, stderr))
	for _, c := range []struct {
		use, short, done string
		change           func(path string) (uint32, error)
	}{
		{"add", "Add a key, which decrypts but does not encrypt yet", "added", seal.AddKey},
		{"rotate", "Add a key and make it primary immediately, for a broker of one process", "added, primary", seal.RotateKey},
	} {
		var format output.Flag
		sub := &cobra.Command{
			Use: c.use, Short: c.short, Args: cobra.NoArgs,
			RunE: exit.RunE(func(context.Context, []string) error {
				id, err := c.change(flags.keyset)
				if err != nil {
					return err
				}
				return printChange(stdout, format, id, c.done)
			}),
		}
		format.Add(sub, output.Text, output.JSON, output.YAML, output.Name)
		command.AddCommand(sub)
	}
	for _, c := range []keysetChange{
		{use: "promote", short: "Make a key primary: the one that encrypts", done: "primary", change: seal.PromoteKey},
		{use: "enable", short: "Enable a disabled key", done: "enabled", change: seal.EnableKey},
		{use: "disable", short: "Disable a key that no record needs", done: "disabled", change: seal.DisableKey, unused: true},
		{use: "delete", short: "Delete a disabled key permanently", done: "deleted", change: seal.DeleteKey, unused: true},
	} {
		command.AddCommand(newKeysetChange(flags, stdout, c))
	}
	return command
}

// A keysetChange is a command that changes a key.
type keysetChange struct {
	use, short, done string
	change           func(path string, id uint32) error
	// unused means that no record may need the key.
	unused bool
	format output.Flag
}

// printChange prints the change of a key.
func printChange(stdout io.Writer, format output.Flag, id uint32, done string) error {
	key := strconv.FormatUint(uint64(id), 10)
	result := output.Result{
		Value: map[string]any{"id": id, "change": done}, Names: []string{key},
		Text: "key " + key + ": " + done + "\n",
	}
	return result.Print(stdout, format.Format)
}

func newKeysetList(path *string, stdout io.Writer) *cobra.Command {
	var format output.Flag
	command := &cobra.Command{
		Use: "list", Short: "List the keys, oldest first", Args: cobra.NoArgs,
		RunE: exit.RunE(func(context.Context, []string) error {
			ring, err := seal.Load(*path)
			if err != nil {
				return err
			}
			list := &output.List[seal.Key]{
				Format: format.Format, Out: stdout, Titles: []string{"KEY", "STATUS", "PRIMARY"},
				Name: func(k seal.Key) string { return strconv.FormatUint(uint64(k.ID), 10) },
				Row: func(k seal.Key) []string {
					primary := ""
					if k.Primary {
						primary = "primary"
					}
					return []string{strconv.FormatUint(uint64(k.ID), 10), string(k.Status), primary}
				},
			}
			return list.Print(ring.Keys())
		}),
	}
	format.Add(command, output.Text, output.JSON, output.Name)
	return command
}

func newKeysetChange(flags *keysetFlags, stdout io.Writer, c keysetChange) *cobra.Command {
	var id uint32
	command := &cobra.Command{
		Use: c.use + " KEY", Short: c.short, Args: cobra.ExactArgs(1),
		PreRunE: func(_ *cobra.Command, args []string) error {
			parsed, err := strconv.ParseUint(args[0], 10, 32)
			if err != nil {
				return fmt.Errorf("%q is not the id of a key: openbroker keyset list shows them", args[0])
			}
			id = uint32(parsed)
			return nil
		},
		RunE: func(command *cobra.Command, _ []string) error {
			return exit.AsFailure(c.run(command.Context(), flags, command.Flags().Changed("keyset"), id, stdout))
		},
	}
	c.format.Add(command, output.Text, output.JSON, output.YAML, output.Name)
	if c.unused {
		command.Long = c.short + `. The command reads the store first, and refuses if records need
the key: openbroker keyset reseal encrypts them with the primary key.`
		flags.addStore(command.Flags())
		command.Flags().BoolVar(&flags.force, "force", false, "do not read the store; what the key has encrypted is lost")
	}
	return command
}

func (c *keysetChange) run(ctx context.Context, flags *keysetFlags, explicit bool, id uint32, stdout io.Writer) error {
	path := flags.keyset
	if c.unused {
		var err error
		if path, err = flags.path(explicit); err != nil {
			return err
		}
		if c.possible(path, id) {
			if err := flags.checkUnused(ctx, explicit, id); err != nil {
				return err
			}
		}
	}
	if err := c.change(path, id); err != nil {
		return err
	}
	return printChange(stdout, c.format, id, c.done)
}

// possible reports whether the keyset itself allows the change. If not, c.change returns
// the error, and the store need not be read.
func (c *keysetChange) possible(path string, id uint32) bool {
	ring, err := seal.Load(path)
	if err != nil {
		return false
	}
	for _, key := range ring.Keys() {
		if key.ID == id {
			return !key.Primary && (c.use == "disable" || key.Status == seal.KeyDisabled)
		}
	}
	return false
}
