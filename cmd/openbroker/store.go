package main

import (
	"context"
	"log/slog"
	"path/filepath"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/pgstore"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/server/config"
)

// openStore opens the configured store.
func openStore(ctx context.Context, store config.Store, data string, logger *slog.Logger) (durable.Store, error) {
	if store.PostgreSQL != "" {
		return pgstore.Open(ctx, string(store.PostgreSQL), pgstore.WithLogger(logger))
	}
	path := string(store.SQLite)
	if path == "" {
		path = filepath.Join(data, "openbroker.db")
	}
	return sqlitestore.Open(ctx, path)
}
