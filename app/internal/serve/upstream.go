package serve

import (
	"context"
	"log/slog"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/exporters"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/server/config"
)

// startUpstream starts a process that passes calls on. It needs neither a store nor an
// engine. The broker behind it may be down; the readiness check reports that.
func startUpstream(ctx context.Context, settings *config.Config, exported *exporters.Exporters, logger *slog.Logger, stderr output.Messages) (_ *broker, err error) {
	b := &broker{settings: settings, logger: logger, exported: exported}
	if b.upstream, err = settings.Upstream.Broker(logger); err != nil {
		return nil, err
	}
	access, err := credentials(settings.Auth, string(settings.Data), stderr)
	if err != nil {
		return nil, err
	}
	running, quit := context.WithCancel(context.WithoutCancel(ctx))
	b.quit = quit
	if b.authenticator, err = access.Authenticator(running, logger); err != nil {
		quit()
		return nil, err
	}
	offered, err := b.upstream.Catalog(ctx)
	if err != nil {
		logger.LogAttrs(ctx, slog.LevelWarn, "the broker does not return its catalog; requests are answered with 503 until it does", slog.String("error", err.Error()))
		return b, nil
	}
	lintUpstream(ctx, offered, logger)
	return b, nil
}

// lintUpstream logs the problems of the catalog, and the schemas that cannot validate
// parameters.
func lintUpstream(ctx context.Context, offered *openbroker.Catalog, logger *slog.Logger) {
	for _, problem := range []error{catalog.Validate(offered), catalog.ValidateSchemas(offered)} {
		if problem != nil {
			logger.LogAttrs(ctx, slog.LevelWarn, "the catalog of the broker has problems", slog.String("error", exit.OneLine(problem)))
		}
	}
}
