package serve

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/catalog"
)

// setCatalogFault records why the broker does not serve the catalog file, or with nil,
// that it does.
func (b *broker) setCatalogFault(fault error) {
	if fault == nil {
		b.catalogFault.Store(nil)
		return
	}
	fault = errors.New(exit.OneLine(fault))
	b.catalogFault.Store(&fault)
}

// checkCatalog is the check of /readyz whether the broker serves the catalog file.
func (b *broker) checkCatalog(context.Context) error {
	if fault := b.catalogFault.Load(); fault != nil {
		return *fault
	}
	return nil
}

// catalogReader returns the function with which the watcher reads the catalog file. It
// logs only new warnings.
func (b *broker) catalogReader(ctx context.Context) func() (*openbroker.Catalog, error) {
	var known []string
	warn := warnAboutFields(ctx, b.logger)
	first := true // The start has logged the warnings of the first one.
	return func() (*openbroker.Catalog, error) {
		var found []string
		var news []catalog.Finding
		next, err := b.settings.ReadCatalog(func(f catalog.Finding) {
			found = append(found, f.String())
			news = append(news, f)
		})
		if err != nil {
			b.setCatalogFault(err)
			first = false
			return nil, err
		}
		if !first && !reflect.DeepEqual(found, known) {
			for _, f := range news {
				warn(f)
			}
		}
		first, known = false, found
		if current, failed := b.engine.Catalog(ctx); failed == nil && b.catalogFault.Load() != nil && len(catalog.Diff(current, next)) == 0 {
			b.setCatalogFault(nil)
		}
		return next, nil
	}
}

// warnAboutFields returns a function that logs findings about fields without effect, or
// with another one than their author intends.
func warnAboutFields(ctx context.Context, logger *slog.Logger) func(catalog.Finding) {
	return func(f catalog.Finding) {
		finding := slog.String("finding", f.String())
		if strings.HasPrefix(f.Rule, "plan-parameter-") {
			logger.LogAttrs(ctx, slog.LevelWarn, "a plan of the catalog probably has a mistake", finding)
			return
		}
		logger.LogAttrs(ctx, slog.LevelWarn, "a field of the catalog has no effect", finding)
	}
}
