package exporters

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"
)

// A Listener serves the metrics and the probes at an address of its own.
type Listener struct {
	server *http.Server
	logger *slog.Logger
	ended  chan struct{}
}

// Listen begins to serve. health answers /healthz and /readyz.
func (e *Exporters) Listen(ctx context.Context, address string, health http.Handler) (*Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("telemetry.listen: cannot listen on %s: the port is in use: stop the other process or choose another address: %w", address, err)
	}
	if err != nil {
		return nil, fmt.Errorf("telemetry.listen: cannot listen on %s: %w", address, err)
	}
	paths := http.NewServeMux()
	paths.Handle("GET /metrics", e.Metrics())
	paths.Handle("/healthz", health)
	paths.Handle("/readyz", health)
	l := &Listener{
		server: &http.Server{
			Handler: paths, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
			MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(e.logger.Handler(), slog.LevelDebug),
		},
		logger: e.logger, ended: make(chan struct{}),
	}
	e.logger.LogAttrs(ctx, slog.LevelInfo, "serving metrics", slog.String("url", "http://"+reachable(listener.Addr())+"/metrics"))
	go func() {
		defer close(l.ended)
		if err := l.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			l.logger.LogAttrs(context.WithoutCancel(ctx), slog.LevelError, "metrics are no longer served", slog.String("error", err.Error()))
		}
	}()
	return l, nil
}

// reachable returns the address, with the loopback address for all interfaces.
func reachable(address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return address.String()
	}
	return (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: tcp.Port}).String()
}

// Close stops serving, and cuts off scrapes.
func (l *Listener) Close() {
	_ = l.server.Close()
	<-l.ended
}
