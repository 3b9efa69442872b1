package sqlitestore_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/openbroker/openbroker/durable/sqlitestore"
)

// The lock belongs to the file: it survives changes of the name and of the lock
// file.
func TestNoSecondProcess(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]func(t *testing.T, path string) string{
		"hard link": func(t *testing.T, path string) string {
			t.Helper()
			link := filepath.Join(filepath.Dir(path), "link.db")
			check(t, os.Link(path, link))
			return link
		},
		"hard link in another directory": func(t *testing.T, path string) string {
			t.Helper()
			link := filepath.Join(filepath.Dir(path), "other", "link.db")
			check(t, os.Mkdir(filepath.Dir(link), 0o700))
			check(t, os.Link(path, link))
			return link
		},
		"removed lock file": func(t *testing.T, path string) string {
			t.Helper()
			check(t, os.Remove(path+".lock"))
			return path
		},
		"renamed": func(t *testing.T, path string) string {
			t.Helper()
			check(t, os.Rename(path, path+".db"))
			return path + ".db"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "broker.db")
			b := startBroker(t, path)
			b.must("accept 1")
			other := c(t, path)
			for range 2 {
				_, err := sqlitestore.Open(t.Context(), other)
				if !errors.Is(err, sqlitestore.ErrInUse) {
					t.Errorf("error %v, want ErrInUse", err)
				}
				_, err = sqlitestore.Attach(t.Context(), other, sqlitestore.WithExclusiveLock())
				if !errors.Is(err, sqlitestore.ErrInUse) {
					t.Errorf("attach: error %v, want ErrInUse", err)
				}
			}
			if name != "renamed" {
				b.must("accept 2")
				b.must("ping")
			}
			b.kill()
		})
	}
}
