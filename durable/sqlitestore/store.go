package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/internal/sqliteoptions"
)

var errClosed = errors.New("the store is closed")

// readSessions is how many goroutines can read concurrently. Reads are bound by the
// processor: more sessions would only take memory.
const readSessions = 4

// A Store is a [durable.Store] on an SQLite file. Make one with [Open].
//
// If the context of a caller ends while its change waits, the store abandons the
// change and returns the error of the context. Once the writer has taken up the
// change, the store completes it, and the caller gets the result.
type Store struct {
	path  string
	now   func() time.Time
	lock  *fileLock
	hints chan struct{}
	// cutOff has the owners of the leases that the previous process left, by the id of the
	// operation, until it is claimed. If this process ends before, they are forgotten.
	cutOff sync.Map
	// claimed is the time of the last claim.
	claimed atomic.Int64
	// guard detects that the files were replaced.
	guard *guard

	writes *sql.DB
	reads  *sql.DB
	writer *writer
	// readers holds the idle sessions, of readerCount in all.
	readers     chan *session
	readerCount int

	closing chan struct{}
	// seen is the number of the last commit.
	seen int64
	// unchanged says that the database is still marked as closed. marked says that
	// the database file itself, without its log, is marked as open.
	unchanged, marked bool
	// closed says that the database is marked as closed.
	closed bool
	// inspection is the goroutine that reads the whole database. interrupt interrupts it
	// if it is not nil.
	inspection sync.WaitGroup
	interrupt  atomic.Pointer[context.CancelFunc]
	closeOnce  sync.Once
	closeErr   error
}

var _ durable.Store = (*Store)(nil)

// Open opens the database at path. It creates a missing database (mode 0600) and its
// missing directory (mode 0700), migrates the schema, and releases the leases of the
// previous process, which has ended.
//
// The error wraps [ErrInUse] if another process has the database open, [ErrDamaged]
// if the file is damaged or not a database of openbroker, [ErrNewerSchema] if a
// newer program wrote it, [ErrChangesMissing] if it may lack acknowledged changes,
// and [ErrMissing] if the lock file describes a database that does not exist. In all
// these cases the file is unchanged.
func Open(ctx context.Context, path string, options ...Option) (*Store, error) {
	o := newOptions(options)
	path, err := resolve(path)
	if err != nil {
		return nil, err
	}
	lock, err := takeLock(path)
	if err != nil {
		return nil, err
	}
	s := &Store{
		path: path, now: o.Now, lock: lock,
		hints:   make(chan struct{}, 1),
		readers: make(chan *session, readSessions),
		closing: make(chan struct{}),
	}
	if err := s.start(ctx, o); err != nil {
		return nil, errors.Join(err, s.release(false))
	}
	return s, nil
}

// resolve returns the absolute name by which the store locks and opens the file. It
// creates the directory.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("create the directory of the database: %w", err)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target, nil
	}
	directory, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	return filepath.Join(directory, filepath.Base(path)), nil
}

func (s *Store) start(ctx context.Context, o sqliteoptions.Options) (err error) {
	_, err = os.Stat(s.path)
	inspect := false
	var checked *sql.DB
	defer func() {
		if checked != nil {
			err = errors.Join(err, checked.Close())
		}
	}()
	switch {
	case err == nil:
		inspect, checked, err = check(ctx, s.path, s.lock.before, !s.lock.clean(), o.Adopt)
	case errors.Is(err, os.ErrNotExist):
		err = s.create(ctx, o.New)
	}
	if err != nil {
		return err
	}
	if s.writes, err = openPool(s.path, "_pragma=journal_mode(WAL)&mode=rw", 1); err != nil {
		return err
	}
	if err := migrate(ctx, s.writes, s.path); err != nil {
		return err
	}
	if o.Adopt {
		if err := s.adopt(ctx); err != nil {
			return err
		}
	}
	session, err := newSession(ctx, s.writes)
	if err != nil {
		return err
	}
	s.writer = newWriter(session, s.closing)
	if err := s.begin(session); err != nil {
		s.writer = nil
		return errors.Join(err, session.close())
	}
	go s.writer.run()
	// Reads of a large database are memory-mapped: a miss in the small cache of a
	// connection then costs no system call. If the file is truncated while it is
	// mapped, the process crashes, which the store survives.
	if s.reads, err = openPool(s.path, "_query_only=1&mode=rw&_pragma=mmap_size(1073741824)", readSessions); err != nil {
		return err
	}
	for range readSessions {
		session, err := newSession(ctx, s.reads)
		if err != nil {
			return err
		}
		s.readers <- session
		s.readerCount++
	}
	if err := s.releaseLeases(ctx); err != nil {
		return err
	}
	if inspect {
		s.inspection.Go(func() { s.inspect(context.WithoutCancel(ctx)) })
	}
	return nil
}

