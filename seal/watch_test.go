package seal_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/openbroker/openbroker/seal"
)

// patience is how long a test waits for an expected event.
const patience = 30 * time.Second

func receive[T any](t *testing.T, c <-chan T) (value T, ok bool) {
	t.Helper()
	select {
	case value, ok = <-c:
		return value, ok
	case <-time.After(patience):
		t.Fatal("nothing happened")
		return value, false
	}
}

// watch runs Watch until the test ends or stop is called. stop returns the result
// of Watch.
func watch(t *testing.T, k *seal.Keyring, changes <-chan struct{}, check seal.CandidateCheck) (reports <-chan error, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	reported, ended := make(chan error, 100), make(chan error, 1)
	go func() { ended <- k.Watch(ctx, changes, check, func(err error) { reported <- err }) }()
	return reported, func() error {
		cancel()
		err, _ := receive(t, ended)
		return err
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	path, k := newFile(t)
	canary, err := k.Canary()
	if err != nil {
		t.Fatal(err)
	}
	changes := make(chan struct{})
	reports, stop := watch(t, k, changes, func(candidate *seal.Keyring) error { return candidate.VerifyCanary(canary) })
	good, first := read(t, path), primary(t, k)

	write(t, path, good[:len(good)-10], 0o600)
	changes <- struct{}{}
	if err, _ := receive(t, reports); !errors.Is(err, seal.ErrKeyset) {
		t.Errorf("corrupt: %v", err)
	}
	another, err := seal.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, another, 0o600)
	changes <- struct{}{}
	if err, _ := receive(t, reports); !errors.Is(err, seal.ErrWrongKeyset) {
		t.Errorf("another keyset: %v", err)
	}
	if primary(t, k) != first {
		t.Error("a refused keyset is in use")
	}
	write(t, path, good, 0o600)
	changes <- struct{}{}
	id, err := seal.RotateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	changes <- struct{}{}
	if err, _ := receive(t, reports); err != nil {
		t.Errorf("rotated: %v", err)
	}
	if primary(t, k) != id {
		t.Errorf("primary key %d, want %d", primary(t, k), id)
	}
	for range 2 { // the first one has been handled when the second one is received
		changes <- struct{}{}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if len(reports) > 0 {
		t.Errorf("reported once more: %v", <-reports)
	}
}

func TestWatchEndsWithItsChanges(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	changes := make(chan struct{})
	close(changes)
	if err := k.Watch(t.Context(), changes, nil, nil); err == nil {
		t.Error("no error, but nothing is watched")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := k.Watch(ctx, changes, nil, nil); err != nil {
		t.Errorf("stopped: %v", err)
	}
}

func TestWatchFile(t *testing.T) {
	t.Parallel()
	path, k := newFile(t)
	// The file changes after it was loaded and before it is watched.
	id, err := seal.RotateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	changes, err := seal.FileChanges(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	reports, _ := watch(t, k, changes, nil)
	for round := range 5 {
		if err, _ := receive(t, reports); err != nil {
			t.Fatal(err)
		}
		if primary(t, k) != id {
			t.Fatalf("round %d: primary key %d, want %d", round, primary(t, k), id)
		}
		if id, err = seal.RotateKey(path); err != nil {
			t.Fatal(err)
		}
	}
}

// Kubernetes mounts secret/keyset.json as a link to ..data/keyset.json, and
// ..data as a link to a directory, which it swaps.
func TestWatchKubernetesSecret(t *testing.T) {
	t.Parallel()
	mount := t.TempDir()
	path := filepath.Join(mount, "keyset.json")
	publish := func(version string, keyset []byte) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(mount, version), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(mount, version, "keyset.json"), keyset, 0o440)
		if err := os.Symlink(version, filepath.Join(mount, "..data_tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(mount, "..data_tmp"), filepath.Join(mount, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	source, _ := newFile(t)
	publish("..1", read(t, source))
	if err := os.Symlink(filepath.Join("..data", "keyset.json"), path); err != nil {
		t.Fatal(err)
	}
	k, err := seal.Load(path, seal.AllowGroupRead())
	if err != nil {
		t.Fatal(err)
	}
	changes, err := seal.FileChanges(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	reports, _ := watch(t, k, changes, nil)
	for _, version := range []string{"..2", "..3"} {
		id, err := seal.RotateKey(source)
		if err != nil {
			t.Fatal(err)
		}
		publish(version, read(t, source))
		if err, _ := receive(t, reports); err != nil {
			t.Fatal(err)
		}
		if primary(t, k) != id {
			t.Errorf("version %s: primary key %d, want %d", version, primary(t, k), id)
		}
	}
}

func TestFileChangesIgnoresOtherFiles(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	changes, err := seal.FileChanges(t.Context(), filepath.Join(directory, "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := receive(t, changes); !ok {
		t.Error("closed at once")
	}
	write(t, filepath.Join(directory, "broker.db"), []byte("data"), 0o600)
	if err := os.RemoveAll(directory); err != nil {
		t.Fatal(err)
	}
	if _, ok := receive(t, changes); ok {
		t.Error("another file was taken for the keyset")
	}
}

func TestFileChangesEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	changes, err := seal.FileChanges(ctx, filepath.Join(t.TempDir(), "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	receive(t, changes)
	cancel()
	if _, ok := receive(t, changes); ok {
		t.Error("a change after the end")
	}
	if _, err := seal.FileChanges(t.Context(), filepath.Join(t.TempDir(), "no", "keyset.json")); err == nil {
		t.Error("watches a directory that does not exist")
	}
}
