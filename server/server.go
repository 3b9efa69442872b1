package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
)

// A Server serves one broker. Create it with [New] or [NewForHandler] and run it once
// with [Server.Serve]. It is safe for concurrent use.
type Server struct {
	config Config
	broker openbroker.Broker // nil with NewForHandler
	// validator is nil with SkipParameterValidation and with NewForHandler.
	validator *catalog.Validator
	handler   http.Handler
	reload    *reloader // nil without TLS
	checks    *checker
	bodies    bodyBudget

	served   atomic.Bool
	draining atomic.Bool
	inFlight atomic.Int64
	stop     signalOnce
	kill     signalOnce
	ready    signalOnce
	// address is set before ready is closed.
	address net.Addr
}

// A signalOnce is a channel that may be closed several times.
type signalOnce struct {
	once sync.Once
	c    chan struct{}
}

func (s *signalOnce) close() { s.once.Do(func() { close(s.c) }) }

// New returns a server for broker. The error lists all problems of the
// configuration, including unusable certificate files.
func New(broker openbroker.Broker, config Config) (*Server, error) {
	if broker == nil {
		return nil, errors.New("server: the broker is nil")
	}
	s, err := newServer(config, broker)
	if err != nil {
		return nil, err
	}
	options := []openbroker.Option{openbroker.WithLogger(s.config.Logger)}
	if config.Authenticator != nil {
		options = append(options, openbroker.WithAuthenticator(config.Authenticator))
	}
	if !config.SkipParameterValidation {
		s.validator = catalog.NewValidator()
		options = append(options, openbroker.WithParameterValidation(s.validator))
	}
	s.broker = broker
	s.handler = openbroker.NewHandler(broker, append(options, config.Options...)...)
	return s, nil
}

// NewForHandler is [New] for programs that create the handler themselves, to wrap it
// or to serve other paths, too. The handler receives every request except health
// probes. [Config.Authenticator], [Config.SkipParameterValidation] and
// [Config.Options] must be unset: pass them to [openbroker.NewHandler]. The server
// does not check the catalog; see [CheckCatalog].
func NewForHandler(handler http.Handler, config Config) (*Server, error) {
	switch {
	case handler == nil:
		return nil, errors.New("server: the handler is nil")
	case config.Authenticator != nil || config.SkipParameterValidation || len(config.Options) > 0:
		return nil, errors.New("server: Authenticator, SkipParameterValidation and Options have no effect on an existing handler: pass them to openbroker.NewHandler")
	}
	s, err := newServer(config, handler)
	if err != nil {
		return nil, err
	}
	s.handler = handler
	return s, nil
}

// newServer returns a server. served is the broker or the handler.
func newServer(config Config, served any) (*Server, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("server: the configuration is invalid:\n%w", err)
	}
	if drainer, ok := served.(interface{ Drain() }); ok {
		if before := config.OnDrain; before != nil {
			config.OnDrain = func() { before(); drainer.Drain() }
		} else {
			config.OnDrain = drainer.Drain
		}
	}
	s := &Server{
		config: config,
		checks: newChecker(config.ReadinessChecks, config.ReadinessTimeout, config.Logger),
		bodies: bodyBudget{limit: config.BodyBudget},
		stop:   signalOnce{c: make(chan struct{})},
		kill:   signalOnce{c: make(chan struct{})},
		ready:  signalOnce{c: make(chan struct{})},
	}
	if config.TLS != nil {
		var err error
		if s.reload, err = newReloader(*config.TLS, config.Logger); err != nil {
			return nil, fmt.Errorf("server: %w", err)
		}
	}
	return s, nil
}

// Ready returns a channel that is closed when the server accepts connections. It
// stays open if [Server.Serve] fails before that.
func (s *Server) Ready() <-chan struct{} { return s.ready.c }

// Addr returns the address that the server listens on, or nil before it is ready.
func (s *Server) Addr() net.Addr {
	select {
	case <-s.ready.c:
		return s.address
	default:
		return nil
	}
}

