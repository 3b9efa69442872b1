package sqlitestore

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// inodeLockAt is far beyond the bytes that SQLite locks, and beyond any database.
const inodeLockAt = 1 << 62

// lockInode locks a byte of an open file until the file is closed. The lock applies
// to all names of the file. Unlike a lock of SQLite, the lock belongs to the open
// file, not to the process: closing another open file of the same inode does not
// release it.
func lockInode(file *os.File) (bool, error) {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: inodeLockAt, Len: 1}
	err := unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &lock)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return false, nil
	}
	return err == nil, err
}
