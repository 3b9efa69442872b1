//go:build unix

package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

func checkMode(path string, info fs.FileInfo, allowed fileMode) error {
	mode := info.Mode().Perm()
	if mode&0o077&^fs.FileMode(allowed) != 0 {
		return fmt.Errorf("%w: %s has mode %04o: run chmod 600 %s, and rotate the keys if others may have read the file",
			ErrPermissions, path, mode, path)
	}
	return nil
}

// matchOwner gives file the owner of like: an administrator may change the
// keyset of a broker that runs as another user.
func matchOwner(file *os.File, like fs.FileInfo) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	have, ok1 := info.Sys().(*syscall.Stat_t)
	want, ok2 := like.Sys().(*syscall.Stat_t)
	if !ok1 || !ok2 || have.Uid == want.Uid && have.Gid == want.Gid {
		return nil
	}
	err = file.Chown(int(want.Uid), int(want.Gid))
	if err != nil && have.Uid == want.Uid {
		// With mode 0600 only the user matters.
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot keep the owner of the keyset: run as the user who owns it: %w", err)
	}
	return nil
}

// syncDirectory waits until a rename or a link in a directory is on disk.
func syncDirectory(path string) error {
	directory, err := os.Open(path) //nolint:gosec // G304: the operator says where the keyset is.
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}
