//go:build unix

package testserver

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const (
	lockName = "lock"
	// directoryPrefix marks the temporary directories of this package.
	directoryPrefix = "openbroker-test-"
)

// errSwept means that another process deleted a new directory before it was locked,
// as it deletes the directories of killed processes.
var errSwept = errors.New("testserver: the directory was deleted while it was created")

// makeDirectory makes a temporary directory in parent and locks it. Another process
// may sweep it before it is locked; then makeDirectory makes the next one.
func makeDirectory(parent string) (directory string, lock *os.File, err error) {
	for range 100 {
		if directory, err = os.MkdirTemp(parent, directoryPrefix); err != nil {
			return "", nil, err
		}
		if lock, err = openLock(directory); err == nil {
			err = hold(directory, lock)
		}
		switch {
		case err == nil:
			return directory, lock, nil
		case !errors.Is(err, errSwept) && !errors.Is(err, fs.ErrNotExist):
			return "", nil, errors.Join(err, os.RemoveAll(directory))
		}
	}
	return "", nil, err
}

// openLock opens the lock file of a directory. It creates a missing one.
func openLock(directory string) (*os.File, error) {
	return os.OpenFile(filepath.Join(directory, lockName), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // One of our own directories.
}

// hold locks the file that openLock returned, as long as this process lives. It
// closes the file and returns errSwept if another process holds the lock, or has
// deleted the directory.
func hold(directory string, lock *os.File) error {
	err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || err == nil && !isLock(directory, lock) {
		err = errSwept
	}
	if err != nil {
		return errors.Join(err, lock.Close())
	}
	return nil
}

// isLock reports whether the file is still the one in the directory.
func isLock(directory string, lock *os.File) bool {
	there, err := os.Stat(filepath.Join(directory, lockName))
	if err != nil {
		return false
	}
	ours, err := lock.Stat()
	return err == nil && os.SameFile(there, ours)
}

// sweep deletes the directories in parent whose locks are free, because their
// processes were killed. It ignores errors.
func sweep(parent string) {
	left, err := filepath.Glob(filepath.Join(parent, directoryPrefix+"*", lockName))
	if err != nil {
		return
	}
	for _, path := range left {
		directory := filepath.Dir(path)
		lock, err := openLock(directory)
		if err != nil || hold(directory, lock) != nil {
			continue
		}
		// Delete the directory before the lock is released, so that no other
		// process locks it in between.
		_ = os.RemoveAll(directory)
		_ = lock.Close()
	}
}
