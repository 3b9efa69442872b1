package simulator

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/openbroker/openbroker/durable"
)

// A tally counts how often the faults of parameters have occurred. It counts in
// the store, so that the count survives a restart and covers all replicas.
// Occurrence n writes the setting n, and only the first writer succeeds.
type tally struct{ settings settings }

// settings is the part of a [durable.Store] that a tally uses.
type settings interface {
	Setting(ctx context.Context, name string) ([]byte, error)
	PutSetting(ctx context.Context, name string, value []byte) ([]byte, error)
}

// An owner is the instance or binding whose parameters have the fault.
type owner struct{ platform, instanceID, bindingID string }

// take counts an occurrence of the fault and reports whether the fault applies. With
// the same token it returns the same occurrence, so an interrupted attempt does not
// count twice.
func (t tally) take(ctx context.Context, o owner, on Operation, f *Fault, token string) (bool, error) {
	times := f.times(1)
	if times == Always {
		return true, nil
	}
	deleted, err := t.deletions(ctx, o, "")
	if err != nil {
		return false, err
	}
	encoded, err := json.Marshal(f)
	if err != nil {
		return false, err
	}
	prefix := name("fault", o.platform, o.instanceID, o.bindingID, strconv.Itoa(deleted), string(on), string(encoded))
	for n := range int(times) {
		stored, err := t.settings.PutSetting(ctx, prefix+strconv.Itoa(n), []byte(token))
		if err != nil {
			return false, err
		}
		if string(stored) == token {
			return true, nil
		}
	}
	return false, nil
}

// end resets the count of a fault. It is called when the owner is deleted, so
// that a new owner with the same id starts at 0.
func (t tally) end(ctx context.Context, o owner, f *Fault, token string) error {
	if f == nil || f.times(1) == Always {
		return nil
	}
	_, err := t.deletions(ctx, o, token)
	return err
}

// deletions returns the number of deleted owners with the same id. With a token, it
// first counts another deletion, once for each token.
func (t tally) deletions(ctx context.Context, o owner, token string) (int, error) {
	prefix := name("life", o.platform, o.instanceID, o.bindingID)
	for n := 0; ; n++ {
		at := prefix + strconv.Itoa(n)
		stored, err := t.settings.Setting(ctx, at)
		if errors.Is(err, durable.ErrNotFound) && token != "" {
			stored, err = t.settings.PutSetting(ctx, at, []byte(token))
		}
		switch {
		case errors.Is(err, durable.ErrNotFound), err == nil && token != "" && string(stored) == token:
			return n, nil
		case err != nil:
			return 0, err
		}
	}
}

// name returns the name of a setting. The name is a hash, so that it does not
// contain text of platforms.
func name(parts ...string) string {
	hash := sha256.New()
	for _, part := range parts {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		hash.Write(length[:])
		hash.Write([]byte(part))
	}
	return "simulator_" + hex.EncodeToString(hash.Sum(nil)[:16]) + "_"
}
