package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/seal"
)

func newKeyset(stdout io.Writer) *cobra.Command {
	path := ""
	command := &cobra.Command{
		Use:   "keyset",
		Short: "Look at the keys that the store is encrypted with, and rotate them",
		Long: `Look at the keys that the store is encrypted with, and rotate them, while the broker
runs: it takes a changed file over by itself. docs/encryption.md says in which order.
No key is ever printed, only its id.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if path == "" {
				return fmt.Errorf("--keyset is empty")
			}
			return nil
		},
	}
	command.PersistentFlags().StringVar(&path, "keyset", filepath.Join(defaultData, "keyset.json"), "`PATH` of the keyset file")
	command.AddCommand(newKeysetList(&path, stdout))
	for _, c := range []struct {
		use, short, told string
		change           func(path string) (uint32, error)
	}{
		{"add", "Add a key, which opens but does not seal yet", "added", seal.AddKey},
		{"rotate", "Add a key and make it primary at once: for a broker that is one process", "added, primary", seal.Rotate},
	} {
		command.AddCommand(&cobra.Command{
			Use: c.use, Short: c.short, Args: cobra.NoArgs,
			RunE: does(func(context.Context, []string) error {
				id, err := c.change(path)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(stdout, "key %d: %s\n", id, c.told)
				return err
			}),
		})
	}
	for _, c := range []struct {
		use, short, told string
		change           func(path string, id uint32) error
	}{
		{"promote", "Make a key primary: the one that seals", "primary", seal.PromoteKey},
		{"enable", "Enable a disabled key again", "enabled", seal.EnableKey},
		{"disable", "Disable a key: what it sealed does not open until it is enabled", "disabled", seal.DisableKey},
		{"delete", "Delete a disabled key for ever: what it sealed is lost", "deleted", seal.DeleteKey},
	} {
		command.AddCommand(newKeysetChange(&path, stdout, c.use, c.short, c.told, c.change))
	}
	return command
}

func newKeysetList(path *string, stdout io.Writer) *cobra.Command {
	asJSON := false
	command := &cobra.Command{
		Use: "list", Short: "List the keys, the oldest first", Args: cobra.NoArgs,
		RunE: does(func(context.Context, []string) error {
			ring, err := seal.Load(*path)
			if err != nil {
				return err
			}
			list := &listing[seal.Key]{
				json: asJSON, output: stdout, titles: []string{"KEY", "STATUS", "PRIMARY"},
				row: func(k seal.Key) []string {
					primary := ""
					if k.Primary {
						primary = "primary"
					}
					return []string{strconv.FormatUint(uint64(k.ID), 10), string(k.Status), primary}
				},
			}
			return list.print(ring.Keys())
		}),
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object per line")
	return command
}

func newKeysetChange(path *string, stdout io.Writer, use, short, told string, change func(string, uint32) error) *cobra.Command {
	var id uint32
	return &cobra.Command{
		Use: use + " KEY", Short: short, Args: cobra.ExactArgs(1),
		PreRunE: func(_ *cobra.Command, args []string) error {
			parsed, err := strconv.ParseUint(args[0], 10, 32)
			if err != nil {
				return fmt.Errorf("%q is not the id of a key: openbroker keyset list shows them", args[0])
			}
			id = uint32(parsed)
			return nil
		},
		RunE: does(func(context.Context, []string) error {
			if err := change(*path, id); err != nil {
				return err
			}
			_, err := fmt.Fprintf(stdout, "key %d: %s\n", id, told)
			return err
		}),
	}
}
