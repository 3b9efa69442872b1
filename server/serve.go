package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/router"
)

// Serve serves broker until ctx ends, drains, and returns when the process can exit.
// It calls [New] and [Server.Serve].
func Serve(ctx context.Context, broker openbroker.Broker, config Config) error {
	s, err := New(broker, config)
	if err != nil {
		return err
	}
	return s.Serve(ctx)
}

// ServeMultiple is [Serve] for several brokers behind one catalog. It returns the
// errors of [router.New] and Serve.
func ServeMultiple(ctx context.Context, brokers []openbroker.Broker, config Config) error {
	broker, err := router.New(ctx, brokers...)
	if err != nil {
		return err
	}
	return Serve(ctx, broker, config)
}

// CheckCatalog returns an error if the catalog of broker cannot be read, is nil, or
// is invalid. It lists all problems that [openbroker.Catalog.Validate] finds. It
// does not check the schemas of parameters; see [catalog.ValidateSchemas].
func CheckCatalog(ctx context.Context, broker openbroker.Broker) error {
	_, err := readCatalog(ctx, broker)
	return err
}

func readCatalog(ctx context.Context, broker openbroker.Broker) (*openbroker.Catalog, error) {
	c, err := broker.Catalog(ctx)
	switch {
	case err != nil:
		return nil, fmt.Errorf("server: the catalog of the broker cannot be read: %w", err)
	case c == nil:
		return nil, errors.New("server: the broker has no catalog: Catalog returned nil")
	}
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("server: the catalog is invalid, so platforms would refuse it:\n%w", err)
	}
	return c, nil
}

// checkCatalog checks the catalog before the server listens.
func (s *Server) checkCatalog(ctx context.Context) error {
	if s.broker == nil {
		return nil
	}
	c, err := readCatalog(ctx, s.broker)
	if err != nil || s.validator == nil {
		return err
	}
	if err := s.validator.ValidateSchemas(c); err != nil {
		return fmt.Errorf("server: the catalog has unusable schemas: correct them, or disable the validation of parameters:\n%w", err)
	}
	return nil
}

// Serve checks the broker's catalog, listens, and serves until ctx ends or
// [Server.Stop] is called. It then drains: /readyz answers 503; after
// [Config.DrainDelay] the server stops accepting connections; requests in progress
// may take [Config.ShutdownGrace]; then [Config.OnShutdown] runs. The end of ctx
// does not cancel requests in progress.
//
// It returns nil after a complete drain. Otherwise it returns [ErrGraceExceeded],
// [ErrClosed], or the reason why the server did not start or stopped accepting
// connections, joined with the errors of hooks. A Server serves only once.
func (s *Server) Serve(ctx context.Context) error {
	if s.served.Swap(true) {
		return errors.New("server: Serve was called before: make a new Server")
	}
	if err := s.checkCatalog(ctx); err != nil {
		return err
	}
	listener, err := s.listen(ctx)
	if err != nil {
		return err
	}
	defer onForce(ctx, s.Close)()

	// Requests and background work outlive ctx, whose end starts the drain.
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var background sync.WaitGroup
	defer background.Wait()
	defer cancel()
	if s.reload != nil {
		background.Go(func() { s.reload.run(running) })
	}
	server := s.httpServer(running)
	failed := make(chan error, 1)
	limited := newConnectionLimit(listener, s.config.MaxConnections, s.config.Logger)
	go func() { failed <- s.accept(server, limited) }()
	s.announce(ctx, listener)

	select {
	case err = <-failed:
		err = fmt.Errorf("server: stopped accepting connections: %w", err)
	case <-ctx.Done():
		err = s.drain(ctx, server, context.Cause(ctx).Error())
	case <-s.stop.c:
		err = s.drain(ctx, server, "Stop was called")
	case <-s.kill.c:
		err = ErrClosed
	}
	return s.finish(running, cancel, server, err)
}

func (s *Server) accept(server *http.Server, listener net.Listener) error {
	if s.reload == nil {
		return server.Serve(plainListener{listener})
	}
	// As in net/http, the shortest of these timeouts limits the handshake.
	timeout := min(s.config.ReadHeaderTimeout, s.config.ReadTimeout, s.config.WriteTimeout)
	return server.Serve(newTLSListener(listener, s.reload.config(), timeout, s.config.Logger))
}

func (s *Server) announce(ctx context.Context, listener net.Listener) {
	s.address = listener.Addr()
	s.ready.close()
	s.config.Logger.LogAttrs(ctx, slog.LevelInfo, "serving",
		slog.String("url", s.URL()), slog.String("address", s.address.String()))
	if s.config.OnReady != nil {
		s.config.OnReady(s.URL())
	}
}
