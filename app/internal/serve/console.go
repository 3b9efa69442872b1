package serve

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
	"github.com/openbroker/openbroker/console"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/server"
)

const (
	// consoleGrace is how long a shutdown waits for pages of the console.
	consoleGrace = 2 * time.Second
	// consoleConnections leaves file descriptors to the broker.
	consoleConnections = 256
)

// serveWithConsole serves the broker, and the console beside it, until ctx ends. The
// broker fails if a configured console cannot listen. A console that is only a default
// gives way: its port may belong to another process, or to the broker itself.
func (b *broker) serveWithConsole(ctx context.Context, s *server.Server) error {
	if b.settings.Console == nil || b.engine == nil {
		return s.Serve(ctx)
	}
	pages, err := b.console(s)
	if err != nil {
		return err
	}
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	begin := func() error {
		ended := make(chan error, 1)
		running.Go(func() { ended <- pages.Serve(ctx) })
		select {
		case err := <-ended:
			return err
		case <-pages.Ready():
			running.Go(func() { b.complainOfConsole(ctx, <-ended) })
			return nil
		}
	}
	if b.optionalConsole {
		// The broker has its port by then.
		b.onReady = func() { b.complainOfConsole(ctx, begin()) }
	} else if err := begin(); err != nil {
		return fmt.Errorf("console: %w", err)
	}
	return s.Serve(ctx)
}

// complainOfConsole logs why the console has stopped, if it did not have to.
func (b *broker) complainOfConsole(ctx context.Context, err error) {
	if err != nil {
		b.logger.LogAttrs(ctx, slog.LevelWarn, "the broker has no console: console.listen in the configuration file sets another address", slog.String("error", err.Error()))
	}
}

// console returns the server of the console. s is that of the broker.
func (b *broker) console(s *server.Server) (*server.Server, error) {
	settings := b.settings.Console
	operators := settings.Operators
	if len(operators)+len(settings.Viewers) == 0 {
		operators = []string{"*"} // All users have one platform.
	}
	// Users of an OpenID Connect provider are not those of the broker.
	login, authenticator := settings.Login(b.settings.TLS != nil), b.authenticator
	if login != nil {
		authenticator = nil
	}
	pages, err := console.New(console.Config{
		Admin: func(ctx context.Context) (*admin.Admin, error) {
			view, err := b.viewForConsole(ctx)
			if err != nil {
				return nil, err
			}
			return view.admin, nil
		},
		Catalog: func(ctx context.Context) (*openbroker.Catalog, []console.Finding, error) {
			view, err := b.viewForConsole(ctx)
			if err != nil {
				return nil, nil, err
			}
			return view.public, view.findings, nil
		},
		Health: func(ctx context.Context) []console.Check {
			results := s.Readiness(ctx)
			var checks []console.Check
			for _, check := range b.readinessChecks() {
				checks = append(checks, console.Check{Name: check.Name, State: results[check.Name], Advisory: check.Advisory})
			}
			return checks
		},
		Authenticator: authenticator, FailedLogin: b.audit.recorder.FailedLogin, OIDC: login, Operators: operators, Viewers: settings.Viewers,
		Hosts: settings.Names(), TrustedOrigins: settings.TrustedOrigins, Logger: b.logger,
	})
	if err != nil {
		return nil, err
	}
	config := server.Config{
		Address: settings.Address(), Logger: b.logger.With(slog.String("listener", "console")),
		MaxConnections: consoleConnections, ShutdownGrace: consoleGrace,
	}
	if tls := b.settings.TLS; tls != nil && !settings.Local() {
		config.TLS = &server.TLS{CertFile: string(tls.Cert), KeyFile: string(tls.Key)}
	}
	return server.NewForHandler(pages, config)
}

// A consoleView is what the console shows with a catalog of the engine.
type consoleView struct {
	full, public *openbroker.Catalog
	findings     []console.Finding
	admin        *admin.Admin
}

func (b *broker) viewForConsole(ctx context.Context) (*consoleView, error) {
	full, err := b.engine.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	if last := b.consoleView.Load(); last != nil && last.full == full {
		return last, nil
	}
	view := &consoleView{full: full, public: b.settings.ProviderSet().Public(full)}
	if view.admin, err = admin.New(full, b.audit.store, b.engineConfig); err != nil {
		return nil, err
	}
	source, err := catalog.SourceOf(view.public)
	if err != nil {
		return nil, err
	}
	for _, f := range lint.Run(source) {
		view.findings = append(view.findings, console.Finding{
			Severity: string(f.Severity), Rule: f.Rule, Pointer: f.Pointer, Message: f.Message, Fix: f.Fix,
		})
	}
	b.consoleView.Store(view)
	return view, nil
}
