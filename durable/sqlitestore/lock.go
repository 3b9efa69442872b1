package sqlitestore

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// ErrInUse means that another process, or another Store of this process, has the
// database open.
var ErrInUse = errors.New("the database is in use")

// A fileLock keeps other processes from opening the database under any of its names.
// It has two locks. The lock on the lock file works before the database exists; this
// file contains the [note]. The lock on the database file still works if the lock
// file is removed, or if the database has another name.
type fileLock struct {
	database string
	lock     *flock.Flock
	// noteFile is the open lock file.
	noteFile *os.File
	// file is the open database with its lock.
	file *os.File
	// before is the note of the previous process.
	before note
	// now is the note of this process, once it has written one.
	now note
}

// takeLock locks the database with the given path. It returns an error that wraps
// [ErrInUse] if another process holds a lock. The database need not exist; once it
// does, call lockDatabase.
func takeLock(database string) (*fileLock, error) {
	path := database + ".lock"
	l := &fileLock{database: database, lock: flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))}
	ok, err := retryLock(l.lock.TryLock)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if l.noteFile, err = os.OpenFile(path, os.O_RDWR, 0o600); err == nil { //nolint:gosec // G304: the lock file beside the database.
		l.before, err = readNote(l.noteFile)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), l.unlock())
	}
	if !ok {
		return nil, errors.Join(l.inUse(), l.unlock())
	}
	if err := l.lockDatabase(); err != nil {
		return nil, errors.Join(err, l.unlock())
	}
	return l, nil
}

// retryLock tries for a second to get a lock. A child process shares the locks of
// its parent until it executes its program, so that a lock outlives a killed parent
// for a moment.
func retryLock(try func() (bool, error)) (bool, error) {
	const patience, pause = time.Second, 20 * time.Millisecond
	for deadline := time.Now().Add(patience); ; time.Sleep(pause) { //nolint:forbidigo // Nothing signals that a lock is free.
		if ok, err := try(); ok || err != nil || time.Now().After(deadline) {
			return ok, err
		}
	}
}

func (l *fileLock) inUse() error {
	who := "another process"
	if pid, found := strings.CutPrefix(l.before.state, pidNote); found {
		who = "process " + pid
	}
	return fmt.Errorf("open %s: %w by %s: only one process at a time can open an SQLite database; stop the other process, use another file, or use PostgreSQL for several replicas",
		l.database, ErrInUse, who)
}

// lockDatabase locks the database file if it exists.
func (l *fileLock) lockDatabase() error {
	file, err := os.OpenFile(l.database, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", l.database, err)
	}
	ok, err := retryLock(func() (bool, error) { return lockInode(file) })
	if err != nil {
		return errors.Join(fmt.Errorf("lock %s: %w", l.database, err), file.Close())
	}
	if !ok {
		return errors.Join(l.inUse(), file.Close())
	}
	l.file = file
	return nil
}

// clean reports whether the database is as the last process left it after a clean
// close.
func (l *fileLock) clean() bool {
	state, err := l.closedAs()
	return err == nil && state == l.before.state
}

// closedAs describes the database file so that an edit or a copy in its place shows.
func (l *fileLock) closedAs() (string, error) {
	info, err := os.Stat(l.database)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%ssize %d modified %d", closedNote, info.Size(), info.ModTime().UnixNano()), nil
}

// begin writes a note with this process and the number of commits in the database.
func (l *fileLock) begin(store string, commits, base int64) error {
	l.now = note{state: pidNote + strconv.Itoa(os.Getpid()), store: store, commits: commits, base: base}
	return writeNote(l.noteFile, l.now)
}

// committed records how many commits the database has. It does not sync the number,
// which would cost as much as the commit. After a crash of the machine, the number
// may be smaller; the next start then accepts a database with fewer commits. It
// syncs a new base, which is rare.
func (l *fileLock) committed(commits, base int64) error {
	moved := base != l.now.base
	l.now.commits, l.now.base = commits, base
	_, err := l.noteFile.WriteAt([]byte(l.now.numbers()), commitsAt)
	if err == nil && moved {
		err = l.noteFile.Sync()
	}
	return err
}

// restore writes the lock file again if it was removed or replaced: the next start
// needs it.
func (l *fileLock) restore() error {
	path := l.database + ".lock"
	present, err := os.Stat(path)
	if err == nil {
		if mine, statErr := l.noteFile.Stat(); statErr == nil && os.SameFile(present, mine) {
			return nil
		}
	}
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	if ok, err := lock.TryLock(); err != nil || !ok {
		// A starting process holds it for a moment, until it finds the database in
		// use.
		return errors.Join(err, lock.Close())
	}
	notes, err := os.OpenFile(path, os.O_RDWR, 0o600) //nolint:gosec // The path is the operator's.
	if err == nil {
		err = writeNote(notes, l.now)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("make %s again: %w", path, err), lock.Close())
	}
	old, oldNotes := l.lock, l.noteFile
	l.lock, l.noteFile = lock, notes
	return errors.Join(oldNotes.Close(), old.Close())
}

// release releases the lock. If clean is set, it records a clean close.
func (l *fileLock) release(clean bool) error {
	var err error
	if clean {
		if l.now.state, err = l.closedAs(); err == nil {
			err = writeNote(l.noteFile, l.now)
		}
	}
	return errors.Join(err, l.unlock())
}

func (l *fileLock) unlock() error {
	var errs []error
	for _, file := range []*os.File{l.file, l.noteFile} {
		if file != nil {
			errs = append(errs, file.Close())
		}
	}
	return errors.Join(append(errs, l.lock.Close())...)
}
