package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/app/internal/remote"
	"github.com/openbroker/openbroker/app/internal/setup"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/server"
	"github.com/openbroker/openbroker/server/config"
	"github.com/openbroker/openbroker/simulator"
)

const (
	// simulatorPassword is the default if only this machine can reach the address.
	// Otherwise the user has to choose a password.
	simulatorPassword = "openbroker"
	// simulatorKeyset is the setting that holds the keys of the store. Nothing simulated
	// is secret, so the keys may be in the store, which then needs no other file.
	simulatorKeyset = "simulator_keyset"
	// simulatorGrace is short, because a delayed operation loses nothing: it continues
	// at the next start.
	simulatorGrace = time.Second
)

type simulateFlags struct {
	listen, username, password, store string
	plans                             []string
	missingVersionStatus              int
	serialBindings                    bool
	parsedStore                       config.Store
	newStore                          bool
}

// NewSimulate returns the command simulate.
func NewSimulate(stdout io.Writer, stderr output.Messages) *cobra.Command {
	var flags simulateFlags
	command := &cobra.Command{
		Use:   "simulate",
		Short: "Run a broker to test platforms against, with faults on demand",
		Long: `Run a broker to test platforms against. It offers the service "simulated", with a plan
for each way to use the Open Service Broker API. It follows the specification, and
fails on demand: by the parameters "delay" and "fault", or by PUT /control/faults. GET
/control/requests shows what platforms have sent. docs/simulate.md is the manual.

When it accepts requests, it prints its URL to the standard output, and nothing else.
Without --store it forgets everything when it stops; with --store it continues where it
was, also after kill -9.

OPENBROKER_USERNAME and OPENBROKER_PASSWORD replace --username and --password without
showing up in lists of processes.`,
		Args:    cobra.NoArgs,
		PreRunE: func(command *cobra.Command, _ []string) error { return flags.check(command.Flags()) },
		RunE:    exit.RunE(func(ctx context.Context, _ []string) error { return simulate(ctx, flags, stdout, stderr) }),
	}
	command.Flags().StringVar(&flags.listen, "listen", server.DefaultAddress, "`ADDRESS` to listen on, as host:port; port 0 picks a free one")
	command.Flags().StringVar(&flags.username, "username", "", "`USER` name of the platform (default "+remote.DefaultUsername+")")
	command.Flags().StringVar(&flags.password, "password", "", "`PASSWORD` of the platform (default "+simulatorPassword+", only if no other machine can reach the address)")
	command.Flags().StringVar(&flags.store, "store", "", "`STORE` of the records: sqlite:PATH or postgres://... (default a temporary one)")
	command.Flags().BoolVar(&flags.newStore, "new-store", false, "create an empty store although the lock file of a database exists")
	command.Flags().StringSliceVar(&flags.plans, "plans", nil, "`PLANS` to offer, separated by commas (default all)")
	command.Flags().IntVar(&flags.missingVersionStatus, "missing-version-status", http.StatusBadRequest,
		"`STATUS` of the response to a request without X-Broker-API-Version, 400 or 412; older conformance checkers expect 412")
	command.Flags().BoolVar(&flags.serialBindings, "serial-bindings", false,
		"create the bindings of an instance one after the other; a bind waits a second for its turn, and is then refused with ConcurrencyError")
	return command
}

func (f *simulateFlags) check(set *pflag.FlagSet) (err error) {
	if f.parsedStore, err = setup.CheckFlags(set, f.listen, f.store); err != nil {
		return err
	}
	if set.Changed("plans") && len(f.plans) == 0 {
		return errors.New("--plans is empty")
	}
	if err := simulator.CheckPlans(f.plans); err != nil {
		return fmt.Errorf("--plans: %w", err)
	}
	if f.missingVersionStatus != http.StatusBadRequest && f.missingVersionStatus != http.StatusPreconditionFailed {
		return fmt.Errorf("--missing-version-status is %d: it must be 400 or 412", f.missingVersionStatus)
	}
	f.username = cmp.Or(f.username, os.Getenv(remote.UsernameVariable), remote.DefaultUsername)
	f.password = cmp.Or(f.password, os.Getenv(remote.PasswordVariable))
	if f.password == "" && !loopback(f.listen) {
		return fmt.Errorf("--listen %s can be reached from other machines: set --password or %s, because the default password is public", f.listen, remote.PasswordVariable)
	}
	return nil
}

