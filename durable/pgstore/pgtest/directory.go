//go:build unix

package pgtest

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

const lockName = "lock"

// lockDirectory locks a directory as long as our process lives.
func lockDirectory(directory string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(directory, lockName), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // One of our own directories.
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// sweep deletes the directories of processes that were killed: nobody holds
// their locks. What cannot be deleted stays.
func sweep() {
	left, err := filepath.Glob(filepath.Join(os.TempDir(), directoryPrefix+"*", lockName))
	if err != nil {
		return
	}
	for _, lock := range left {
		file, err := lockDirectory(filepath.Dir(lock))
		if err != nil {
			continue
		}
		// Before the lock is given up, so that nobody else takes it meanwhile.
		_ = os.RemoveAll(filepath.Dir(lock))
		_ = file.Close()
	}
}