// adopt gives the database a new id: the chain of its audit trail may have gone on in what
// is missing. The note of the process names the id, so the database file must have it
// without its log.
func (s *Store) adopt(ctx context.Context) error {
	for _, statement := range []string{newID, "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := s.writes.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("adopt %s: %w", s.path, err)
		}
	}
	return nil
}

// create makes a missing database. If the lock file describes a database, create
// fails unless isNew is set.
func (s *Store) create(ctx context.Context, isNew bool) error {
	if logged, err := hasLog(s.path); err != nil || logged {
		if err == nil {
			err = fmt.Errorf("open %s: there is a log %s-wal without a database, and a new database would discard it: restore the database, or remove the log", s.path, s.path)
		}
		return err
	}
	if s.lock.before.store != "" && !isNew {
		return fmt.Errorf("open %s: %w: %s.lock says that it had %d changes; bring it back, restore a backup with openbroker admin restore, or start with --new-store for a new, empty database",
			s.path, ErrMissing, s.path, s.lock.before.commits)
	}
	if err := create(ctx, s.path); err != nil {
		return err
	}
	return s.lock.lockDatabase()
}

// create makes the database under a temporary name and then renames it, so that a
// file with the final name is always complete. After an interruption the next start
// begins again.
func create(ctx context.Context, path string) error {
	temporary := path + ".new"
	if err := removeDatabase(temporary); err != nil {
		return err
	}
	// SQLite gives the side files the mode of the database.
	file, err := os.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) //nolint:gosec // The path is the operator's.
	if err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	if err := file.Close(); err != nil {
		return err
	}
	db, err := openPool(temporary, fmt.Sprintf("_pragma=application_id(%d)&mode=rw", applicationID), 1)
	if err != nil {
		return err
	}
	if err := errors.Join(migrate(ctx, db, path), db.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	return syncDirectory(filepath.Dir(path))
}

func syncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil // Windows cannot sync directories, and need not.
	}
	directory, err := os.Open(path) //nolint:gosec // The path is the operator's.
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// Hints receives a value after a change of this process makes an operation due or
// ends one. It misses the changes of other processes, see [Attach].
func (s *Store) Hints() <-chan struct{} { return s.hints }

func (s *Store) hint() {
	select {
	case s.hints <- struct{}{}:
	default: // One is waiting already.
	}
}

// micros returns the time of the store's clock.
func (s *Store) micros() int64 { return s.now().UnixMicro() }

// write makes a change and returns when it is durable, in the files that were
// opened.
func (s *Store) write(ctx context.Context, apply func(*session) error) error {
	return s.wrap(s.writer.do(ctx, apply))
}

// read calls f with an idle session.
func (s *Store) read(ctx context.Context, f func(*session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-s.closing:
		return s.wrap(errClosed)
	default:
	}
	select {
	case reader := <-s.readers:
		defer func() { s.readers <- reader }()
		if err := s.guard.read(); err != nil {
			return err
		}
		return s.wrap(f(reader))
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return s.wrap(errClosed)
	}
}

// answers are the errors that callers expect.
func answers() []error {
	return []error{
		durable.ErrConflict, durable.ErrFenced, durable.ErrCancelling, durable.ErrNotFound,
		context.Canceled, context.DeadlineExceeded,
	}
}

// wrap adds the path of the database to an unexpected error.
func (s *Store) wrap(err error) error {
	if err == nil {
		return nil
	}
	for _, answer := range answers() {
		if errors.Is(err, answer) {
			return err
		}
	}
	s.guard.notice(err)
	return fmt.Errorf("database %s: %w", s.path, err)
}
