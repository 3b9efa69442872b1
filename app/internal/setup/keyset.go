package setup

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

// keysetSetting marks a store whose keyset the broker generates itself. With it, a
// keyset without a canary means that a start was interrupted; without it, that a store
// was lost.
const keysetSetting = "keyset_made"

// A Keyset contains the keys that encrypt the store.
type Keyset struct {
	*seal.Keyring
	path  string // empty if the keyset is not in a file
	store durable.Store
	// IsNew means that the store has no sealed data.
	IsNew bool
}

// KeysetPath returns the file of the keyset. It is empty if the configuration contains
// the keyset.
func KeysetPath(settings *config.Encryption, data string) string {
	switch {
	case settings == nil:
		return filepath.Join(data, "keyset.json")
	case settings.KeysetFile == "" && settings.Keyset == "":
		return filepath.Join(data, "keyset.json")
	default:
		return string(settings.KeysetFile)
	}
}

// KeysetExists reports whether the keyset exists.
func KeysetExists(settings *config.Encryption, data string) (bool, error) {
	path := KeysetPath(settings, data)
	if path == "" {
		return true, nil
	}
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// ConfiguredKeyset loads the keyset of the configuration, or that of the data directory.
// It never creates one.
func ConfiguredKeyset(settings *config.Config, data string) (*seal.Keyring, error) {
	encryption := settings.Encryption
	if encryption == nil {
		encryption = &config.Encryption{}
	}
	return loadKeyset(encryption, KeysetPath(encryption, data), false)
}

// OpenKeyset loads the configured keyset, and verifies that it belongs to the store. It
// creates a keyset file only for a store without sealed data: beside sealed data, a new
// keyset would be useless, and would hide that the old one is missing. It also refuses
// an empty store beside a keyset, which means that the store was lost, unless isNew
// allows it.
func OpenKeyset(ctx context.Context, settings *config.Config, isNew bool, store durable.Store) (*Keyset, error) {
	encryption, data := settings.Encryption, string(settings.Data)
	if encryption == nil {
		encryption = &config.Encryption{}
	}
	k := &Keyset{path: KeysetPath(encryption, data), store: store}
	_, err := store.Setting(ctx, durable.CanarySetting)
	k.IsNew = errors.Is(err, durable.ErrNotFound)
	if err != nil && !k.IsNew {
		return nil, fmt.Errorf("read the store: %w", err)
	}
	if k.IsNew && !isNew {
		if err := markStore(ctx, settings, store); err != nil {
			return nil, err
		}
	}
	if k.Keyring, err = loadKeyset(encryption, k.path, k.IsNew); err != nil {
		return nil, err
	}
	if err := durable.CheckSealer(ctx, store, k.Keyring); err != nil {
		return nil, WrongKeyset(err)
	}
	return k, nil
}

// markStore marks an empty store for which a keyset will be generated. It returns an
// error if a keyset exists that no earlier start has generated for this store.
func markStore(ctx context.Context, settings *config.Config, store durable.Store) error {
	exists, err := KeysetExists(settings.Encryption, string(settings.Data))
	if err != nil {
		return err
	}
	if exists {
		_, err = store.Setting(ctx, keysetSetting)
		if errors.Is(err, durable.ErrNotFound) {
			return LostStoreError(settings.Store, string(settings.Data))
		}
	} else {
		_, err = store.PutSetting(ctx, keysetSetting, []byte("made"))
	}
	if err != nil {
		return fmt.Errorf("use the store: %w", err)
	}
	return nil
}

// WrongKeyset explains that the keyset does not belong to the store.
func WrongKeyset(err error) error {
	if errors.Is(err, durable.ErrWrongKey) {
		return fmt.Errorf("wrong keyset: %w: all replicas need the keyset of the store; configure it, or restore it from its backup", err)
	}
	return err
}

// verify refuses a keyset that does not belong to the store. It reads the canary each
// time, because openbroker keyset reseal replaces it.
func (k *Keyset) verify(ctx context.Context, candidate *seal.Keyring) error {
	canary, err := k.store.Setting(ctx, durable.CanarySetting)
	if err != nil {
		return fmt.Errorf("read the store: %w", err)
	}
	return WrongKeyset(durable.VerifyCanary(candidate, canary))
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

// Follow applies changes of the keyset file until ctx ends.
func (k *Keyset) Follow(ctx context.Context, logger *slog.Logger) {
	k.Watch(ctx, func(candidate *seal.Keyring) error { return k.verify(ctx, candidate) }, logger)
}
