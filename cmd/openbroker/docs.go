package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/catalog"
)

func newDocs(stdout io.Writer) *cobra.Command {
	var flags catalogFlags
	command := &cobra.Command{
		Use:   "docs CATALOG",
		Short: "Write a page about the services of a catalog, in Markdown",
		Long: `Write a page for the users of a broker, in Markdown: services and plans, with their
costs, parameters, and commands to copy. The catalog is a file, a directory, or the URL
of a running broker. The exit code is 2 if it cannot be read or is not a catalog.`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			c, err := readCatalog(command.Context(), &flags, args[0])
			if err != nil {
				return &failure{err: err, code: exitUsage}
			}
			return asFailure(catalog.WriteMarkdown(stdout, c))
		},
	}
	flags.add(command.Flags())
	flags.addAt(command.Flags())
	return command
}
