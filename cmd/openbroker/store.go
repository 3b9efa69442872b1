package main

import (
	"context"
	"log/slog"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/pgstore"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/server/config"
)

// openStore opens the configured store. isNew allows a new one although the lock file
// of an earlier database exists.
func openStore(ctx context.Context, store config.Store, data string, isNew bool, logger *slog.Logger) (durable.Store, error) {
	if store.PostgreSQL != "" {
		return pgstore.Open(ctx, string(store.PostgreSQL), pgstore.WithLogger(logger))
	}
	var options []sqlitestore.Option
	if isNew {
		options = append(options, sqlitestore.WithNewStore())
	}
	return sqlitestore.Open(ctx, sqlitePath(store, data), options...)
}
