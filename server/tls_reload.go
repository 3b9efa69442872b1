package server

import (
	"context"
	"crypto/tls"
	"log/slog"
	"sync/atomic"
	"time"
)

// A reloader keeps the TLS configuration up to date with its files. It compares
// their content at intervals rather than listening to the file system: that
// sees through links at any level and works on network file systems, and
// certificates are small and replaced rarely.
type reloader struct {
	source  TLS
	logger  *slog.Logger
	current atomic.Pointer[tls.Config]
	// loaded is what current was made of; failure is the text of the error that
	// was logged last, so that a lasting defect is logged once. After
	// newReloader only the goroutine of run uses them.
	loaded  files
	failure string
}

// newReloader loads the files. It fails if they cannot be used.
func newReloader(source TLS, logger *slog.Logger) (*reloader, error) {
	r := &reloader{source: source, logger: logger}
	if _, err := r.load(); err != nil {
		return nil, err
	}
	return r, nil
}

// config is for a server whose every new connection uses the current files.
func (r *reloader) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return r.current.Load(), nil
		},
	}
}

// run looks at the files until ctx ends.
func (r *reloader) run(ctx context.Context) {
	r.report(ctx)
	ticker := time.NewTicker(r.source.ReloadInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			r.look(ctx)
		}
	}
}

func (r *reloader) look(ctx context.Context) {
	changed, err := r.load()
	switch {
	case err != nil && err.Error() != r.failure:
		r.failure = err.Error()
		r.logger.LogAttrs(ctx, slog.LevelError, "TLS files cannot be used: the last good ones stay in use", slog.Any("error", err))
	case err == nil:
		r.failure = ""
		if changed {
			r.report(ctx)
		}
	}
}

// load makes the content of the files current, and reports whether it was not
// so before.
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
