package seal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxFileSize is far above any keyset: a key takes about 200 bytes.
const maxFileSize = 1 << 20

// fileMode is the permissions that a keyset file may have beyond 0700.
type fileMode fs.FileMode

// An Option configures [Load] and [LoadOrCreate].
type Option func(*Keyring)

// AllowGroupRead accepts a file that its group may read, mode 0640 at most. It is
// for secrets that Kubernetes mounts with fsGroup, which are always readable by
// the group. The group must be the broker's alone.
func AllowGroupRead() Option {
	return func(k *Keyring) { k.mode |= 0o040 }
}

// Create makes a keyset file with one new key and mode 0600, and loads it. The
// file appears complete or not at all, is on disk when Create returns, and is
// never overwritten: if path exists, or another process is faster, the error is
// [fs.ErrExist] and nothing has changed. The directory must exist and support
// hard links.
func Create(path string) (*Keyring, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("seal: create a keyset: %s: %w", path, fs.ErrExist)
	}
	data, err := GenerateKeyset()
	if err != nil {
		return nil, err
	}
	if err := writeNew(path, data); err != nil {
		return nil, fmt.Errorf("seal: create a keyset: %w", err)
	}
	return Load(path)
}

// Load reads a keyset file. Errors are [fs.ErrNotExist] if there is none,
// [ErrPermissions] if users other than its owner have access to it, [ErrKeyset]
// if it cannot be used, or those of the operating system. A bad file is left as
// it is.
func Load(path string, options ...Option) (*Keyring, error) {
	k := &Keyring{path: path}
	for _, option := range options {
		option(k)
	}
	current, err := k.read()
	if err != nil {
		return nil, err
	}
	k.current.Store(current)
	return k, nil
}

// LoadOrCreate loads the keyset file and makes it first if there is none. Several
// processes may do so at once: all get the same keyset. Use it only where nothing
// may have been sealed yet, or check a canary afterwards: a new keyset cannot open
// what a lost one sealed. Errors are those of [Load] and [Create].
func LoadOrCreate(path string, options ...Option) (*Keyring, error) {
	k, err := Load(path, options...)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if _, err := Create(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return Load(path, options...)
}

// A CandidateCheck decides whether a keyring that was just read may replace the one in
// use, usually by [Keyring.VerifyCanary]. It returns nil if so.
type CandidateCheck func(candidate *Keyring) error

// Reload reads the keyset file again and uses it from then on, if it is good and
// check, which may be nil, accepts it; otherwise everything stays as it was. It
// reports whether the file had changed. Errors are those of [Load] and of check,
// or [ErrNoFile].
func (k *Keyring) Reload(check CandidateCheck) (changed bool, err error) {
	if k.path == "" {
		return false, ErrNoFile
	}
	k.reloading.Lock()
	defer k.reloading.Unlock()
	next, err := k.read()
	if err != nil {
		return false, err
	}
	if next.digest == k.current.Load().digest {
		return false, nil
	}
	if check != nil {
		if err := check(newKeyring(next)); err != nil {
			return false, fmt.Errorf("seal: the changed keyset %s is refused: %w", k.path, err)
		}
	}
	k.current.Store(next)
	return true, nil
}

func (k *Keyring) read() (*keys, error) {
	data, _, err := readFile(k.path, k.mode)
	if err != nil {
		return nil, err
	}
	current, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, k.path)
	}
	return current, nil
}

// readFile returns the content of a keyset file, and what it was when its
// permissions were checked.
func readFile(path string, allowed fileMode) ([]byte, fs.FileInfo, error) {
	// Opening something else, such as a named pipe, could block.
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("seal: there is no keyset file at %s: restore it from its backup, since no other can open what was sealed with it; if nothing was sealed yet, create it: %w", path, fs.ErrNotExist)
	} else if err != nil {
		return nil, nil, fmt.Errorf("seal: read the keyset: %w", err)
	} else if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%w: %s is not a regular file", ErrKeyset, path)
	}
	file, err := os.Open(path) //nolint:gosec // G304: the operator says where the keyset is.
	if err != nil {
		return nil, nil, fmt.Errorf("seal: read the keyset: %w", err)
	}
	defer file.Close() //nolint:errcheck // It was only read.
	info, err := file.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("seal: read the keyset: %w", err)
	}
	if err := checkMode(path, info, allowed); err != nil {
		return nil, nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFileSize+1))
	if err != nil {
		return nil, nil, fmt.Errorf("seal: read the keyset: %w", err)
	}
	if len(data) > maxFileSize {
		return nil, nil, fmt.Errorf("%w: %s has more than %d bytes; it is some other file", ErrKeyset, path, maxFileSize)
	}
	return data, info, nil
}
