//go:build unix

package seal_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/openbroker/openbroker/seal"
)

func owner(info fs.FileInfo) string {
	stat := info.Sys().(*syscall.Stat_t)
	return fmt.Sprintf("%d:%d", stat.Uid, stat.Gid)
}

func TestChangesKeepTheFile(t *testing.T) {
	t.Parallel()
	path, _ := newFile(t)
	directory := filepath.Dir(path)
	if os.Geteuid() == 0 { // other users cannot give files away
		if err := os.Chown(path, 12345, 23456); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(directory, ".keyset.json.123.tmp")
	write(t, left, []byte("a key"), 0o600)
	other := filepath.Join(directory, ".other.json.123.tmp")
	write(t, other, []byte("not ours"), 0o600)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}

	if _, err := seal.RotateKey(link); err != nil {
		t.Fatal(err)
	}
	after, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if after.Mode() != 0o600 {
		t.Errorf("mode %v", after.Mode())
	}
	if got, want := owner(after), owner(before); got != want {
		t.Errorf("owner %s, was %s", got, want)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("the link is now %v, %v", info, err)
	}
	want := []string{".other.json.123.tmp", "keyset.json", "keyset.json.lock"}
	if got := names(t, directory); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	if lock, err := os.Stat(path + ".lock"); err != nil || lock.Mode() != 0o600 || owner(lock) != owner(before) {
		t.Errorf("lock %v, %v", lock, err)
	}
	if got := len(load(t, link).Keys()); got != 2 {
		t.Errorf("%d keys", got)
	}
}
