package seal_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker/seal"
)

// patience is how long a test waits for an expected event.
const patience = 30 * time.Minute

// Messages of Watch.
const (
	adopted = "changed keyset in use"
	refused = "changed keyset refused"
)

// A watchLog is the log of Watch.
type watchLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *watchLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *watchLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await waits until a text was logged a number of times.
func (l *watchLog) await(t *testing.T, text string, times int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); strings.Count(l.String(), text) < times; {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%q was not logged %d times:\n%s", text, times, l)
		}
	}
}

// watch runs Watch until the test ends.
func watch(t *testing.T, k *seal.Keyring, check seal.CandidateCheck) *watchLog {
	t.Helper()
	log := &watchLog{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		k.Watch(ctx, check, slog.New(slog.NewTextHandler(log, nil)))
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return log
}

// replace renames another file over a keyset file.
func replace(t *testing.T, path string, content []byte) {
	t.Helper()
	write(t, path+".next", content, 0o600)
	if err := os.Rename(path+".next", path); err != nil {
		t.Fatal(err)
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	path, k := newFile(t)
	canary, err := k.Canary()
	if err != nil {
		t.Fatal(err)
	}
	log := watch(t, k, func(candidate *seal.Keyring) error { return candidate.VerifyCanary(canary) })
	good, first := read(t, path), primary(t, k)

	replace(t, path, good[:len(good)-10])
	log.await(t, refused, 1)
	another, err := seal.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	replace(t, path, another)
	log.await(t, "refused the changed keyset", 1)
	if primary(t, k) != first {
		t.Error("a refused keyset is in use")
	}
	replace(t, path, good)
	id, err := seal.RotateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	log.await(t, adopted, 1)
	if primary(t, k) != id {
		t.Errorf("primary key %d, want %d", primary(t, k), id)
	}
	if text := log.String(); strings.Count(text, refused) != 2 || strings.Count(text, adopted) != 1 {
		t.Errorf("logged\n%s", text)
	}
}

// A keyring without a file has nothing to watch.
func TestWatchWithoutFile(t *testing.T) {
	t.Parallel()
	newKeyring(t).Watch(t.Context(), nil, slog.New(slog.DiscardHandler))
}

func TestWatchFile(t *testing.T) {
	t.Parallel()
	path, k := newFile(t)
	// The file changes after it was loaded and before it is watched.
	id, err := seal.RotateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	log := watch(t, k, nil)
	for round := range 5 {
		log.await(t, adopted, round+1)
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
	log := watch(t, k, nil)
	for i, version := range []string{"..2", "..3"} {
		id, err := seal.RotateKey(source)
		if err != nil {
			t.Fatal(err)
		}
		publish(version, read(t, source))
		log.await(t, adopted, i+1)
		if primary(t, k) != id {
			t.Errorf("version %s: primary key %d, want %d", version, primary(t, k), id)
		}
	}
}
