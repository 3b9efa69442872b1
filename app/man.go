package app

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/openbroker/openbroker/app/internal/exit"
)

func newMan() *cobra.Command {
	command := &cobra.Command{
		Use:     "man DIRECTORY",
		Short:   "Write the manual pages of all commands into a directory",
		Example: "  openbroker man ~/.local/share/man/man1",
		Args:    cobra.ExactArgs(1),
	}
	command.RunE = exit.RunE(func(_ context.Context, args []string) error {
		if err := os.MkdirAll(args[0], 0o750); err != nil {
			return err
		}
		root := command.Root()
		// Without a date, the pages are reproducible.
		root.DisableAutoGenTag = true
		if err := doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: root.Name()}, args[0]); err != nil {
			return fmt.Errorf("write manual pages: %w", err)
		}
		return nil
	})
	return command
}
