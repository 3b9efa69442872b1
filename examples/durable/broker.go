package main

import (
	"context"
	_ "embed"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/seal"
)

//go:embed catalog.yaml
var catalogYAML []byte

// A broker is the engine with its store.
type broker struct {
	*durable.Engine
	store *sqlitestore.Store
}

// open starts a broker that keeps records, key and folders in a directory. It
// resumes the operations that it finds there.
func open(ctx context.Context, directory string, logger *slog.Logger) (*broker, error) {
	offer, err := catalog.Parse("catalog.yaml", catalogYAML)
	if err != nil {
		return nil, err
	}
	if directory, err = filepath.Abs(directory); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, err
	}
	store, err := sqlitestore.Open(ctx, filepath.Join(directory, "broker.db"))
	if err != nil {
		return nil, err
	}
	// The engine encrypts parameters and credentials with this key. Back it up.
	keys, err := seal.LoadOrCreate(filepath.Join(directory, "keyset.json"))
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	engine, err := durable.New(ctx, offer, folders{root: filepath.Join(directory, "folders")}, store,
		durable.Config{Sealer: keys, Logger: logger})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	engine.Start(ctx)
	return &broker{engine, store}, nil
}

// close gives running operations five seconds to end. The next start resumes the
// others.
func (b *broker) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	b.Stop(ctx)
	return b.store.Close()
}
