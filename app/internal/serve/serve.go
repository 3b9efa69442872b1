package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/exporters"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/app/internal/setup"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/server"
	"github.com/openbroker/openbroker/server/config"
)

// New returns the command serve of a program with the version.
func New(providers *provider.Set, version string, stdout io.Writer, stderr output.Messages) *cobra.Command {
	flags := setup.Flags{Providers: providers}
	command := &cobra.Command{
		Use:   "serve",
		Short: "Run a service broker",
		Long: `Run a service broker. ` + defaults(providers) + `

When it accepts requests, it prints its URL to the standard output, and nothing
else. Logs go to the standard error. SIGTERM and SIGINT shut it down gracefully.

OPENBROKER_USERNAME and OPENBROKER_PASSWORD override the configured credentials.`,
		Args:    cobra.NoArgs,
		PreRunE: func(command *cobra.Command, _ []string) error { return flags.Check(command.Flags()) },
		RunE: exit.RunE(func(ctx context.Context, _ []string) error {
			return serve(ctx, flags, version, stdout, stderr)
		}),
	}
	command.Flags().StringVar(&flags.Config, "config", "", "configuration `FILE` (see openbroker config schema)")
	command.Flags().StringVar(&flags.Listen, "listen", "", "`ADDRESS` to listen on, as host:port; port 0 picks a free one (default "+server.DefaultAddress+")")
	command.Flags().StringVar(&flags.Data, "data", "", "data `DIRECTORY` (default ./"+setup.DefaultData+")")
	command.Flags().StringVar(&flags.Store, "store", "", "`STORE` of the records: sqlite:PATH or postgres://... (default openbroker.db in the data directory)")
	command.Flags().BoolVar(&flags.NewStore, "new-store", false, "create an empty store although a keyset, or the lock file of a database, exists")
	return command
}

// defaults says in the help what a broker without a configuration file does.
func defaults(providers *provider.Set) string {
	first := providers.Definitions()[0]
	if requiresSettings(first) {
		return `It needs a configuration file, because the provider ` + first.Name() + `
requires settings. By default it keeps its records in a SQLite
database and generates a password, both in ./openbroker-data.`
	}
	return `Without a configuration file it keeps its records in a SQLite
database, offers ` + first.Doc() + `, and generates a password, all in
./openbroker-data.`
}

// requiresSettings does not call the check of the provider: every command would run it.
func requiresSettings(d provider.Definition) bool {
	for i := range d.SettingsType().NumField() {
		if d.SettingsType().Field(i).Tag.Get("required") != "" {
			return true
		}
	}
	return false
}

func serve(ctx context.Context, flags setup.Flags, version string, stdout io.Writer, stderr output.Messages) (err error) {
	settings, err := flags.Settings()
	if err != nil {
		return err
	}
	logger, err := settings.NewLogger(stderr)
	if err != nil {
		return err
	}
	if err := setup.CheckFiles(settings); err != nil {
		return err
	}
	tuneMemory(ctx, settings, logger)
	exported, err := exporters.Start(ctx, exporters.Config{
		Program: stderr.Program, Version: version, Replica: settings.Engine.Replica, Logger: logger,
		Prometheus: settings.Telemetry.Listen != "", CountInterval: time.Duration(settings.Telemetry.CountInterval),
	})
	if err != nil {
		return err
	}
	defer exported.Close(ctx) // Last: the end of the process is part of what it exports.
	logger = exported.Log(logger)
	ctx, restoreSignals := server.SignalContext(ctx)
	defer restoreSignals()
	b, err := start(ctx, settings, flags.NewStore, exported, logger, stdout, stderr)
	if err != nil {
		if errors.Is(err, context.Canceled) && ctx.Err() != nil {
			return nil // A signal stopped it before it was ready.
		}
		return err
	}
	if flags.Config == "" {
		settings.Console, b.optionalConsole = &config.Console{}, true
	}
	return b.run(ctx, restoreSignals, stderr.Program, stdout)
}

// run serves the broker until ctx ends, and stops it. It prints only the URL to the
// standard output. restoreSignals ends the handling of signals.
func (b *broker) run(ctx context.Context, restoreSignals func(), name string, stdout io.Writer) error {
	s, err := b.server(func(url string) {
		if b.onReady != nil {
			b.onReady()
		}
		if _, err := fmt.Fprintf(stdout, "%s: listening on %s\n", name, url); err != nil {
			b.logger.LogAttrs(ctx, slog.LevelWarn, "the URL cannot be printed", slog.String("error", err.Error()))
		}
	})
	if err == nil {
		err = b.serve(ctx, s)
	}
	restoreSignals() // From here on a signal ends the process, and nothing is lost.
	return errors.Join(err, b.stop(ctx, errors.Is(err, server.ErrClosed)))
}

// serve serves the broker and, at addresses of their own, its metrics and its console.
func (b *broker) serve(ctx context.Context, s *server.Server) error {
	if address := b.settings.Telemetry.Listen; b.exported != nil && address != "" {
		metrics, err := b.exported.Listen(ctx, address, s)
		if err != nil {
			return err
		}
		defer metrics.Close()
	}
	return b.serveWithConsole(ctx, s)
}
