package app

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/provider"
)

func newConfig(providers *provider.Set, stdout io.Writer, stderr output.Messages) *cobra.Command {
	command := &cobra.Command{
		Use:   "config",
		Short: "Describe and check configuration files",
		Args:  cobra.NoArgs,
		RunE:  func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(newConfigSchema(providers, stdout), newConfigCheck(providers, stdout, stderr))
	return command
}
