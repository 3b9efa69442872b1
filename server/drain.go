package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

var (
	// ErrGraceExceeded is returned by [Server.Serve] if it canceled requests after
	// [Config.ShutdownGrace].
	ErrGraceExceeded = errors.New("server: requests were canceled because they exceeded the shutdown grace")
	// ErrClosed is returned by [Server.Serve] after [Server.Close] or a second
	// signal.
	ErrClosed = errors.New("server: closed immediately, without waiting for requests")
)

// drain stops accepting connections and waits for the requests in progress.
func (s *Server) drain(ctx context.Context, server *http.Server, reason string) error {
	ctx, cancel := s.untilClosed(context.WithoutCancel(ctx))
	defer cancel()
	s.draining.Store(true)
	s.config.Logger.LogAttrs(ctx, slog.LevelInfo, "draining", slog.String("reason", reason),
		slog.Duration("delay", s.config.DrainDelay), slog.Duration("grace", s.config.ShutdownGrace),
		slog.Int64("requests", s.inFlight.Load()))
	if s.config.DrainDelay > 0 {
		select {
		case <-time.After(s.config.DrainDelay):
		case <-ctx.Done():
			return ErrClosed
		}
	}
	if s.config.OnDrain != nil {
		// Shutdown calls it after closing the listeners.
		server.RegisterOnShutdown(s.config.OnDrain)
	}
	grace, cancelGrace := context.WithTimeout(ctx, s.config.ShutdownGrace)
	defer cancelGrace()
	err := server.Shutdown(grace)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ErrClosed
	case errors.Is(err, context.DeadlineExceeded):
		return ErrGraceExceeded
	default:
		return fmt.Errorf("server: %w", err)
	}
}

// finish cancels the remaining requests and runs the hooks.
func (s *Server) finish(ctx context.Context, cancelRequests func(), server *http.Server, err error) error {
	s.draining.Store(true)
	if err != nil {
		s.config.Logger.LogAttrs(ctx, slog.LevelWarn, "canceling requests",
			slog.Int64("requests", s.inFlight.Load()), slog.Any("error", err))
	}
	hookContext, cancel := s.untilClosed(context.WithoutCancel(ctx))
	defer cancel()
	cancelRequests()
	// After a complete drain, nothing is left to close.
	_ = server.Close()
	err = errors.Join(err, s.runHooks(hookContext))
	s.config.Logger.LogAttrs(ctx, slog.LevelInfo, "stopped serving")
	return err
}

// untilClosed returns a copy of ctx that ends when Close is called.
func (s *Server) untilClosed(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-s.kill.c:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
