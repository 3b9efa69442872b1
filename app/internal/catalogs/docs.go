package catalogs

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/remote"
	"github.com/openbroker/openbroker/catalog"
)

// NewDocs returns the command docs.
func NewDocs(stdout io.Writer) *cobra.Command {
	var flags remote.CatalogFlags
	command := &cobra.Command{
		Use:   "docs CATALOG",
		Short: "Write a page about the services of a catalog, in Markdown",
		Long: `Write a page for the users of a broker, in Markdown: services and plans, with their
costs, parameters, and commands to copy. The catalog is a file, a directory, or the URL
of a running broker. The exit code is 2 if it cannot be read or is not a catalog.`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			c, err := flags.Catalog(command.Context(), args[0])
			if err != nil {
				return &exit.Error{Err: err, Code: exit.Misuse}
			}
			return exit.AsFailure(catalog.WriteMarkdown(stdout, c))
		},
	}
	flags.Add(command.Flags())
	flags.AddAt(command.Flags())
	return command
}
