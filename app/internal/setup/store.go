package setup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/pgstore"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/server/config"
)

// OpenStore opens the configured store. isNew allows a new one although the lock file
// of an earlier database exists.
func OpenStore(ctx context.Context, store config.Store, data string, isNew bool, logger *slog.Logger) (durable.Store, error) {
	if store.PostgreSQL != "" {
		return pgstore.Open(ctx, string(store.PostgreSQL), pgstore.WithLogger(logger))
	}
	var options []sqlitestore.Option
	if isNew {
		options = append(options, sqlitestore.WithNewStore())
	}
	return sqlitestore.Open(ctx, SQLitePath(store, data), options...)
}

// AttachStore opens the store of a broker, which may be running.
func AttachStore(ctx context.Context, store config.Store, data string, options ...sqlitestore.Option) (admin.Store, error) {
	if store.PostgreSQL != "" {
		return pgstore.Attach(ctx, string(store.PostgreSQL))
	}
	return sqlitestore.Attach(ctx, SQLitePath(store, data), options...)
}

// SQLitePath returns the file of a store in SQLite.
func SQLitePath(store config.Store, data string) string {
	if store.SQLite != "" {
		return string(store.SQLite)
	}
	return filepath.Join(data, "openbroker.db")
}

// DatabaseExists reports whether the SQLite file exists. For PostgreSQL it is true, and
// only the connection shows more.
func DatabaseExists(store config.Store, data string) bool {
	if store.PostgreSQL != "" {
		return true
	}
	_, err := os.Stat(SQLitePath(store, data))
	return !errors.Is(err, os.ErrNotExist)
}

// LostStoreError is the error for an empty store beside a keyset.
func LostStoreError(store config.Store, data string) error {
	return fmt.Errorf("the keyset exists, but the store, %s, is missing or empty, and platforms would learn that their instances are gone: put the database back, or restore a backup (docs/backup.md); to create a new, empty store, use --new-store once",
		StoreName(store, data))
}

// StoreName returns what messages call the store.
func StoreName(store config.Store, data string) string {
	if store.PostgreSQL != "" {
		return "in PostgreSQL"
	}
	return SQLitePath(store, data)
}
