package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/catalog"
)

func newDocs(stdout io.Writer) *cobra.Command {
	var flags catalogFlags
	command := &cobra.Command{
		Use:   "docs CATALOG",
		Short: "Write a page about the services of a catalog, in Markdown",
		Long: `Write a page for the users of a broker, in Markdown: its services and plans, what they
cost, and their parameters, with commands to copy. The catalog is a file, a
directory, or the URL of a running broker.`,
		Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			c, err := readCatalog(ctx, &flags, args[0])
			if err != nil {
				return err
			}
			return catalog.WriteMarkdown(stdout, c)
		}),
	}
	flags.add(command.Flags())
	return command
}
