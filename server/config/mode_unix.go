//go:build unix

package config

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/openbroker/openbroker/internal/filewatch"
)

func checkMode(path string, info fs.FileInfo) error {
	mode := info.Mode().Perm()
	switch {
	case mode&0o022 != 0:
		return fmt.Errorf("other users can change %s, which has mode %04o: run chmod 600 %[1]s, and replace the secrets if others may have read them", path, mode)
	case mode&0o004 != 0 && !isMounted(path):
		return fmt.Errorf("all users can read %s, which has mode %04o: run chmod 600 %[1]s, and replace the secrets if others may have read them", path, mode)
	default:
		return nil
	}
}

// isMounted reports whether a file is a secret that Kubernetes or Docker mounted. By
// default all users of the container can read them; the broker is the only one.
func isMounted(path string) bool {
	if resolved, err := filepath.EvalSymlinks(path); err == nil && strings.HasPrefix(resolved, "/run/secrets/") {
		return true
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	for directory := filepath.Dir(absolute); ; directory = filepath.Dir(directory) {
		if info, err := os.Lstat(filepath.Join(directory, filewatch.KubernetesData)); err == nil && info.Mode().Type() == fs.ModeSymlink {
			return true
		}
		if directory == filepath.Dir(directory) {
			return false
		}
	}
}

func checkDirectoryMode(path string, info fs.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o002 != 0 {
		return fmt.Errorf("all users can change the directory %s, which has mode %04o: run chmod 700 %[1]s, or use a new directory in it", path, mode)
	}
	return nil
}
