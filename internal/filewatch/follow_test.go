package filewatch_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/openbroker/openbroker/internal/filewatch"
)

// patience is how long a test waits for an expected event.
const patience = 30 * time.Minute

// A follower follows a file until the test ends. Its log is a buffer.
type follower struct {
	t  *testing.T
	mu sync.Mutex
	// content is the content that reload applied last. reads counts its calls.
	content string
	reads   int
	log     bytes.Buffer
}

func (f *follower) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log.Write(p)
}

// follow applies the content of a file unless it begins with "bad".
func follow(t *testing.T, path string, poll time.Duration, patterns ...string) *follower {
	t.Helper()
	f := &follower{t: t}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		filewatch.Follow(ctx, append(patterns, path), poll, func(context.Context) error { return f.reload(path) }, slog.New(slog.NewTextHandler(f, nil)))
	}()
	t.Cleanup(func() { cancel(); <-ended })
	f.await("the first read", func() bool { return f.reads > 0 })
	return f
}

func (f *follower) reload(path string) error {
	content, err := os.ReadFile(path)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &filewatch.RefusedError{Message: "the file is gone", Err: err}
	case err != nil:
		return err
	case strings.HasPrefix(string(content), "bad"):
		return errors.New(string(content))
	}
	f.content = string(content)
	return nil
}

// await waits until a condition holds.
func (f *follower) await(what string, holds func() bool) {
	f.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		f.mu.Lock()
		held := holds()
		f.mu.Unlock()
		if held {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			f.mu.Lock()
			defer f.mu.Unlock()
			f.t.Fatalf("waited too long for %s: content %q, log\n%s", what, f.content, f.log.String())
		}
	}
}

func (f *follower) awaitContent(want string) {
	f.t.Helper()
	f.await(want, func() bool { return f.content == want })
}

func (f *follower) awaitLog(text string) {
	f.t.Helper()
	f.await(text, func() bool { return strings.Contains(f.log.String(), text) })
}

func (f *follower) logged(text string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Count(f.log.String(), text)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func symlink(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

// Without polls, Follow detects that a file is written in place, replaced, removed and
// created again.
func TestFollow(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "one")
	f := follow(t, path, time.Hour)
	f.awaitContent("one")
	write(t, path, "two")
	f.awaitContent("two")
	write(t, path+".next", "three")
	rename(t, path+".next", path)
	f.awaitContent("three")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	f.awaitLog(`msg="the file is gone"`)
	write(t, path, "four")
	f.awaitContent("four")
}

// Kubernetes mounts a file as a link into ..data, a link to a directory, which it swaps.
func TestFollowKubernetes(t *testing.T) {
	t.Parallel()
	mount := t.TempDir()
	path := filepath.Join(mount, "file")
	publish := func(version, content string) {
		t.Helper()
		write(t, filepath.Join(mount, version, "file"), content)
		symlink(t, version, filepath.Join(mount, "..data_tmp"))
		rename(t, filepath.Join(mount, "..data_tmp"), filepath.Join(mount, filewatch.KubernetesData))
	}
	publish("..1", "one")
	symlink(t, "..data/file", path)
	f := follow(t, path, time.Hour)
	f.awaitContent("one")
	publish("..2", "two")
	f.awaitContent("two")
	publish("..3", "three")
	f.awaitContent("three")
}

// Polls detect changes without a notification, such as that of the target of a
// symbolic link.
func TestFollowPolls(t *testing.T) {
	t.Parallel()
	target, path := filepath.Join(t.TempDir(), "target"), filepath.Join(t.TempDir(), "file")
	write(t, target, "one")
	symlink(t, target, path)
	f := follow(t, path, 10*time.Millisecond)
	f.awaitContent("one")
	write(t, target, "two")
	f.awaitContent("two")
}

// The directory may appear late, and may be replaced.
func TestFollowDirectory(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "directory")
	path := filepath.Join(directory, "file")
	f := follow(t, path, 10*time.Millisecond)
	f.awaitLog("notifications of changed files are unavailable: the files are read at intervals")
	write(t, path, "one")
	f.awaitContent("one")
	write(t, filepath.Join(directory+"-next", "file"), "two")
	rename(t, directory, directory+"-former")
	rename(t, directory+"-next", directory)
	f.awaitContent("two")
	write(t, path, "three")
	f.awaitContent("three")
	if n := f.logged("notifications of changed files are unavailable"); n > 2 {
		t.Errorf("a missing directory is logged %d times", n)
	}
}

// An error is logged once, and again after another error or valid content. The former
// content stays in use.
func TestFollowRefuses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "good")
	f := follow(t, path, time.Millisecond)
	put := func(content string) {
		t.Helper()
		write(t, path+".next", content)
		rename(t, path+".next", path)
	}
	const message = `level=ERROR msg="the changed file cannot be used: its former content stays in use"`
	for times, content := range []string{"bad one", "bad two", "good again", "bad two"} {
		put(content)
		if content == "good again" {
			f.awaitContent(content)
			continue
		}
		want := map[int]int{0: 1, 1: 2, 3: 3}[times]
		f.await(content, func() bool { return strings.Count(f.log.String(), message) == want })
	}
	seen := 0
	f.await("more reads", func() bool {
		if seen == 0 {
			seen = f.reads
		}
		return f.reads > seen+5
	})
	f.await("the valid content", func() bool { return f.content == "good again" })
	if n := f.logged(message); n != 3 {
		t.Errorf("three errors are logged %d times", n)
	}
}

// Files beside the path matter if a pattern matches their names.
func TestFollowPatterns(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "file")
	write(t, path, "one")
	f := follow(t, path, time.Hour, filepath.Join(directory, "*.yaml"))
	write(t, filepath.Join(directory, "other.yaml"), "")
	f.await("the second read", func() bool { return f.reads > 1 })
}

func TestConcerns(t *testing.T) {
	t.Parallel()
	paths := []string{"file[1]", "/etc/broker/*.yaml", "/etc/broker/key"}
	for name, want := range map[string]bool{
		"file[1]": true, "./file[1]": true, "file1": true, "file2": false, "other": false, "..data": true,
		"/etc/broker/a.yaml": true, "/etc/broker/a.json": false, "/etc/broker/..data": true, "/etc/broker/..data_tmp": false,
		"/etc/broker/key": true, "/etc/broker/key.next": false, "/etc/broker/more/a.yaml": false, "/etc/..data": false,
	} {
		if got := filewatch.Concerns(paths, fsnotify.Event{Name: name, Op: fsnotify.Write}); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
	for op, want := range map[fsnotify.Op]bool{fsnotify.Remove: true, fsnotify.Rename: true, fsnotify.Chmod: false} {
		if got := filewatch.Concerns(paths, fsnotify.Event{Name: "/etc/broker", Op: op}); got != want {
			t.Errorf("%s of the directory: %t", op, got)
		}
	}
}
