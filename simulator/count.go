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

// A tally counts how often the faults in parameters happened. It counts in the
// store, so that a restart, or another replica, goes on counting: what happens
// for the nth time takes the setting n, which only one can take.
type tally struct{ settings settings }

// settings are what of a [durable.Store] is needed.
type settings interface {
	Setting(ctx context.Context, name string) ([]byte, error)
	PutSetting(ctx context.Context, name string, value []byte) ([]byte, error)
}

// An owner is the instance or binding whose parameters have the fault.
type owner struct{ platform, instanceID, bindingID string }

// take reports whether the fault happens once more. The same token takes the
// same turn again: an attempt that was interrupted is not counted twice.
func (t tally) take(ctx context.Context, o owner, on Operation, f *Fault, token string) (bool, error) {
	times := f.times(1)
	if times == Always {
		return true, nil
	}
	life, err := t.lives(ctx, o, "")
	if err != nil {
		return false, err
	}
	encoded, err := json.Marshal(f)
	if err != nil {
		return false, err
	}
	prefix := name("fault", o.platform, o.instanceID, o.bindingID, strconv.Itoa(life), string(on), string(encoded))
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

// end is called when what owns the fault is deleted: another one of the same id
// counts anew.
func (t tally) end(ctx context.Context, o owner, f *Fault, token string) error {
	if f == nil || f.times(1) == Always {
		return nil
	}
	_, err := t.lives(ctx, o, token)
	return err
}

// lives returns how many of the same id were deleted. With a token, it counts
// one more, once.
func (t tally) lives(ctx context.Context, o owner, token string) (int, error) {
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

// name is that of a setting: what platforms send does not appear in it.
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
