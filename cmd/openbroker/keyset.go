package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/server/config"
)

// keysetSetting notes that the broker makes the keyset of this store itself, so that
// a keyset without a canary is the sign of a start that was interrupted, and not of
// a store that was lost.
const keysetSetting = "keyset_made"

// A keyset is the keys of what the store holds.
type keyset struct {
	*seal.Keyring
	path  string // empty if it does not come from a file
	store durable.Store
	// isNew says that nothing was sealed for the store before.
	isNew bool
}

// keysetPath is the file of the keyset, empty if the configuration has the keyset
// itself.
func keysetPath(settings *config.Encryption, data string) string {
	switch {
	case settings == nil:
		return filepath.Join(data, "keyset.json")
	case settings.KeysetFile == "" && settings.Keyset == "":
		return filepath.Join(data, "keyset.json")
	default:
		return string(settings.KeysetFile)
	}
}

// keysetIsThere reports whether there is a keyset already.
func keysetIsThere(settings *config.Encryption, data string) (bool, error) {
	path := keysetPath(settings, data)
	if path == "" {
		return true, nil
	}
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// openKeyset loads the configured keyset, and makes sure that it is that of the
// store. A keyset file is made only for a store that nothing was sealed for yet:
// beside sealed data, a new one would be useless, and would hide that the old
// one is missing. The reverse is refused, too, unless isNew says that it is meant:
// an empty store beside a keyset is one that was lost.
func openKeyset(ctx context.Context, settings *config.Config, isNew bool, store durable.Store) (*keyset, error) {
	encryption, data := settings.Encryption, string(settings.Data)
	if encryption == nil {
		encryption = &config.Encryption{}
	}
	k := &keyset{path: keysetPath(encryption, data), store: store}
	_, err := store.Setting(ctx, durable.CanarySetting)
	k.isNew = errors.Is(err, durable.ErrNotFound)
	if err != nil && !k.isNew {
		return nil, fmt.Errorf("the store cannot be read: %w", err)
	}
	if k.isNew && !isNew {
		if err := makesKeyset(ctx, settings, store); err != nil {
			return nil, err
		}
	}
	if k.Keyring, err = loadKeyset(encryption, k.path, k.isNew); err != nil {
		return nil, err
	}
	if err := durable.CheckSealer(ctx, store, k.Keyring); err != nil {
		return nil, wrongKeyset(err)
	}
	return k, nil
}

// makesKeyset notes in an empty store that its keyset is to be made. It returns an
// error if there is one that no earlier start has made for this store.
func makesKeyset(ctx context.Context, settings *config.Config, store durable.Store) error {
	there, err := keysetIsThere(settings.Encryption, string(settings.Data))
	if err != nil {
		return err
	}
	if there {
		_, err = store.Setting(ctx, keysetSetting)
		if errors.Is(err, durable.ErrNotFound) {
			return isOrphaned(settings.Store, string(settings.Data))
		}
	} else {
		_, err = store.PutSetting(ctx, keysetSetting, []byte("made"))
	}
	if err != nil {
		return fmt.Errorf("the store cannot be used: %w", err)
	}
	return nil
}

// wrongKeyset explains that a keyset is not that of the store.
func wrongKeyset(err error) error {
	if errors.Is(err, durable.ErrWrongKey) {
		return fmt.Errorf("wrong keyset: %w: all replicas need the keyset of the store; configure it, or restore it from its backup", err)
	}
	return err
}

// verify refuses a keyset that is not that of the store. The canary is read each
// time: openbroker keyset reseal replaces it.
func (k *keyset) verify(ctx context.Context, candidate *seal.Keyring) error {
	canary, err := k.store.Setting(ctx, durable.CanarySetting)
	if err != nil {
		return fmt.Errorf("the store cannot be read: %w", err)
	}
	return wrongKeyset(durable.VerifyCanary(candidate, canary))
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
		err = k.Watch(ctx, changes, func(candidate *seal.Keyring) error { return k.verify(ctx, candidate) }, report)
	}
	if err != nil {
		logger.LogAttrs(ctx, slog.LevelWarn, "the keyset is not watched for changes", slog.String("error", err.Error()))
	}
}
