package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/server/config"
)

// canarySetting is where the store keeps what tells whether a keyset is the
// right one.
const canarySetting = "keyset_canary"

// A keyset is the keys of what the store holds.
type keyset struct {
	*seal.Keyring
	path   string // empty if it does not come from a file
	canary []byte
	// orphaned says that the file was there before the store, which is empty: a
	// database may be missing.
	orphaned bool
}

// openKeyset loads the configured keyset, and makes sure that it is that of the
// store. A keyset file is made only for a store that nothing was sealed for yet:
// beside sealed data, a new one would be useless, and would hide that the old
// one is missing.
func openKeyset(ctx context.Context, settings *config.Encryption, data string, store durable.Store) (*keyset, error) {
	if settings == nil {
		settings = &config.Encryption{}
	}
	k := &keyset{path: string(settings.KeysetFile)}
	if k.path == "" && settings.Keyset == "" {
		k.path = filepath.Join(data, "keyset.json")
	}
	_, err := store.Setting(ctx, canarySetting)
	isNew := errors.Is(err, durable.ErrNotFound)
	if err != nil && !isNew {
		return nil, fmt.Errorf("the store cannot be read: %w", err)
	}
	if isNew && k.path != "" {
		_, err := os.Stat(k.path)
		k.orphaned = err == nil
	}
	if k.Keyring, err = loadKeyset(settings, k.path, isNew); err != nil {
		return nil, err
	}
	fresh, err := k.Canary()
	if err != nil {
		return nil, err
	}
	if k.canary, err = store.PutSetting(ctx, canarySetting, fresh); err != nil {
		return nil, fmt.Errorf("the store cannot be written: %w", err)
	}
	if err := k.VerifyCanary(k.canary); err != nil {
		return nil, fmt.Errorf("%w: the store was encrypted with another one, which all replicas need; configure it, or restore it from its backup", err)
	}
	return k, nil
}

func loadKeyset(settings *config.Encryption, path string, isNew bool) (*seal.Keyring, error) {
	if path == "" {
		return seal.Parse([]byte(settings.Keyset))
	}
	if !isNew {
		return settings.Load(path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return seal.LoadOrCreate(path, settings.Options()...)
}

// watch takes over changes of the keyset file until ctx ends.
func (k *keyset) watch(ctx context.Context, logger *slog.Logger) {
	if k.path == "" {
		return
	}
	report := func(err error) {
		if err != nil {
			logger.LogAttrs(ctx, slog.LevelError, "changed keyset refused", slog.String("error", err.Error()))
			return
		}
		logger.LogAttrs(ctx, slog.LevelInfo, "changed keyset in use", slog.Any("keyset", k.Keyring))
	}
	changes, err := seal.FileChanges(ctx, k.path)
	if err == nil {
		err = k.Watch(ctx, changes, func(candidate *seal.Keyring) error { return candidate.VerifyCanary(k.canary) }, report)
	}
	if err != nil {
		logger.LogAttrs(ctx, slog.LevelWarn, "the keyset is not watched for changes", slog.String("error", err.Error()))
	}
}
