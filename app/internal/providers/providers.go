package providers

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/provider"
)

// New returns the command provider.
func New(set *provider.Set, stdout io.Writer, stderr output.Messages) *cobra.Command {
	command := &cobra.Command{
		Use:   "provider",
		Short: "Test providers in any language",
		Args:  cobra.NoArgs,
		RunE:  func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(newTest(set, stdout, stderr), &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the messages to and from a program or webhook",
		Args:  cobra.NoArgs,
		RunE: exit.RunE(func(context.Context, []string) error {
			_, err := stdout.Write(provider.MessageSchema())
			return err
		}),
	})
	return command
}
