package seal

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
)

// tinkPrefix starts everything that was sealed; the key's id in 4 bytes, big
// endian, follows.
const (
	tinkPrefix     = 0x01
	tinkPrefixSize = 5
)

// A Keyring seals and opens data with the keys of a keyset. Its methods may be
// called at the same time. Printing or logging it shows the ids of the keys only.
type Keyring struct {
	current atomic.Pointer[keys]

	path      string // empty if the keyset came from memory
	mode      fileMode
	reloading sync.Mutex
}

var (
	_ fmt.Formatter  = (*Keyring)(nil)
	_ slog.LogValuer = (*Keyring)(nil)
)

// Parse returns a keyring for a keyset in JSON, such as [GenerateKeyset] returns or a
// keyset file contains, with or without white space around it. Errors are
// [ErrKeyset]; they never quote the keyset.
func Parse(data []byte) (*Keyring, error) {
	k, err := decode(data)
	if err != nil {
		return nil, err
	}
	return newKeyring(k), nil
}

func newKeyring(k *keys) *Keyring {
	ring := new(Keyring)
	ring.current.Store(k)
	return ring
}

// Seal encrypts plaintext with the primary key and binds it to associated data,
// which is not part of the result and must be given to Open again; see
// [AssociatedData]. The result is different every time, and 45 bytes longer than
// the plaintext with keys that this package makes.
//
// A nil plaintext is sealed as an empty one: whoever has to tell "none" from
// "empty" does so beside the sealed data.
func (k *Keyring) Seal(plaintext, associated []byte) ([]byte, error) {
	sealed, err := k.current.Load().aead.Encrypt(plaintext, associated)
	if err != nil {
		return nil, fmt.Errorf("seal: encrypt %d bytes: %w", len(plaintext), err)
	}
	return sealed, nil
}

// Open decrypts what Seal returned for the same associated data. The plaintext
// is never nil, even if it is empty. Nil or empty sealed data is not an empty
// plaintext but an error, so that a value lost from the database is noticed.
// Errors are [ErrOpen].
func (k *Keyring) Open(sealed, associated []byte) ([]byte, error) {
	return k.current.Load().open(sealed, associated)
}

func (k *keys) open(sealed, associated []byte) ([]byte, error) {
	plaintext, err := k.aead.Decrypt(sealed, associated)
	if err != nil {
		return nil, k.explain(sealed)
	}
	if plaintext == nil {
		plaintext = []byte{}
	}
	return plaintext, nil
}

// explain says why sealed could not be opened. The cause that Tink gives is
// always the same.
func (k *keys) explain(sealed []byte) error {
	id, ok := KeyID(sealed)
	if !ok {
		return fmt.Errorf("%w: it is empty, cut off, or was never sealed", ErrOpen)
	}
	key, ok := find(k.list, id)
	if !ok {
		return fmt.Errorf("%w: it names key %d, which is not in the keyset: load the keyset that has it", ErrOpen, id)
	}
	if key.Status != KeyEnabled {
		return fmt.Errorf("%w: it names key %d, which is %s: enable it and seal the data again before disabling it", ErrOpen, id, key.Status)
	}
	return fmt.Errorf("%w: it was altered or cut off, belongs to another record, or was sealed with another key %d", ErrOpen, id)
}

// KeyID returns the id of the key that sealed data names, and false if the data
// is too short or does not look sealed. The id is not verified; Open does that.
// It is in the bytes 1 to 4, big endian, after a byte 0x01.
func KeyID(sealed []byte) (uint32, bool) {
	if len(sealed) < tinkPrefixSize || sealed[0] != tinkPrefix {
		return 0, false
	}
	return binary.BigEndian.Uint32(sealed[1:tinkPrefixSize]), true
}

// NeedsReseal reports whether sealed data was sealed with another key than the
// one that is primary now. It is true for data that was never sealed, too:
// [Keyring.Reseal] then tells what is wrong with it.
func (k *Keyring) NeedsReseal(sealed []byte) bool {
	id, ok := KeyID(sealed)
	return !ok || id != k.current.Load().primary
}

// Reseal opens sealed data and seals it again with the primary key, for the same
// associated data. Errors are [ErrOpen].
func (k *Keyring) Reseal(sealed, associated []byte) ([]byte, error) {
	plaintext, err := k.Open(sealed, associated)
	if err != nil {
		return nil, err
	}
	return k.Seal(plaintext, associated)
}

// Keys describes the keys, the oldest first.
func (k *Keyring) Keys() []Key {
	return slices.Clone(k.current.Load().list)
}

// Format writes how many keys there are and which one is primary, whatever the
// verb.
func (k *Keyring) Format(f fmt.State, _ rune) {
	current := k.current.Load()
	_, _ = fmt.Fprintf(f, "keyring of %d keys, primary %d", len(current.list), current.primary)
}

// LogValue returns how many keys there are and which one is primary.
func (k *Keyring) LogValue() slog.Value {
	current := k.current.Load()
	return slog.GroupValue(
		slog.Int("keys", len(current.list)),
		slog.Uint64("primary", uint64(current.primary)),
	)
}
