package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/exporters"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/app/internal/setup"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/server"
	"github.com/openbroker/openbroker/server/config"
	"github.com/openbroker/openbroker/simulator"
	"github.com/openbroker/openbroker/upstream"
)

// A broker is everything of the process except HTTP.
type broker struct {
	settings      *config.Config
	logger        *slog.Logger
	store         durable.Store
	providers     *provider.Dispatcher // those of the engine
	engine        *durable.Engine
	simulator     *simulator.Simulator // instead of engine and authenticator
	upstream      *upstream.Broker     // instead of store and engine
	authenticator openbroker.Authenticator
	// engineConfig is that of the engine.
	engineConfig durable.Config
	// optionalConsole says that no configuration asks for the console, so that it may be missing.
	optionalConsole bool
	// onReady, unless nil, is called when the broker listens, before it says so.
	onReady func()
	// consoleView is for the catalog that the engine had last.
	consoleView atomic.Pointer[consoleView]
	// policies are those of the engine, by plan id.
	policies map[string]durable.Policy
	// audit is nil without an engine.
	audit *auditTrail
	// exported, if not nil, is the telemetry of the process. unwatch ends that of the
	// engine.
	exported *exporters.Exporters
	unwatch  func()
	// catalogFault says why the broker does not serve the catalog file; nil if it does.
	catalogFault atomic.Pointer[error]
	// quit ends all goroutines except those of the engine.
	quit context.CancelFunc
}

// start opens the store, the keyset and the provider, and starts the engine. The order
// ensures that a process that must not run, such as a second one on the same files,
// changes nothing before it fails. isNew allows an empty store.
func start(ctx context.Context, settings *config.Config, isNew bool, exported *exporters.Exporters, logger *slog.Logger, stdout io.Writer, stderr output.Messages) (_ *broker, err error) {
	if settings.Upstream != nil {
		return startUpstream(ctx, settings, exported, logger, stderr)
	}
	catalog, engineConfig, fault, err := setup.PrepareStart(settings, warnAboutFields(ctx, logger))
	if err != nil {
		return nil, err
	}
	b := &broker{settings: settings, logger: logger, policies: engineConfig.Policies, exported: exported}
	b.setCatalogFault(fault)
	data := string(settings.Data)
	hasKeyset, err := setup.KeysetExists(settings.Encryption, data)
	if err != nil {
		return nil, err
	}
	if hasKeyset && !isNew && !setup.DatabaseExists(settings.Store, data) {
		return nil, setup.LostStoreError(settings.Store, data)
	}
	if b.store, err = setup.OpenStore(ctx, settings.Store, data, isNew, logger); err != nil {
		return nil, err
	}
	running, quit := context.WithCancel(context.WithoutCancel(ctx))
	b.quit = quit
	defer func() {
		if err != nil {
			quit()
			if b.unwatch != nil {
				b.unwatch()
			}
			err = errors.Join(err, b.store.Close())
		}
	}()
	keys, err := setup.OpenKeyset(ctx, settings, isNew, b.store)
	if err != nil {
		return nil, err
	}
	if err := setup.CheckInstances(ctx, settings, b.store, keys); err != nil {
		return nil, err
	}
	if b.providers, err = setup.StartProviders(ctx, settings, logger); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.providers.Close())
		}
	}()
	if isNew && !keys.IsNew {
		logger.LogAttrs(ctx, slog.LevelWarn, "the store has records and is used as it is: remove --new-store, which would hide the loss of the store")
	}
	engineConfig.Sealer, engineConfig.Logger = keys, logger
	b.engineConfig = engineConfig
	if b.audit, err = newAuditTrail(ctx, settings.Audit, b.store, stdout, logger); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.audit.stop(ctx))
		}
	}()
	var observed durable.Store = b.audit.store
	if exported != nil {
		observed, engineConfig.Observer = exported.Store(observed), exported.Observer()
	}
	if b.engine, err = durable.New(ctx, catalog, b.providers, observed, engineConfig); err != nil {
		return nil, err
	}
	if fault != nil {
		logger.LogAttrs(ctx, slog.LevelError, "THE CATALOG FILE CANNOT BE USED: the broker starts with the catalog that it served last; correct the file; the command config check shows its problems",
			slog.String("file", string(settings.Catalog.File)), slog.String("error", exit.OneLine(fault)))
	} else if catalog, err = b.firstCatalog(ctx, catalog); err != nil {
		return nil, err
	}
	access, err := credentials(settings.Auth, data, stderr)
	if err != nil {
		return nil, err
	}
	if b.authenticator, err = access.Authenticator(running, logger); err != nil {
		return nil, err
	}
	if exported != nil {
		if b.unwatch, err = exported.WatchEngine(b.engine, b.store); err != nil {
			return nil, err
		}
	}
	go keys.Follow(running, logger)
	go b.watchCatalog(running, catalog)
	b.engine.Start(running)
	return b, nil
}

