package server

import (
	"context"
	"crypto/tls"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/openbroker/openbroker/internal/filewatch"
)

// A reloader keeps the TLS configuration up to date with its files.
type reloader struct {
	source  TLS
	logger  *slog.Logger
	current atomic.Pointer[tls.Config]
	// loaded is the content that current was made from. After newReloader, only the
	// goroutine of run uses it.
	loaded files
}

// newReloader loads the files. It returns an error if they are unusable.
func newReloader(source TLS, logger *slog.Logger) (*reloader, error) {
	r := &reloader{source: source, logger: logger}
	if _, err := r.load(); err != nil {
		return nil, err
	}
	return r, nil
}

// config returns a configuration that uses the current files for each new connection.
func (r *reloader) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return r.current.Load(), nil
		},
	}
}

// run reloads changed files until ctx ends.
func (r *reloader) run(ctx context.Context) {
	r.report(ctx)
	filewatch.Follow(ctx, r.source.paths(), r.source.ReloadInterval, func(ctx context.Context) error {
		changed, err := r.load()
		if err != nil {
			return &filewatch.RefusedError{Message: "the TLS files are unusable: the last good ones stay in use", Err: err}
		}
		if changed {
			r.report(ctx)
		}
		return nil
	}, r.logger)
}

// load makes the content of the files current and reports whether it changed.
func (r *reloader) load() (changed bool, err error) {
	content, err := r.source.read()
	if err != nil || content == r.loaded {
		return false, err
	}
	config, err := r.source.parse(content)
	if err != nil {
		return false, err
	}
	r.current.Store(config)
	r.loaded = content
	return true, nil
}

func (r *reloader) report(ctx context.Context) {
	leaf := r.current.Load().Certificates[0].Leaf
	attrs := []slog.Attr{slog.String("subject", leaf.Subject.String()), slog.Time("not_after", leaf.NotAfter)}
	r.logger.LogAttrs(ctx, slog.LevelInfo, "TLS files loaded", attrs...)
	if time.Now().After(leaf.NotAfter) {
		r.logger.LogAttrs(ctx, slog.LevelWarn, "the TLS certificate has expired", attrs...)
	}
}
