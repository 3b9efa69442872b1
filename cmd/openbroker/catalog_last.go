package main

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
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/provider/sqlitefile"
	"github.com/openbroker/openbroker/server/config"
)

// lastCatalogName is the file in the data directory with the catalog that was served
// last, so that a restart is no way around what a running process refuses.
const lastCatalogName = "catalog.json"

// beginCatalog returns the catalog to begin with: that of the file, or the one that was
// served last, if the change would break instances that exist. The watcher then goes
// on to ask.
func (b *broker) beginCatalog(ctx context.Context, next *openbroker.Catalog) (*openbroker.Catalog, error) {
	if b.settings.Catalog == nil || b.settings.Catalog.File == "" {
		return next, nil
	}
	last, err := lastCatalog(b.settings)
	if errors.Is(err, fs.ErrNotExist) {
		last, err = sqlitefile.Catalog(), nil
	}
	if err != nil {
		return nil, err
	}
	broken, err := b.broken(ctx, last, catalog.Diff(last, next))
	if err != nil {
		return nil, fmt.Errorf("whether instances use what changes in the catalog cannot be told: %w", err)
	}
	switch {
	case len(broken) == 0:
	case b.settings.Catalog.AllowBreaking:
		b.warnOfBroken(ctx, broken)
	case sqlitefile.Check(last) != nil || b.engine.SetCatalog(last) != nil:
		return nil, refusal(broken)
	default:
		return last, nil
	}
	b.remember(ctx, next)
	return next, nil
}

// remember keeps the catalog that is served, if the data directory can be written.
func (b *broker) remember(ctx context.Context, c *openbroker.Catalog) {
	if err := b.keepCatalog(c); err != nil {
		b.logger.LogAttrs(ctx, slog.LevelWarn, "the catalog cannot be kept: the next start compares its file with an older one", slog.String("error", err.Error()))
	}
}

// lastCatalog is the catalog that was served last. The error is fs.ErrNotExist if none
// was kept.
func lastCatalog(settings *config.Config) (*openbroker.Catalog, error) {
	path := lastCatalogPath(settings)
	content, err := os.ReadFile(path) //nolint:gosec // G304: the operator says where the data is.
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	last := new(openbroker.Catalog)
	if err == nil {
		err = json.Unmarshal(content, last)
	}
	if err == nil {
		err = last.Validate()
	}
	if err != nil {
		return nil, fmt.Errorf("%s, which has the catalog that was served last, cannot be used: remove it if no instance needs what has changed since: %w", path, err)
	}
	return last, nil
}

func lastCatalogPath(settings *config.Config) string {
	return filepath.Join(string(settings.Data), lastCatalogName)
}

// keepCatalog remembers the catalog that is served. It may have secrets, and is
// readable by its owner only.
func (b *broker) keepCatalog(c *openbroker.Catalog) (err error) {
	content, err := json.Marshal(c)
	if err != nil {
		return err
	}
	path := lastCatalogPath(b.settings)
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

func (b *broker) warnOfBroken(ctx context.Context, broken []string) {
	b.logger.LogAttrs(ctx, slog.LevelWarn, "catalog.allow_breaking: the changed catalog breaks instances that exist", slog.Any("broken", broken))
}
