package app

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/server/config"
)

func newConfigSchema(providers *provider.Set, stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of configuration files, for editors",
		Args:  cobra.NoArgs,
		RunE: exit.RunE(func(context.Context, []string) error {
			schema, err := config.Schema(providers)
			if err != nil {
				return err
			}
			_, err = stdout.Write(schema)
			return err
		}),
	}
}
