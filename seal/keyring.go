package seal

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
)

// All sealed data begins with tinkPrefix, followed by the id of the key in 4
// bytes, big endian.
const (
	tinkPrefix     = 0x01
	tinkPrefixSize = 5
)

// A Keyring seals and opens data with the keys of a keyset. Its methods are safe
// for concurrent use. Printed and logged, it shows the number of keys and the id
// of the primary key only.
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

// Parse returns a keyring for a keyset in JSON, as [GenerateKeyset] returns it and a
// keyset file contains it. It ignores white space around the keyset. It returns
// [ErrKeyset] if the keyset is unusable; the error never quotes the keyset.
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

// Seal encrypts plaintext with the primary key and binds it to the associated
// data, which is not part of the result; pass the same associated data to Open
// (see [AssociatedData]). The result differs on every call. With keys of this
// package it is 45 bytes longer than the plaintext.
//
// Seal treats a nil plaintext as an empty one: a caller that distinguishes them
// must record the difference outside of the sealed data.
func (k *Keyring) Seal(plaintext, associated []byte) ([]byte, error) {
	sealed, err := k.current.Load().aead.Encrypt(plaintext, associated)
	if err != nil {
		return nil, fmt.Errorf("seal: encrypt %d bytes: %w", len(plaintext), err)
	}
	return sealed, nil
}

// Open decrypts a result of Seal for the same associated data. The plaintext is
// never nil, even if it is empty. Empty sealed data is an error and not an empty
// plaintext, so that a value that the database lost is noticed. Open returns
// [ErrOpen] if it cannot decrypt the data.
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

// explain returns an error that says why sealed cannot be opened. Tink returns
// the same error for every reason.
func (k *keys) explain(sealed []byte) error {
	id, ok := KeyID(sealed)
	if !ok {
		return fmt.Errorf("%w: it is empty or truncated, or was never sealed", ErrOpen)
	}
	key, ok := find(k.list, id)
	if !ok {
		return fmt.Errorf("%w: it was sealed with key %d, which is not in the keyset: load the keyset with this key", ErrOpen, id)
	}
	if key.Status != KeyEnabled {
		return fmt.Errorf("%w: it was sealed with key %d, which is %s: enable the key, and seal the data again before disabling it", ErrOpen, id, key.Status)
	}
	return fmt.Errorf("%w: it was altered or truncated, belongs to another record, or was sealed with a different key with the id %d", ErrOpen, id)
}

// KeyID returns the id of the key in sealed data, and false if the data is too
// short or does not look sealed. KeyID does not verify the id; Open does. The id
// is in bytes 1 to 4, big endian, after a byte 0x01.
func KeyID(sealed []byte) (uint32, bool) {
	if len(sealed) < tinkPrefixSize || sealed[0] != tinkPrefix {
		return 0, false
	}
	return binary.BigEndian.Uint32(sealed[1:tinkPrefixSize]), true
}

// NeedsReseal reports whether sealed data was sealed with another key than the
// current primary key. It also returns true for data that was never sealed, for
// which [Keyring.Reseal] returns an error.
func (k *Keyring) NeedsReseal(sealed []byte) bool {
	id, ok := KeyID(sealed)
	return !ok || id != k.current.Load().primary
}

// Reseal opens sealed data and seals it again with the primary key and the same
// associated data. It returns [ErrOpen] if it cannot open the data.
func (k *Keyring) Reseal(sealed, associated []byte) ([]byte, error) {
	plaintext, err := k.Open(sealed, associated)
	if err != nil {
		return nil, err
	}
	return k.Seal(plaintext, associated)
}

// Keys returns descriptions of the keys, the oldest first.
func (k *Keyring) Keys() []Key {
	return slices.Clone(k.current.Load().list)
}

// Format writes the number of keys and the id of the primary key for every verb.
func (k *Keyring) Format(f fmt.State, _ rune) {
	current := k.current.Load()
	_, _ = fmt.Fprintf(f, "keyring of %d keys, primary %d", len(current.list), current.primary)
}

// LogValue returns the number of keys and the id of the primary key.
func (k *Keyring) LogValue() slog.Value {
	current := k.current.Load()
	return slog.GroupValue(
		slog.Int("keys", len(current.list)),
		slog.Uint64("primary", uint64(current.primary)),
	)
}
