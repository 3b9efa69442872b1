package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/openbroker/openbroker/seal"
)

func load(tb testing.TB, path string) *seal.Keyring {
	tb.Helper()
	k, err := seal.Load(path)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func reload(tb testing.TB, keyrings ...*seal.Keyring) {
	tb.Helper()
	for _, k := range keyrings {
		if _, err := k.Reload(nil); err != nil {
			tb.Fatal(err)
		}
	}
}

func mustOpen(tb testing.TB, k *seal.Keyring, sealed []byte) {
	tb.Helper()
	if _, err := k.Open(sealed, nil); err != nil {
		tb.Error(err)
	}
}

func TestRotate(t *testing.T) {
	t.Parallel()
	path, k := newFile(t)
	first := primary(t, k)
	sealed := mustSeal(t, k, []byte("data"), nil)
	id, err := seal.RotateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if primary(t, k) != first {
		t.Error("the keyring changed without being reloaded")
	}
	reload(t, k)
	want := []seal.Key{{ID: first, Status: seal.KeyEnabled}, {ID: id, Status: seal.KeyEnabled, Primary: true}}
	if got := k.Keys(); !slices.Equal(got, want) {
		t.Errorf("keys %v, want %v", got, want)
	}
	if !k.NeedsReseal(sealed) {
		t.Error("sealed with the old key, but NeedsReseal is false")
	}
	resealed, err := k.Reseal(sealed, nil)
	if err != nil {
		t.Fatal(err)
	}
	if k.NeedsReseal(resealed) {
		t.Error("sealed again, but NeedsReseal is true")
	}
	if opened, err := k.Open(resealed, nil); err != nil || string(opened) != "data" {
		t.Errorf("opened %q, %v", opened, err)
	}
}

// Two replicas follow the documented rotation, one step apart. At any time, each
// opens what the other seals.
func TestRotationOfReplicas(t *testing.T) {
	t.Parallel()
	path, one := newFile(t)
	two := load(t, path)
	first := primary(t, one)
	old := mustSeal(t, one, []byte("data"), nil)
	agree := func() {
		t.Helper()
		mustOpen(t, two, mustSeal(t, one, []byte("data"), nil))
		mustOpen(t, one, mustSeal(t, two, []byte("data"), nil))
	}
	id, err := seal.AddKey(path)
	if err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		name   string
		change func() error
		opens  bool
	}{
		{"add", func() error { return nil }, true},
		{"promote", func() error { return seal.PromoteKey(path, id) }, true},
		{"disable", func() error { return seal.DisableKey(path, first) }, false},
		{"enable", func() error { return seal.EnableKey(path, first) }, true},
		{"disable again", func() error { return seal.DisableKey(path, first) }, false},
		{"delete", func() error { return seal.DeleteKey(path, first) }, false},
	}
	for _, step := range steps {
		if err := step.change(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		agree()
		reload(t, one)
		agree()
		reload(t, two)
		agree()
		if _, err := one.Open(old, nil); step.opens != (err == nil) {
			t.Errorf("%s: open: %v", step.name, err)
		}
	}
	if got, want := one.Keys(), []seal.Key{{ID: id, Status: seal.KeyEnabled, Primary: true}}; !slices.Equal(got, want) {
		t.Errorf("keys %v, want %v", got, want)
	}
}

func TestRefusedChanges(t *testing.T) {
	t.Parallel()
	path, k := newFile(t)
	first := primary(t, k)
	added, err := seal.AddKey(path)
	if err != nil {
		t.Fatal(err)
	}
	disabled, err := seal.AddKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := seal.DisableKey(path, disabled); err != nil {
		t.Fatal(err)
	}
	unknown := first + 1
	for unknown == added || unknown == disabled {
		unknown++
	}
	before := read(t, path)
	tests := map[string]struct {
		change func(string, uint32) error
		id     uint32
		want   error
	}{
		"disable the primary":  {seal.DisableKey, first, seal.ErrKeyStatus},
		"delete the primary":   {seal.DeleteKey, first, seal.ErrKeyStatus},
		"delete an enabled":    {seal.DeleteKey, added, seal.ErrKeyStatus},
		"promote a disabled":   {seal.PromoteKey, disabled, seal.ErrKeyStatus},
		"promote an unknown":   {seal.PromoteKey, unknown, seal.ErrUnknownKey},
		"enable an unknown":    {seal.EnableKey, unknown, seal.ErrUnknownKey},
		"disable an unknown":   {seal.DisableKey, unknown, seal.ErrUnknownKey},
		"delete an unknown":    {seal.DeleteKey, unknown, seal.ErrUnknownKey},
		"delete what is not 0": {seal.DeleteKey, 0, seal.ErrUnknownKey},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := test.change(path, test.id); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if !bytes.Equal(before, read(t, path)) {
				t.Error("the file changed")
			}
		})
	}
}

func TestConcurrentChanges(t *testing.T) {
	t.Parallel()
	path, _ := newFile(t)
	const changes = 16
	ids, errs := make([]uint32, changes), make([]error, changes)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range changes {
		group.Go(func() {
			<-start
			if i%2 == 0 {
				ids[i], errs[i] = seal.AddKey(path)
			} else {
				ids[i], errs[i] = seal.RotateKey(path)
			}
		})
	}
	close(start)
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	keys := load(t, path).Keys()
	if len(keys) != changes+1 {
		t.Errorf("%d keys, want %d", len(keys), changes+1)
	}
	for _, id := range ids {
		if !slices.ContainsFunc(keys, func(key seal.Key) bool { return key.ID == id }) {
			t.Errorf("key %d was lost", id)
		}
	}
}

func TestSealAndOpenWhileRotating(t *testing.T) {
	t.Parallel()
	path, k := newFile(t)
	const workers, rotations = 4, 20
	var done atomic.Bool
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			plaintext, associated := fmt.Appendf(nil, "data %d", worker), seal.AssociatedData("worker", strconv.Itoa(worker))
			oldest := mustSeal(t, k, plaintext, associated)
			for !done.Load() {
				sealed, err := k.Seal(plaintext, associated)
				if err != nil {
					t.Error(err)
					return
				}
				for _, sealed := range [][]byte{sealed, oldest} {
					if opened, err := k.Open(sealed, associated); err != nil || !bytes.Equal(opened, plaintext) {
						t.Errorf("opened %q, %v", opened, err)
						return
					}
				}
				k.NeedsReseal(sealed)
				k.Keys()
			}
		})
	}
	for range rotations {
		if _, err := seal.RotateKey(path); err != nil {
			t.Error(err)
		}
		if changed, err := k.Reload(nil); err != nil || !changed {
			t.Errorf("reload: %v, %v", changed, err)
		}
	}
	done.Store(true)
	group.Wait()
	if got := len(k.Keys()); got != rotations+1 {
		t.Errorf("%d keys", got)
	}
}
