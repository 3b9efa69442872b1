package main

import (
	"io"

	"github.com/spf13/cobra"
)

func newConfig(stdout, stderr io.Writer) *cobra.Command {
	command := &cobra.Command{
		Use:   "config",
		Short: "Describe and check configuration files",
		Args:  cobra.NoArgs,
		RunE:  func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(newConfigSchema(stdout), newConfigCheck(stdout, stderr))
	return command
}
