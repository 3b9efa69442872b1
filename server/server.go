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

// A Server serves one broker. Make it with [New] or [NewForHandler], run it with
// [Server.Serve], once. Its methods may be called by many goroutines.
type Server struct {
	config Config
	broker openbroker.Broker // nil if made for a handler
	// validator is nil if parameters are not validated, or by another one.
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
	// address is written before ready is closed.
	address net.Addr
}

// A signalOnce is a channel that may be closed several times.
type signalOnce struct {
	once sync.Once
	c    chan struct{}
}

func (s *signalOnce) close() { s.once.Do(func() { close(s.c) }) }

// New returns a server for broker. The error lists all that is wrong with the
// configuration, including certificate files that cannot be used.
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

// NewForHandler is [New] for those who make the handler themselves, to put
// something around it or beside it. Everything but health is handed to handler.
// [Config.Authenticator], [Config.SkipParameterValidation] and [Config.Options]
// must be unset, as they are arguments of [openbroker.NewHandler]. The catalog is
// not checked at start; see [CheckCatalog].
func NewForHandler(handler http.Handler, config Config) (*Server, error) {
	switch {
	case handler == nil:
		return nil, errors.New("server: the handler is nil")
	case config.Authenticator != nil || config.SkipParameterValidation || len(config.Options) > 0:
		return nil, errors.New("server: Authenticator, SkipParameterValidation and Options have no effect on a handler that exists: give them to openbroker.NewHandler")
	}
	s, err := newServer(config, handler)
	if err != nil {
		return nil, err
	}
	s.handler = handler
	return s, nil
}

// newServer returns a server for what answers its requests.
func newServer(config Config, answers any) (*Server, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("server: the configuration is not valid:\n%w", err)
	}
	if drainer, ok := answers.(interface{ Drain() }); ok {
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

// Ready returns a channel that is closed when the server accepts connections.
// It stays open if [Server.Serve] fails before.
func (s *Server) Ready() <-chan struct{} { return s.ready.c }

// Addr returns the address that the server listens on, or nil before Ready.
func (s *Server) Addr() net.Addr {
	select {
	case <-s.ready.c:
		return s.address
	default:
		return nil
	}
}

// URL returns the URL to register the broker with, or "" before Ready. It names
// the loopback address if the server listens on all interfaces.
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

// Stop makes [Server.Serve] drain, as the end of its context does, and returns
// at once. Calling it again, or before Serve, is fine.
func (s *Server) Stop() { s.stop.close() }

// Close makes [Server.Serve] cut off all requests, skip what is left of the
// drain and return [ErrClosed]. It returns at once. Calling it again, or before
// Serve, is fine.
func (s *Server) Close() { s.kill.close() }

// ServeHTTP answers one request: health, or the broker. It is exported for
// tests and for those who bring their own [http.Server].
//
// Paths are compared, not routed: [http.ServeMux] would redirect //v2/..., which
// Cloud Controller sends, and a redirect turns a PUT into a GET.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.refuseAmbiguous(w, r) {
		return
	}
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
		s.handler.ServeHTTP(w, r)
	}
}

var _ http.Handler = (*Server)(nil)

// withoutPrefix removes the prefix from the path of r. Another path becomes "/",
// to which the handler answers 401 or 404 as to any that does not exist.
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

// httpServer returns the server of all connections. The requests end with ctx.
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
		// net/http would answer OPTIONS * itself, without a body and without
		// authentication.
		DisableGeneralOptionsHandler: true,
		ConnContext:                  withConnection,
	}
	if s.reload != nil {
		// The listener does the handshakes. This is how net/http learns that
		// connections of HTTP/2 are to be expected.
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	}
	return server
}

// listen opens the listener and explains why it cannot.
func (s *Server) listen(ctx context.Context) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.config.Address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("server: cannot listen on %s: the port is in use, so stop the other process or choose another address: %w", s.config.Address, err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("server: cannot listen on %s: ports below 1024 need a privilege, so choose another address: %w", s.config.Address, err)
	case err != nil:
		return nil, fmt.Errorf("server: cannot listen on %s: %w", s.config.Address, err)
	}
	if address, ok := listener.Addr().(*net.TCPAddr); ok && !address.IP.IsLoopback() && s.reload == nil {
		s.config.Logger.LogAttrs(ctx, slog.LevelWarn,
			"the broker speaks plain HTTP to other machines: anyone on the way can read credentials, unless a proxy in front does TLS",
			slog.String("address", address.String()))
	}
	return listener, nil
}
