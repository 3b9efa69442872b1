package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/app/internal/setup"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/server/config"
)

// firstCatalog returns the first catalog to serve: that of the file, or the one that
// was served last if the change would break existing instances. The watcher then tries
// the file again.
func (b *broker) firstCatalog(ctx context.Context, next *openbroker.Catalog) (*openbroker.Catalog, error) {
	if b.settings.Catalog == nil || b.settings.Catalog.File == "" {
		return next, nil
	}
	last, err := setup.LastCatalog(b.settings)
	if errors.Is(err, fs.ErrNotExist) {
		last, err = defaultCatalog(b.settings), nil
	}
	if err != nil {
		return nil, err
	}
	broken, err := b.broken(ctx, last, catalog.Diff(last, next))
	if err != nil {
		return nil, fmt.Errorf("look up the instances that the changed catalog affects: %w", err)
	}
	switch {
	case len(broken) == 0:
	case b.settings.Catalog.AllowBreaking:
		b.warnAboutBroken(ctx, broken)
	case setup.CheckProviders(b.settings, last) != nil || b.engine.SetCatalog(last) != nil:
		return nil, refusal(broken)
	default:
		return last, nil
	}
	b.saveCatalog(ctx, next)
	return next, nil
}

// defaultCatalog is the catalog of the providers, or an empty one if they do not have a
// common one.
func defaultCatalog(settings *config.Config) *openbroker.Catalog {
	group, err := settings.Group()
	if err != nil {
		return &openbroker.Catalog{}
	}
	c, err := group.Catalog()
	if err != nil {
		return &openbroker.Catalog{}
	}
	return c
}

// saveCatalog stores the catalog for the next start. An error is only logged.
func (b *broker) saveCatalog(ctx context.Context, c *openbroker.Catalog) {
	if err := b.writeCatalog(c); err != nil {
		b.logger.LogAttrs(ctx, slog.LevelWarn, "the catalog cannot be stored: the next start compares the file with an older one", slog.String("error", err.Error()))
	}
}

// writeCatalog writes the catalog to a file that only its owner can read, because a
// catalog may contain secrets.
func (b *broker) writeCatalog(c *openbroker.Catalog) (err error) {
	content, err := json.Marshal(c)
	if err != nil {
		return err
	}
	path := setup.LastCatalogPath(b.settings)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".catalog-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

func (b *broker) warnAboutBroken(ctx context.Context, broken []string) {
	b.logger.LogAttrs(ctx, slog.LevelWarn, "catalog.allow_breaking: the changed catalog breaks existing instances", slog.Any("broken", broken))
}
