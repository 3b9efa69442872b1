package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/openbroker/openbroker/durable/admin"
)

// An Attached is a store on a database that another process may have open. Operators
// use it for short changes while the broker runs. Make one with [Attach].
//
// It writes only to the write-ahead log, never to the database file. A process that
// starts at the same time finds the file as the last process left it.
type Attached struct {
	*Store
	// noteFile is the open lock file, or nil. noted is its content when the store was
	// opened.
	noteFile *os.File
	noted    note
}

var _ admin.Store = (*Attached)(nil)

// Attach opens the existing database at path, which another process may have open.
// Unlike [Open] it creates nothing, takes no lock, does not migrate the schema and
// releases no leases. A change waits up to 5 s for the changes of the other process.
//
// The error wraps [fs.ErrNotExist] if the file does not exist, [ErrDamaged] if it is
// not a database of openbroker, [ErrNewerSchema] or [ErrOlderSchema] if the version
// of its schema is not that of this program, [ErrChangesMissing] if it is older than
// its lock file says, and, with [WithExclusiveLock], [ErrInUse] if another process
// has the database open.
func Attach(ctx context.Context, path string, options ...Option) (*Attached, error) {
	o := newOptions(options)
	path, err := filepath.Abs(path)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open the database: %w: name the database of the broker, or start the broker, which creates it", err)
	}
	if err != nil {
		return nil, err
	}
	// The log may hold pages that the file lacks, so the size of the file proves
	// nothing.
	if _, err := checkHeader(path, true); err != nil {
		return nil, err
	}
	s := &Store{
		path: path, now: o.Now,
		hints:   make(chan struct{}, 1),
		readers: make(chan *session, readSessions),
		closing: make(chan struct{}),
	}
	if o.Exclusive {
		if s.lock, err = takeLock(path); err != nil {
			return nil, err
		}
	}
	a := &Attached{Store: s}
	// Read the lock file before the database: the other process writes a commit to
	// the database first.
	a.noteFile, a.noted = openNotes(path)
	if err := a.start(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *Attached) start(ctx context.Context) (err error) {
	s := a.Store
	if s.writes, err = openPool(s.path, "_pragma=wal_autocheckpoint(0)&mode=rw", 1); err != nil {
		return err
	}
	if err := checkSameVersion(ctx, s.writes, s.path); err != nil {
		return err
	}
	session, err := newSession(ctx, s.writes)
	if err != nil {
		return err
	}
	// A broker that writes all the time leaves few gaps for another process.
	if _, err := session.conn.ExecContext(ctx, "PRAGMA busy_timeout = 60000"); err != nil {
		return errors.Join(err, session.close())
	}
	s.writer = newWriter(session, s.closing)
	if err := a.checkCommits(session); err != nil {
		s.writer = nil
		return errors.Join(err, session.close())
	}
	s.writer.begin, s.writer.committed = s.guard.begin, a.committed
	go s.writer.run()
	if s.reads, err = openPool(s.path, "mode=ro", readSessions); err != nil {
		return err
	}
	for range readSessions {
		session, err := newSession(ctx, s.reads)
		if err != nil {
			return err
		}
		// Connect now: these connections must be open when the writer closes.
		var one int
		if err := session.queryRow("SELECT count(*) FROM pings").Scan(&one); err != nil {
			return errors.Join(err, session.close())
		}
		s.readers <- session
		s.readerCount++
	}
	return nil
}

// checkCommits refuses a database with fewer commits than the lock file says.
func (a *Attached) checkCommits(w *session) error {
	have, err := scanCommits(w.queryRow(selectCommits))
	if err != nil {
		return unreadable(a.path, err)
	}
	if a.noted.store != "" {
		if err := checkCommits(a.path, have, a.noted); err != nil {
			return err
		}
	}
	a.guard, err = openGuard(a.path)
	return err
}

// openNotes opens the lock file of a database and returns it with its content. Both
// are empty without a lock file: a copy of a database has none.
func openNotes(path string) (*os.File, note) {
	notes, err := os.OpenFile(path+".lock", os.O_RDWR, 0) //nolint:gosec // The path is the operator's.
	if err != nil {
		return nil, note{}
	}
	noted, err := readNote(notes)
	if err != nil {
		return nil, note{}
	}
	return notes, noted
}

// committed counts a change in the lock file. Until its next change, the other
// process may overwrite the number with a smaller one. The next start then accepts a
// database with fewer commits.
func (a *Attached) committed(number int64) error {
	if _, err := a.guard.committed(); err != nil {
		return err
	}
	if a.noteFile == nil || a.noted.store == "" {
		return nil
	}
	_, err := a.noteFile.WriteAt([]byte(line(commitsWord+strconv.FormatInt(number, 10))), commitsAt)
	return err
}

// Close closes the store. The other process keeps the database open. Close can be
// called twice. Later calls of other methods fail.
func (a *Attached) Close() error {
	a.closeOnce.Do(func() { a.closeErr = a.release() })
	return a.closeErr
}

// release closes the writer first. The last connection to a database checkpoints the
// log into the file unless it is read-only. The other connections of this store are
// read-only.
func (a *Attached) release() error {
	s := a.Store
	close(s.closing)
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.wait())
	}
	if s.writes != nil {
		errs = append(errs, s.writes.Close())
	}
	if s.reads != nil {
		for range s.readerCount {
			reader := <-s.readers
			errs = append(errs, reader.close())
		}
		errs = append(errs, s.reads.Close())
	}
	if s.guard != nil {
		errs = append(errs, s.guard.close())
	}
	if a.noteFile != nil {
		errs = append(errs, a.noteFile.Close())
	}
	err := errors.Join(errs...)
	if err != nil {
		err = fmt.Errorf("close %s: %w", s.path, err)
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.release(false))
	}
	return err
}

// ErrOlderSchema means that an older version of the program wrote the database, and
// [Open] has not migrated it since.
var ErrOlderSchema = errors.New("the schema is older than this program")

// checkSameVersion refuses a schema whose version is not that of this program. It
// does not write.
func checkSameVersion(ctx context.Context, db *sql.DB, path string) error {
	if _, err := checkVersion(ctx, db, path); err != nil {
		return err
	}
	migrations, err := newMigrations(db)
	if err != nil {
		return err
	}
	have := int64(0)
	if err := db.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version").Scan(&have); err != nil {
		return unreadable(path, err)
	}
	sources := migrations.ListSources()
	if known := sources[len(sources)-1].Version; have < known {
		return fmt.Errorf("open %s: %w: it has version %d, this program needs %d; start the broker of this version once to migrate it",
			path, ErrOlderSchema, have, known)
	}
	return nil
}
