package seal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxFileSize is far above the size of any keyset: a key takes about 200 bytes.
const maxFileSize = 1 << 20

// A fileMode holds the permissions that a keyset file may have in addition to those
// of its owner.
type fileMode fs.FileMode

// An Option configures [Load] and [LoadOrCreate].
type Option func(*Keyring)

// AllowGroupRead accepts a file that its group may read, up to mode 0640. Use it
// for secrets that Kubernetes mounts with fsGroup, which are always readable by
// the group. The group must have no other members than the broker.
func AllowGroupRead() Option {
	return func(k *Keyring) { k.mode |= 0o040 }
}

// Create creates a keyset file with one new key and mode 0600, and loads it. The
// file appears complete or not at all, and is on disk when Create returns. Create
// never overwrites a file: if path exists, or another process creates it first,
// it returns [fs.ErrExist]. The directory must exist and support hard links.
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

// Load reads a keyset file. It returns [fs.ErrNotExist] if the file does not
// exist, [ErrPermissions] if users other than its owner have access to it,
// [ErrKeyset] if it is unusable, or an error of the operating system.
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

// LoadOrCreate loads the keyset file, and creates it first if it does not exist.
// If several processes call it concurrently, all get the same keyset. Use it only
// if nothing has been sealed yet, or check a canary afterwards: a new keyset cannot
// open what a lost one has sealed. It returns the errors of [Load] and [Create].
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

// Reload reads the keyset file again and adopts its keyset if the file is valid
// and check, which may be nil, accepts it. It reports whether the keyset has
// changed. It returns the errors of [Load], the error of check, or [ErrNoFile], and
// then leaves the keyring unchanged.
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
			return false, fmt.Errorf("seal: refused the changed keyset %s: %w", k.path, err)
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

// readFile returns the content of a keyset file, and the file information with
// the permissions that were checked.
func readFile(path string, allowed fileMode) ([]byte, fs.FileInfo, error) {
	// Opening a file of another type, such as a named pipe, could block.
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("seal: the keyset file %s does not exist: restore it from its backup, since only this keyset opens the data that was sealed with it; create a new one only if nothing was sealed yet: %w", path, fs.ErrNotExist)
	} else if err != nil {
		return nil, nil, fmt.Errorf("seal: read the keyset: %w", err)
	} else if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%w: %s is not a regular file", ErrKeyset, path)
	}
	file, err := os.Open(path) //nolint:gosec // G304: the operator says where the keyset is.
	if err != nil {
		return nil, nil, fmt.Errorf("seal: read the keyset: %w", err)
	}
	defer file.Close() //nolint:errcheck // The file was only read.
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
		return nil, nil, fmt.Errorf("%w: %s has more than %d bytes, so it is not a keyset file: check the path", ErrKeyset, path, maxFileSize)
	}
	return data, info, nil
}
