package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// RotateKey adds a new key to a keyset file and makes it primary immediately. Use it
// for a broker with a single process. With several replicas, a replica that reads the
// file late could not open what another one has already sealed: call [AddKey],
// wait until all replicas have read the file, and then call [PromoteKey].
//
// Every change to a keyset file is atomic, and on disk when the function returns.
// Processes that change the file at the same time wait for one another with a
// lock on path + ".lock". The mode becomes 0600; the owner stays. RotateKey returns
// the errors of [Load].
func RotateKey(path string) (id uint32, err error) {
	err = change(path, func(manager *keyset.Manager, _ []Key) error {
		if id, err = addKey(manager); err != nil {
			return err
		}
		return manager.SetPrimary(id)
	})
	return id, err
}

// AddKey adds a new key to a keyset file and returns its id. The key opens data,
// and seals data only after [PromoteKey]. AddKey returns the errors of [Load].
func AddKey(path string) (id uint32, err error) {
	err = change(path, func(manager *keyset.Manager, _ []Key) error {
		id, err = addKey(manager)
		return err
	})
	return id, err
}

// PromoteKey makes a key of a keyset file the primary one. First, all replicas
// must have loaded the file with this key. PromoteKey returns the errors of
// [Load], [ErrUnknownKey], and [ErrKeyStatus] if the key is not enabled.
func PromoteKey(path string, id uint32) error {
	return changeKey(path, id, func(manager *keyset.Manager, key Key) error {
		if key.Status != KeyEnabled {
			return fmt.Errorf("%w: key %d is %s: enable it first", ErrKeyStatus, id, key.Status)
		}
		return manager.SetPrimary(id)
	})
}

// EnableKey enables a disabled key again. It returns the errors of [Load],
// [ErrUnknownKey], and [ErrKeyStatus] if the key is destroyed.
func EnableKey(path string, id uint32) error {
	return changeKey(path, id, func(manager *keyset.Manager, key Key) error {
		if key.Status == KeyDestroyed {
			return fmt.Errorf("%w: key %d is %s", ErrKeyStatus, id, key.Status)
		}
		return manager.Enable(id)
	})
}

// DisableKey disables a key: data that it has sealed cannot be opened until
// [EnableKey]. It returns the errors of [Load], [ErrUnknownKey], and
// [ErrKeyStatus] if the key is the primary one or destroyed.
func DisableKey(path string, id uint32) error {
	return changeKey(path, id, func(manager *keyset.Manager, key Key) error {
		if key.Primary {
			return fmt.Errorf("%w: key %d is the primary key: promote another one first", ErrKeyStatus, id)
		}
		if key.Status == KeyDestroyed {
			return fmt.Errorf("%w: key %d is %s", ErrKeyStatus, id, key.Status)
		}
		return manager.Disable(id)
	})
}

// DeleteKey removes a disabled key: data that it has sealed is lost. It returns
// the errors of [Load], [ErrUnknownKey], and [ErrKeyStatus] if the key is enabled,
// as the primary key always is.
func DeleteKey(path string, id uint32) error {
	return changeKey(path, id, func(manager *keyset.Manager, key Key) error {
		if key.Primary {
			return fmt.Errorf("%w: key %d is the primary key: promote another one first", ErrKeyStatus, id)
		}
		if key.Status == KeyEnabled {
			return fmt.Errorf("%w: key %d is enabled: disable it first, and delete it once everything works without it", ErrKeyStatus, id)
		}
		return manager.Delete(id)
	})
}

func addKey(manager *keyset.Manager) (uint32, error) {
	id, err := manager.Add(aead.XAES256GCM192BitNonceKeyTemplate())
	if err != nil {
		return 0, fmt.Errorf("seal: generate a key: %w", err)
	}
	return id, nil
}

func changeKey(path string, id uint32, edit func(*keyset.Manager, Key) error) error {
	return change(path, func(manager *keyset.Manager, list []Key) error {
		key, ok := find(list, id)
		if !ok {
			return fmt.Errorf("%w: %d is not in %s", ErrUnknownKey, id, path)
		}
		return edit(manager, key)
	})
}

// change applies edit to a keyset file. An error of edit leaves the file
// unchanged.
func change(path string, edit func(*keyset.Manager, []Key) error) (err error) {
	_, info, err := readFile(path, 0)
	if err != nil {
		return err
	}
	// A rename would replace the symbolic link instead of the file.
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return fmt.Errorf("seal: change the keyset: %w", err)
	}
	lock, err := lockFile(path+".lock", info)
	if err != nil {
		return fmt.Errorf("seal: lock the keyset: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()

	data, info, err := readFile(path, 0)
	if err != nil {
		return err
	}
	current, err := decode(data)
	if err != nil {
		return fmt.Errorf("%w (%s)", err, path)
	}
	manager := keyset.NewManagerFromHandle(current.handle)
	if err := edit(manager, current.list); err != nil {
		return err
	}
	handle, err := manager.Handle()
	if err != nil {
		return fmt.Errorf("seal: change the keyset: %w", err)
	}
	if data, err = encode(handle); err != nil {
		return err
	}
	if err := removeTemporary(path); err != nil {
		return fmt.Errorf("seal: change the keyset: %w", err)
	}
	if err := replace(path, data, info); err != nil {
		return fmt.Errorf("seal: change the keyset: %w", err)
	}
	return nil
}

// lockFile waits for the lock. The lock file stays: removing it would let two
// processes hold locks on two different files of this name.
func lockFile(path string, keyset fs.FileInfo) (*flock.Flock, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // G304: the operator says where the keyset is.
	if err != nil {
		return nil, err
	}
	if err := errors.Join(matchOwner(file, keyset), file.Close()); err != nil {
		return nil, err
	}
	lock := flock.New(path)
	if err := lock.Lock(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}
