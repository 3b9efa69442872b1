//go:build unix

package catalog_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/openbroker/openbroker/catalog"
)

// Nothing writes to the named pipe: opening it would block forever.
func TestLoadPipe(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	pipe := filepath.Join(directory, "pipe.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{directory, pipe} {
		if _, err := catalog.LoadSource(path); err == nil || !strings.Contains(err.Error(), "pipe.yaml is not a regular file") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
