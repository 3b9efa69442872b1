package sqlitestore

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// ErrInUse means that another process, or another Store of this one, has the
// database.
var ErrInUse = errors.New("the database is in use")

// A fileLock keeps other processes from the database. The content of the lock
// file is a note: who has the database, or, after a close in good order, what
// the database file looked like. The note says whether it needs checking.
type fileLock struct {
	database string
	lock     *flock.Flock
	// closedAs is the note of the process before, if it closed the database in
	// good order, else empty.
	closedAs string
}

const (
	pidNote    = "pid "
	closedNote = "closed "
)

// takeLock locks the database with the given path. It returns an error that
// wraps [ErrInUse] if somebody else has it.
func takeLock(database string) (*fileLock, error) {
	path := database + ".lock"
	l := &fileLock{database: database, lock: flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))}
	ok, err := l.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	note, err := os.ReadFile(path) //nolint:gosec // The path is the operator's.
	if !ok {
		who := "another process"
		if pid, found := strings.CutPrefix(strings.TrimSpace(string(note)), pidNote); found {
			who = "process " + pid
		}
		return nil, fmt.Errorf("open %s: %w by %s: one process at a time can have an SQLite database; stop that one, use another file, or use PostgreSQL for several replicas",
			database, ErrInUse, who)
	}
	if err == nil {
		if strings.HasPrefix(string(note), closedNote) {
			l.closedAs = string(note)
		}
		err = l.write(pidNote + strconv.Itoa(os.Getpid()) + "\n")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), l.lock.Unlock())
	}
	return l, nil
}

// clean reports whether the database is as the last process left it when it
// closed it in good order.
func (l *fileLock) clean() bool {
	note, err := l.note()
	return err == nil && note == l.closedAs
}

// release gives the lock back. If clean is set it notes that the database was
// closed in good order; otherwise the note of the process before is put back,
// so that a refused or failed start changes nothing.
func (l *fileLock) release(clean bool) error {
	note, err := l.closedAs, error(nil)
	if clean {
		note, err = l.note()
	}
	if err == nil {
		err = l.write(note)
	}
	return errors.Join(err, l.lock.Unlock())
}

// note describes the database file such that a copy put in its place, or an
// edit, shows.
func (l *fileLock) note() (string, error) {
	info, err := os.Stat(l.database)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%ssize %d modified %d\n", closedNote, info.Size(), info.ModTime().UnixNano()), nil
}

// write replaces the note, durably: after a crash of the machine an old note
// must not vouch for the database.
func (l *fileLock) write(note string) error {
	file, err := os.OpenFile(l.database+".lock", os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(note)
	return errors.Join(err, file.Sync(), file.Close())
}
