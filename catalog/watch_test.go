package catalog_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
)

// watchPatience is how long a test waits for an expected event.
const watchPatience = 30 * time.Minute

const watched = `services:
  - {id: s, name: sql, description: A database., bindable: true, plans: [{id: p, name: small, description: A plan.}]}
`

// withDescription returns the catalog with another description.
func withDescription(description string) string {
	return strings.Replace(watched, "A database.", description, 1)
}

// A watching is a running Watcher with its logs and applied catalogs.
type watching struct {
	t    *testing.T
	path string
	// applied receives the service description of each catalog that Apply accepted.
	// asked receives that of each catalog with which Watch called Apply.
	applied, asked chan string
	mu             sync.Mutex
	refusal        error
	log            bytes.Buffer
}

func (w *watching) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *watching) logged(text string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Count(w.log.String(), text)
}

func (w *watching) refuse(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refusal = err
}

func (w *watching) awaitLog(text string) {
	w.t.Helper()
	w.awaitLogs(text, 1)
}

// awaitLogs waits until a text was logged a number of times.
func (w *watching) awaitLogs(text string, times int) {
	w.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(watchPatience); w.logged(text) < times; {
		select {
		case <-tick.C:
		case <-late:
			w.mu.Lock()
			defer w.mu.Unlock()
			w.t.Fatalf("%q was not logged:\n%s", text, w.log.String())
		}
	}
}

func (w *watching) receive(c <-chan string, want string) {
	w.t.Helper()
	select {
	case got := <-c:
		if got != want {
			w.t.Fatalf("got %q, want %q", got, want)
		}
	case <-time.After(watchPatience):
		w.t.Fatalf("waited too long for %q", want)
	}
}

// startWatch watches a path until the test ends.
func startWatch(t *testing.T, path string, poll time.Duration, change ...func(*catalog.Watcher)) *watching {
	t.Helper()
	w := &watching{t: t, path: path, applied: make(chan string, 100), asked: make(chan string, 1000)}
	current, err := catalog.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	watcher := &catalog.Watcher{
		Path: path, Current: current, Poll: poll, Settle: 20 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(w, nil)),
		Apply: func(_ context.Context, next *openbroker.Catalog, changes []catalog.Change) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if len(changes) == 0 {
				t.Error("applied without a change")
			}
			description := next.Services[0].Description
			w.asked <- description
			if w.refusal == nil {
				w.applied <- description
			}
			return w.refusal
		},
	}
	for _, change := range change {
		change(watcher)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- watcher.Watch(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return w
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWatchFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "catalog.yaml")
	put(t, path, watched)
	w := startWatch(t, path, time.Hour)
	// In place.
	put(t, path, withDescription("two"))
	w.receive(w.applied, "two")
	// By a rename, as editors do.
	put(t, path+".new", withDescription("three"))
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	w.receive(w.applied, "three")
	// An invalid file is logged once, and the catalog stays.
	put(t, path, strings.Replace(watched, "id: s,", "id: 5,", 1))
	w.awaitLog("catalog.yaml:2:10: error: id must be a string")
	put(t, path, withDescription("four"))
	w.receive(w.applied, "four")
	if n := w.logged("cannot be used"); n != 1 {
		t.Errorf("the error was logged %d times", n)
	}
	// Returning to the served catalog is logged, too.
	put(t, path, "services: [")
	w.awaitLog("the file is not")
	put(t, path, withDescription("four"))
	w.awaitLog("match the served catalog again")
	// The file may be missing for a while.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w.awaitLog("no such file")
	put(t, path, withDescription("five"))
	w.receive(w.applied, "five")
	w.awaitLogs("change=\"the description has changed\"", 4)
}

// Watch does not apply a file that is written step by step before it stays the same, even
// if each step is a valid catalog.
func TestWatchSettles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "catalog.yaml")
	put(t, path, watched)
	w := startWatch(t, path, time.Hour, func(w *catalog.Watcher) { w.Settle = time.Second })
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for _, description := range []string{"one", "two", "three", "four"} {
		<-tick.C
		put(t, path, withDescription(description))
	}
	w.receive(w.asked, "four")
	w.receive(w.applied, "four")
}

// Polls detect changes without notifications, such as those of referenced files in other
// directories.
func TestWatchPolls(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	put(t, filepath.Join(directory, "a.yaml"), watched)
	put(t, filepath.Join(directory, "schemas", "deep.json"), `{"$schema":"http://json-schema.org/draft-04/schema#"}`)
	w := startWatch(t, directory, 10*time.Millisecond)
	put(t, filepath.Join(directory, "a.yaml"), strings.Replace(withDescription("two"), "description: A plan.", "description: A plan., schemas: {service_binding: {create: {parameters: {$file: schemas/deep.json}}}}", 1))
	w.receive(w.applied, "two")
	put(t, filepath.Join(directory, "schemas", "deep.json"), `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object"}`)
	w.receive(w.applied, "two")
	// The whole directory may be swapped.
	put(t, filepath.Join(directory+"-new", "b.yaml"), withDescription("three"))
	if err := os.Rename(directory, directory+"-old"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(directory+"-new", directory); err != nil {
		t.Fatal(err)
	}
	w.receive(w.applied, "three")
	put(t, filepath.Join(directory, "b.yaml"), withDescription("four"))
	w.receive(w.applied, "four")
}

// Kubernetes mounts a ConfigMap as links into ..data, a link to a directory, which it
// swaps.
func TestWatchConfigMap(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "catalog.yaml"} {
		t.Run("path "+name, func(t *testing.T) {
			t.Parallel()
			mount := t.TempDir()
			publish := func(version, content string) {
				t.Helper()
				put(t, filepath.Join(mount, version, "catalog.yaml"), content)
				if err := os.Symlink(version, filepath.Join(mount, "..data_tmp")); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(filepath.Join(mount, "..data_tmp"), filepath.Join(mount, "..data")); err != nil {
					t.Fatal(err)
				}
			}
			publish("..1", watched)
			if err := os.Symlink("..data/catalog.yaml", filepath.Join(mount, "catalog.yaml")); err != nil {
				t.Fatal(err)
			}
			w := startWatch(t, filepath.Join(mount, name), time.Hour)
			publish("..2", withDescription("two"))
			w.receive(w.applied, "two")
			publish("..3", withDescription("three"))
			w.receive(w.applied, "three")
		})
	}
}

// A catalog that Apply refuses is logged once, and tried again.
func TestWatchRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "catalog.yaml")
	put(t, path, watched)
	w := startWatch(t, path, 10*time.Millisecond)
	w.refuse(errors.New("it is in use"))
	put(t, path, withDescription("two"))
	for range 3 {
		w.receive(w.asked, "two")
	}
	if n := w.logged("it is in use"); n != 1 {
		t.Errorf("the refusal was logged %d times", n)
	}
	w.refuse(nil)
	w.receive(w.applied, "two")
	w.awaitLog("the catalog has changed")
}

func TestWatchNeeds(t *testing.T) {
	t.Parallel()
	if err := (&catalog.Watcher{Path: "catalog.yaml"}).Watch(t.Context()); err == nil {
		t.Error("Watch runs without a catalog")
	}
}
