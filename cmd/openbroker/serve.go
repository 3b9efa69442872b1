package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/server"
	"github.com/openbroker/openbroker/server/config"
)

// defaultData is the data directory if neither a flag nor the configuration names one.
const defaultData = "openbroker-data"

type serveFlags struct {
	config, listen, data, store string
	newStore                    bool
	providers                   *provider.Set
	// parsedStore is the value of store.
	parsedStore config.Store
}

func newServe(providers *provider.Set, stdout, stderr io.Writer) *cobra.Command {
	flags := serveFlags{providers: providers}
	command := &cobra.Command{
		Use:   "serve",
		Short: "Run a service broker",
		Long: `Run a service broker. Without a configuration file it keeps its records in a SQLite
database, offers SQLite databases as a service, and generates a password, all in
./openbroker-data.

When it accepts requests, it prints its URL to the standard output, and nothing
else. Logs go to the standard error. SIGTERM and SIGINT shut it down gracefully.

OPENBROKER_USERNAME and OPENBROKER_PASSWORD override the configured credentials.`,
		Args:    cobra.NoArgs,
		PreRunE: func(command *cobra.Command, _ []string) error { return flags.check(command.Flags()) },
		RunE: runE(func(ctx context.Context, _ []string) error {
			return serve(ctx, flags, stdout, stderr)
		}),
	}
	command.Flags().StringVar(&flags.config, "config", "", "configuration `FILE` (see openbroker config schema)")
	command.Flags().StringVar(&flags.listen, "listen", "", "`ADDRESS` to listen on, as host:port; port 0 picks a free one (default "+server.DefaultAddress+")")
	command.Flags().StringVar(&flags.data, "data", "", "data `DIRECTORY` (default ./"+defaultData+")")
	command.Flags().StringVar(&flags.store, "store", "", "`STORE` of the records: sqlite:PATH or postgres://... (default openbroker.db in the data directory)")
	command.Flags().BoolVar(&flags.newStore, "new-store", false, "create an empty store although a keyset, or the lock file of a database, exists")
	return command
}

// check validates the flags.
func (f *serveFlags) check(set *pflag.FlagSet) (err error) {
	f.parsedStore, err = checkFlags(set, f.listen, f.store)
	return err
}

// checkFlags validates the flags that several commands share, and returns the value
// of --store. It refuses an empty value, which usually comes from an unset variable of a
// script: the default would be a surprise.
func checkFlags(set *pflag.FlagSet, listen, store string) (parsed config.Store, err error) {
	set.Visit(func(flag *pflag.Flag) {
		if flag.Value.String() == "" {
			err = fmt.Errorf("--%s is empty", flag.Name)
		}
	})
	if err != nil {
		return parsed, err
	}
	if listen != "" {
		if err := config.CheckListen(listen); err != nil {
			return parsed, fmt.Errorf("--listen %w", err)
		}
	}
	if store != "" {
		if err := parsed.UnmarshalText([]byte(store)); err != nil {
			return parsed, fmt.Errorf("--store %w", err)
		}
		if err := config.CheckStore(parsed); err != nil {
			return parsed, fmt.Errorf("--store %w", err)
		}
	}
	return parsed, nil
}

// settings returns the configuration, with the flags in place of its values.
func (f serveFlags) settings() (*config.Config, error) { return f.read(config.Load) }

// read is settings with the function that loads the file.
func (f serveFlags) read(load func(string, *provider.Set) (*config.Config, error)) (*config.Config, error) {
	settings := config.Default(f.providers)
	if f.config != "" {
		var err error
		if settings, err = load(f.config, f.providers); err != nil {
			return nil, err
		}
	}
	if f.listen != "" {
		settings.Listen = f.listen
	}
	if f.data != "" {
		settings.Data = config.Path(f.data)
	}
	if settings.Data == "" {
		settings.Data = defaultData
	}
	if f.store != "" {
		settings.Store = f.parsedStore
	}
	return settings, nil
}

// checkFiles validates the files of the configuration and the data directory, which
// may come from a flag.
func checkFiles(settings *config.Config) error {
	if err := settings.CheckFiles(); err != nil {
		return err
	}
	if err := config.CheckDirectory(string(settings.Data)); err != nil {
		return fmt.Errorf("the data directory is refused: %w", err)
	}
	return nil
}

func serve(ctx context.Context, flags serveFlags, stdout, stderr io.Writer) error {
	settings, err := flags.settings()
	if err != nil {
		return err
	}
	logger, err := settings.NewLogger(stderr)
	if err != nil {
		return err
	}
	if err := checkFiles(settings); err != nil {
		return err
	}
	tuneMemory(ctx, settings, logger)
	ctx, restoreSignals := server.SignalContext(ctx)
	defer restoreSignals()
	b, err := start(ctx, settings, flags.newStore, logger, stderr)
	if err != nil {
		if errors.Is(err, context.Canceled) && ctx.Err() != nil {
			return nil // A signal stopped it before it was ready.
		}
		return err
	}
	return b.run(ctx, restoreSignals, stdout)
}

// run serves the broker until ctx ends, and stops it. It prints only the URL to the
// standard output. restoreSignals ends the handling of signals.
func (b *broker) run(ctx context.Context, restoreSignals func(), stdout io.Writer) error {
	s, err := b.server(func(url string) {
		if _, err := fmt.Fprintf(stdout, "openbroker: listening on %s\n", url); err != nil {
			b.logger.LogAttrs(ctx, slog.LevelWarn, "the URL cannot be printed", slog.String("error", err.Error()))
		}
	})
	if err == nil {
		err = s.Serve(ctx)
	}
	restoreSignals() // From here on a signal ends the process, and nothing is lost.
	return errors.Join(err, b.stop(ctx, errors.Is(err, server.ErrClosed)))
}