// loopback reports whether only this machine can reach the address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

func simulate(ctx context.Context, flags simulateFlags, stdout io.Writer, stderr output.Messages) (err error) {
	settings := &config.Config{Listen: flags.listen, Store: flags.parsedStore}
	settings.Shutdown.OperationGrace = config.Duration(simulatorGrace)
	logger, err := settings.NewLogger(stderr)
	if err != nil {
		return err
	}
	if flags.store == "" {
		directory, failed := os.MkdirTemp("", "openbroker-simulate-")
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
		settings.Store.SQLite = config.Path(filepath.Join(directory, "openbroker.db"))
	}
	only := config.Credential{Username: flags.username, Password: config.Secret(cmp.Or(flags.password, simulatorPassword))}
	ctx, restoreSignals := server.SignalContext(ctx)
	defer restoreSignals()
	b, err := startSimulator(ctx, settings, only, flags, logger)
	if err != nil {
		if errors.Is(err, context.Canceled) && ctx.Err() != nil {
			return nil // A signal stopped it before it was ready.
		}
		return err
	}
	if flags.password == "" {
		stderr.Complain("log in as %q with the password %q", flags.username, simulatorPassword)
	}
	return b.run(ctx, restoreSignals, stderr.Program, stdout)
}

// startSimulator is start for a simulator.
func startSimulator(ctx context.Context, settings *config.Config, only config.Credential, flags simulateFlags, logger *slog.Logger) (_ *broker, err error) {
	running, quit := context.WithCancel(context.WithoutCancel(ctx))
	b := &broker{settings: settings, logger: logger, quit: quit}
	defer func() {
		if err != nil {
			quit()
		}
	}()
	authenticator, err := override(nil, only).Authenticator(running, logger)
	if err != nil {
		return nil, err
	}
	if b.store, err = setup.OpenStore(ctx, settings.Store, "", flags.newStore, logger); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.store.Close())
		}
	}()
	keys, err := keysInStore(ctx, b.store)
	if err != nil {
		return nil, err
	}
	options := environmentOptions()
	if flags.missingVersionStatus == http.StatusPreconditionFailed {
		options = append(options, openbroker.WithMissingVersionAsUnsupported())
	}
	b.simulator, err = simulator.New(ctx, b.store, simulator.Config{
		Engine: durable.Config{Sealer: keys}, Authenticator: authenticator, Logger: logger, Plans: flags.plans, SerialBindings: flags.serialBindings,
		Options: options,
	})
	return b, err
}

// keysInStore returns the keyset in the store. It generates one for a new store only,
// not for a store of openbroker serve.
func keysInStore(ctx context.Context, store durable.Store) (*seal.Keyring, error) {
	stored, err := store.Setting(ctx, simulatorKeyset)
	if errors.Is(err, durable.ErrNotFound) {
		switch _, err := store.Setting(ctx, durable.CanarySetting); {
		case err == nil:
			return nil, errors.New("the store belongs to openbroker serve: choose another one; nothing was changed")
		case !errors.Is(err, durable.ErrNotFound):
			return nil, fmt.Errorf("read the store: %w", err)
		}
		fresh, err := seal.GenerateKeyset()
		if err != nil {
			return nil, err
		}
		if stored, err = store.PutSetting(ctx, simulatorKeyset, fresh); err != nil {
			return nil, fmt.Errorf("write to the store: %w", err)
		}
	} else if err != nil {
		return nil, fmt.Errorf("read the store: %w", err)
	}
	return seal.Parse(stored)
}
