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
// starts meanwhile finds the file as the last process left it.
type Attached struct {
	*Store
	// notes is the open lock file, or nil, and noted its content when the store was
	// opened.
	notes *os.File
	noted note
}

var _ admin.Store = (*Attached)(nil)

// Attach opens the existing database at path, beside the process that has it open,
// if any. Unlike [Open] it creates nothing, takes no lock, does not migrate the
// schema and releases no leases. A change waits up to 5 s for those of the other
// process.
//
// The error wraps [fs.ErrNotExist] if the file does not exist, [ErrDamaged] if it is
// not a database of openbroker, [ErrNewerSchema] or [ErrOlderSchema] if the version
// of its schema is not that of this program, [ErrChangesMissing] if it is older than
// its lock file says, and, with [WithExclusiveLock], [ErrInUse] if another process
// has it.
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
	// The log may hold pages that the file lacks, so the size of the file says
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
	// Read the lock file before the database: the other process counts a commit in
	// the database first.
	a.notes, a.noted = openNotes(path)
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
	if err := a.prove(session); err != nil {
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

// prove refuses a database that is older than the lock file says.
func (a *Attached) prove(w *session) error {
	have, err := scanCommits(w.queryRow(selectCommits))
	if err != nil {
		return unreadable(a.path, err)
	}
	if a.noted.store != "" {
		if err := prove(a.path, have, a.noted); err != nil {
			return err
		}
	}
	a.guard, err = openGuard(a.path)
	return err
}

// openNotes opens the lock file of a database and returns it with its content. If
// there is none, as beside a copy, both are empty.
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

// committed counts a change in the lock file. The other process may overwrite it
// with a smaller number until its next change. A smaller number demands less from
// the next start.
func (a *Attached) committed(number int64) error {
	if _, _, err := a.guard.committed(); err != nil {
		return err
	}
	if a.notes == nil || a.noted.store == "" {
		return nil
	}
	_, err := a.notes.WriteAt([]byte(line(commitsWord+strconv.FormatInt(number, 10))), commitsAt)
	return err
}

// Close closes the store and leaves the database to the other process. It can be
// called twice. Later calls of other methods fail.
func (a *Attached) Close() error {
	a.closeOnce.Do(func() { a.closeErr = a.release() })
	return a.closeErr
}

// release closes the writer first. The last connection of all checkpoints the log
// into the database, unless it is read-only, as the connections that remain here
// are.
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
	if a.notes != nil {
		errs = append(errs, a.notes.Close())
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

// checkSameVersion refuses a schema of another version than that of this program. It
// only reads.
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
