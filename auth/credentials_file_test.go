package auth_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/auth"
)

func TestParseCredentials(t *testing.T) {
	t.Parallel()
	hash, argon := bcryptHash(t, "x"), argon2Hash("y")
	data := "\ufeff# a comment\r\n\nadmin:" + hash + "\r\n[cf-eu]\ncc:" + argon + "\ncc:with:colon and space # no comment\n[kf]\nk f:pässwörd"
	got, err := auth.ParseCredentials("file", []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	want := []auth.Credential{
		{Username: "admin", PasswordHash: hash},
		{Username: "cc", PasswordHash: argon, Platform: "cf-eu"},
		{Username: "cc", Password: "with:colon and space # no comment", Platform: "cf-eu"},
		{Username: "k f", Password: "pässwörd", Platform: "kf"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d credentials, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("credential %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestParseCredentialsRefuses(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-secret"
	for _, c := range []struct{ name, data, want string }{
		{"empty", "", "broker.htpasswd: the file has no credential"},
		{"comments only", "# x\n\n[cf]\n", "no credential"},
		{"no colon", "a:b\n" + secret, "broker.htpasswd:2: the line has no colon"},
		{"empty username", ":" + secret, "broker.htpasswd:1: the username is empty"},
		{"empty password", "# x\ncc:\n", "broker.htpasswd:2: the password is empty"},
		{"leading space", " cc:" + secret, "begins or ends with a space"},
		{"trailing space", "cc:" + secret + " ", "begins or ends with a space"},
		{"space after colon", "cc: " + secret, "precedes or follows the colon"},
		{"space before colon", "cc :" + secret, "precedes or follows the colon"},
		{"tab inside", "cc:a\t" + secret, "control character"},
		{"NUL", "cc:a\x00" + secret, "control character"},
		{"not UTF-8", "cc:\xff" + secret, "not UTF-8"},
		{"open platform", "[cf\ncc:" + secret, ":1: the platform has no closing bracket"},
		{"empty platform", "[]\ncc:" + secret, "platform must be a name"},
		{"spaces in platform", "[ cf ]\ncc:" + secret, "platform must be a name"},
		{"credential as platform", "[cc:" + secret + "]", "platform must be a name"},
		{"MD5", "cc:$apr1$" + secret, "neither bcrypt"},
		{"SHA", "cc:{SHA}" + secret, "neither bcrypt"},
		{"argon2id", "cc:$argon2id$" + secret, "malformed"},
		{"expensive", "cc:$2y$31$" + strings.Repeat("a", 53), "cost 31"},
		{"twice", "cc:" + secret + "\n[a]\ncc:" + secret, ":3: the credential is the same as on line 1"},
		{"too large", "cc:" + strings.Repeat(secret, 1<<17), "larger than 1048576 bytes"},
		{"too many", manyLines(1001), "at most 1000"},
		{"too long", "cc:" + strings.Repeat(secret, 1<<10), "longer than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := auth.ParseCredentials("broker.htpasswd", []byte(c.data))
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "broker.htpasswd") {
				t.Errorf("error %q has no %q", err, c.want)
			}
			mustNotTell(t, err.Error(), secret)
		})
	}
}

func manyLines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "user%d:password\n", i)
	}
	return b.String()
}

func TestLoadBasicRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	write(t, large, strings.Repeat("#", 1<<20)+"\n")
	empty := filepath.Join(dir, "empty")
	write(t, empty, "cc:"+bcryptHash(t, "")+"\n")
	for name, want := range map[string]string{
		filepath.Join(dir, "missing"): "no such file",
		dir:                           "is a directory",
		large:                         "larger than",
		empty:                         "empty password",
	} {
		if _, err := auth.LoadBasic(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
	if _, err := auth.LoadCredentials(large); err == nil || !strings.Contains(err.Error(), large) {
		t.Errorf("error %v does not name the file", err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// watched is a Basic that watches a file; tick makes it check the file.
type watched struct {
	*service
	tick func()
}

func watch(t *testing.T, path string) *watched {
	t.Helper()
	b, err := auth.LoadBasic(path)
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{service: serve(t, b)}
	ticks := make(chan time.Time)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.Watch(ctx, path, ticks, w.log.logger())
	}()
	t.Cleanup(func() { cancel(); <-done })
	w.tick = func() {
		ticks <- time.Time{}
		ticks <- time.Time{} // Watch receives it only after it has handled the first tick.
	}
	return w
}

func TestWatch(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "credentials")
	write(t, path, "[cf]\ncc:old-secret\n")
	w := watch(t, path)
	accepts := func(password string) {
		t.Helper()
		mustAccept(t, w.provision(t, basicHeader("cc", password)), "cc", "basic", "cf")
	}
	refuses := func(password string) {
		t.Helper()
		mustRefuse(t, w.provision(t, basicHeader("cc", password)), basicChallenge)
	}
	w.tick()
	accepts("old-secret")
	if strings.Contains(w.log.String(), "reloaded") {
		t.Error("an unchanged file was reloaded")
	}

	write(t, path, "[cf]\ncc:old-secret\ncc:new-secret\n")
	w.tick()
	accepts("old-secret")
	accepts("new-secret")

	write(t, path, "[cf]\ncc: other-secret\n") // Unacceptable.
	w.tick()
	w.tick()
	accepts("old-secret")
	if n := strings.Count(w.log.String(), "cannot reload the credentials"); n != 1 {
		t.Errorf("the bad file is logged %d times, want once", n)
	}
	if !strings.Contains(w.log.String(), path+":2: a space precedes or follows the colon") {
		t.Error("the log does not say what is wrong")
	}

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w.tick()
	accepts("old-secret")
	if n := strings.Count(w.log.String(), "cannot reload the credentials"); n != 2 {
		t.Errorf("failures are logged %d times, want twice", n)
	}

	next := path + ".next" // Another file is renamed over it.
	write(t, next, "[cf]\ncc:new-secret\n")
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
	w.tick()
	refuses("old-secret")
	accepts("new-secret")
	mustNotTell(t, w.log.String(), "old-secret", "new-secret", "other-secret")
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
	w := watch(t, path)
	mustAccept(t, w.provision(t, basicHeader("cc", "old-secret")), "cc", "basic", "")
	publish("..2", "cc:new-secret\n")
	if err := os.RemoveAll(filepath.Join(dir, "..1")); err != nil {
		t.Fatal(err)
	}
	w.tick()
	mustRefuse(t, w.provision(t, basicHeader("cc", "old-secret")), basicChallenge)
	mustAccept(t, w.provision(t, basicHeader("cc", "new-secret")), "cc", "basic", "")
}

// Watch returns when its channel of ticks is closed.
func TestWatchEnds(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "credentials")
	write(t, path, "cc:old-secret\n")
	b, err := auth.LoadBasic(path)
	if err != nil {
		t.Fatal(err)
	}
	ticks := make(chan time.Time)
	close(ticks)
	b.Watch(t.Context(), path, ticks, new(logBuffer).logger())
}
