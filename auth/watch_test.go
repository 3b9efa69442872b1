package auth_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/auth"
)

// watch serves with a Basic that follows a file until the test ends.
func watch(t *testing.T, path string) *service {
	t.Helper()
	b, err := auth.LoadBasic(path)
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.Watch(ctx, path, time.Hour, s.log.logger())
	}()
	t.Cleanup(func() { cancel(); <-done })
	return s
}

// awaitLog waits until a text was logged a number of times.
func awaitLog(t *testing.T, s *service, text string, times int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(30 * time.Minute); strings.Count(s.log.String(), text) < times; {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%q was not logged %d times", text, times)
		}
	}
}

// replace renames another file over a file.
func replace(t *testing.T, path, content string) {
	t.Helper()
	write(t, path+".next", content)
	if err := os.Rename(path+".next", path); err != nil {
		t.Fatal(err)
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	const reloaded, refused = "credentials reloaded", "cannot reload the credentials"
	path := filepath.Join(t.TempDir(), "credentials")
	write(t, path, "[cf]\ncc:old-secret\n")
	s := watch(t, path)
	accepts := func(password string) {
		t.Helper()
		mustAccept(t, s.provision(t, basicHeader("cc", password)), "cc", "basic", "cf")
	}
	accepts("old-secret")

	replace(t, path, "[cf]\ncc:old-secret\ncc:new-secret\n")
	awaitLog(t, s, reloaded, 1)
	accepts("old-secret")
	accepts("new-secret")

	replace(t, path, "[cf]\ncc: other-secret\n") // Invalid.
	awaitLog(t, s, path+":2: a space precedes or follows the colon", 1)
	accepts("old-secret")
	replace(t, path, "[cf]\ncc: other-secret\n")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	awaitLog(t, s, "no such file", 1)
	accepts("old-secret")
	if n := strings.Count(s.log.String(), refused); n != 2 {
		t.Errorf("two errors are logged %d times", n)
	}

	write(t, path, "[cf]\ncc:new-secret\n") // In place.
	awaitLog(t, s, reloaded, 2)
	mustRefuse(t, s.provision(t, basicHeader("cc", "old-secret")), basicChallenge)
	accepts("new-secret")
	if n := strings.Count(s.log.String(), reloaded); n != 2 {
		t.Errorf("two changes are logged %d times", n)
	}
	mustNotReveal(t, s.log.String(), "old-secret", "new-secret", "other-secret")
}

// Kubernetes mounts a secret as a link to a link, and switches the second one.
func TestWatchKubernetesSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	publish := func(version, content string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, version, "credentials"), content)
		temporary := filepath.Join(dir, "..data_tmp")
		if err := os.Symlink(version, temporary); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(temporary, filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	publish("..1", "cc:old-secret\n")
	path := filepath.Join(dir, "credentials")
	if err := os.Symlink(filepath.Join("..data", "credentials"), path); err != nil {
		t.Fatal(err)
	}
	s := watch(t, path)
	mustAccept(t, s.provision(t, basicHeader("cc", "old-secret")), "cc", "basic", "")
	publish("..2", "cc:new-secret\n")
	if err := os.RemoveAll(filepath.Join(dir, "..1")); err != nil {
		t.Fatal(err)
	}
	awaitLog(t, s, "credentials reloaded", 1)
	mustRefuse(t, s.provision(t, basicHeader("cc", "old-secret")), basicChallenge)
	mustAccept(t, s.provision(t, basicHeader("cc", "new-secret")), "cc", "basic", "")
}