// server serves the broker over HTTP.
func (b *broker) server(onReady func(url string)) (*server.Server, error) {
	c := b.settings.ServerConfig()
	c.Logger, c.OnReady = b.logger, onReady
	if b.simulator == nil { // Its handler exists already.
		c.Options = append(c.Options, environmentOptions()...)
	}
	c.Options = append(c.Options, b.observers()...)
	if b.upstream != nil {
		c.ReadinessChecks, c.Authenticator = []server.ReadinessCheck{{Name: "upstream", Run: b.upstream.Ping}}, b.authenticator
		return server.New(b.upstream, c)
	}
	c.ReadinessChecks = b.readinessChecks()
	if b.simulator != nil {
		return server.NewForHandler(b.simulator, c)
	}
	c.Authenticator, c.Handlers = b.authenticator, b.providers.Callbacks()
	return server.New(b.audit.broker(&publicBroker{Engine: b.engine, providers: b.settings.ProviderSet()}), c)
}

// observers returns the options that watch the requests.
func (b *broker) observers() []openbroker.Option {
	var observer openbroker.RequestObserver
	if b.exported != nil {
		observer = b.exported.ObserveRequest
	}
	if b.audit != nil {
		observer = b.audit.recorder.Observe(observer)
	}
	if observer == nil {
		return nil
	}
	return []openbroker.Option{openbroker.WithRequestObserver(observer)}
}

// readinessChecks returns the checks of /readyz, except for a process that passes calls on.
func (b *broker) readinessChecks() []server.ReadinessCheck {
	checks := []server.ReadinessCheck{{Name: "store", Run: b.worker().Ping}}
	if b.settings.Catalog != nil && b.settings.Catalog.File != "" && b.simulator == nil {
		checks = append(checks, server.ReadinessCheck{Name: "catalog", Advisory: true, Run: b.checkCatalog})
	}
	if b.providers != nil {
		for _, check := range b.providers.HealthChecks() {
			checks = append(checks, server.ReadinessCheck{Name: "provider-" + check.Name, Advisory: true, Run: check.Run})
		}
	}
	return checks
}

// worker returns the engine or the simulator, whichever runs the operations.
func (b *broker) worker() interface {
	Ping(ctx context.Context) error
	Stop(ctx context.Context)
} {
	if b.simulator != nil {
		return b.simulator
	}
	return b.engine
}

// stop ends the engine and closes the store. Another replica, or the next start,
// continues operations that do not end in time.
func (b *broker) stop(ctx context.Context, atOnce bool) error {
	if b.upstream != nil {
		b.quit()
		return nil
	}
	grace := time.Duration(b.settings.Shutdown.OperationGrace)
	if grace == 0 {
		grace = config.DefaultOperationGrace
	}
	if atOnce {
		grace = 0
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	b.worker().Stop(ctx)
	if b.unwatch != nil {
		b.unwatch()
	}
	b.quit()
	var problems []error
	if b.providers != nil {
		problems = append(problems, b.providers.Close())
	}
	if b.audit != nil {
		problems = append(problems, b.audit.stop(ctx))
	}
	if err := b.store.Close(); err != nil {
		problems = append(problems, fmt.Errorf("closing the store: %w", err))
	}
	return errors.Join(problems...)
}
