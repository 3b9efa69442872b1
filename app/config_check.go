package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/app/internal/setup"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/server/config"
)

func newConfigCheck(providers *provider.Set, stdout io.Writer, stderr output.Messages) *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Check a configuration file",
		Long: `Check a configuration file, with its environment variables and all files that it names:
certificates, credentials, keysets and catalogs. The command does not open the store,
and changes nothing.`,
		Args: cobra.ExactArgs(1),
		RunE: exit.RunE(func(_ context.Context, args []string) error {
			settings, err := config.Load(args[0], providers)
			if err != nil {
				return err
			}
			if err := settings.CheckFiles(); err != nil {
				return err
			}
			if settings.Upstream != nil {
				_, err = settings.Upstream.Broker(slog.New(slog.DiscardHandler))
			} else {
				_, _, err = setup.Prepare(settings, func(f catalog.Finding) { stderr.Lines(f.Text()) })
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(stdout, "%s: ok\n", args[0])
			return err
		}),
	}
}