// URL returns the URL to register the broker with, or "" before the server is ready.
// It has the loopback address if the server listens on all interfaces.
func (s *Server) URL() string {
	address, ok := s.Addr().(*net.TCPAddr)
	if !ok {
		return ""
	}
	host := *address
	if host.IP.IsUnspecified() {
		host.IP = net.IPv4(127, 0, 0, 1)
	}
	scheme := "http"
	if s.reload != nil {
		scheme = "https"
	}
	return scheme + "://" + host.String() + s.config.Prefix
}

// Stop makes [Server.Serve] drain, like the end of its context. It returns
// immediately. It may be called again, and before Serve.
func (s *Server) Stop() { s.stop.close() }

// Close makes [Server.Serve] cancel all requests, skip the rest of the drain and
// return [ErrClosed]. It returns immediately. It may be called again, and before
// Serve.
func (s *Server) Close() { s.kill.close() }

// ServeHTTP answers a health probe or passes the request to the broker, or to one of
// [Config.Handlers]. It is
// exported for tests and for programs with their own [http.Server].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.refuseAmbiguous(w, r) {
		return
	}
	// An [http.ServeMux] would redirect //v2/..., which Cloud Controller sends. A
	// redirect turns a PUT into a GET.
	switch r.URL.Path {
	case healthPath:
		s.serveHealthz(w, r)
	case readyPath:
		s.serveReadyz(w, r)
	default:
		s.inFlight.Add(1)
		defer s.inFlight.Add(-1)
		r, release := s.bodies.bound(s.withoutPrefix(r))
		defer release()
		if handler := s.config.Handlers[r.URL.Path]; handler != nil && r.URL.RawPath == "" {
			handler.ServeHTTP(w, r)
			return
		}
		s.handler.ServeHTTP(w, r)
	}
}

var _ http.Handler = (*Server)(nil)

// withoutPrefix removes the prefix from the path of r. A path without the prefix
// becomes "/", which the handler answers with 401 or 404 like any unknown path.
func (s *Server) withoutPrefix(r *http.Request) *http.Request {
	if s.config.Prefix == "" {
		return r
	}
	inner, url := *r, *r.URL
	var found bool
	if url.Path, found = strings.CutPrefix(r.URL.Path, s.config.Prefix); found {
		url.RawPath, found = strings.CutPrefix(r.URL.RawPath, s.config.Prefix)
		found = (found || r.URL.RawPath == "") && strings.HasPrefix(url.Path, "/")
	}
	if !found {
		url.Path, url.RawPath = "/", ""
	}
	inner.URL = &url
	return &inner
}

// httpServer returns the HTTP server. The contexts of its requests end with ctx.
func (s *Server) httpServer(ctx context.Context) *http.Server {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: s.config.ReadHeaderTimeout,
		ReadTimeout:       s.config.ReadTimeout,
		WriteTimeout:      s.config.WriteTimeout,
		IdleTimeout:       s.config.IdleTimeout,
		MaxHeaderBytes:    s.config.MaxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(&errorLogHandler{s.config.Logger.Handler()}, slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnState:         connectionState,
		// net/http would answer OPTIONS * without authentication and without a body.
		DisableGeneralOptionsHandler: true,
		ConnContext:                  withConnection,
	}
	if s.reload != nil {
		// The listener does the handshakes. This configuration makes net/http accept
		// HTTP/2 connections.
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	}
	return server
}

// listen opens the listener. Its errors suggest what to do.
func (s *Server) listen(ctx context.Context) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.config.Address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("server: cannot listen on %s: the port is in use: stop the other process or choose another address: %w", s.config.Address, err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("server: cannot listen on %s: ports below 1024 need a privilege: choose another address: %w", s.config.Address, err)
	case err != nil:
		return nil, fmt.Errorf("server: cannot listen on %s: %w", s.config.Address, err)
	}
	if address, ok := listener.Addr().(*net.TCPAddr); ok && !address.IP.IsLoopback() && s.reload == nil {
		s.config.Logger.LogAttrs(ctx, slog.LevelWarn,
			"the broker accepts plain HTTP from other machines: everyone on the network path can read credentials unless a proxy in front terminates TLS",
			slog.String("address", address.String()))
	}
	return listener, nil
}
