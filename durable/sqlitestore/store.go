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

// readSessions is how many goroutines can read at once. SQLite works on the
// processor: more would only take memory.
const readSessions = 4

// A Store is a [durable.Store] on an SQLite file. Make one with [Open].
//
// A change that a worker of the store has taken up is finished even if the
// context of its caller ends, and the caller learns the result; a change that
// still waits then is given up, with the context's error.
type Store struct {
	path  string
	now   func() time.Time
	lock  *fileLock
	hints chan struct{}
	// claimed is the time of the last claim.
	claimed atomic.Int64
	// guard notices that the files are not those that were opened.
	guard *guard

	writes *sql.DB
	reads  *sql.DB
	writer *writer
	// readers holds the sessions that nobody uses, of readerCount in all.
	readers     chan *session
	readerCount int

	closing chan struct{}
	// seen is the number of commits when the log was looked at last.
	seen int64
	// unchanged says that the database still says that it was closed, and marked that
	// it says also without its log that it is open.
	unchanged, marked bool
	// closed says that the database says that it was closed.
	closed bool
	// inspection is what looks at the whole database meanwhile.
	inspection sync.WaitGroup
	closeOnce  sync.Once
	closeErr   error
}

var _ durable.Store = (*Store)(nil)

// Open opens the database at path, or creates it (mode 0600), and the
// directory above it (mode 0700), if there is none. It brings the schema up to
// date and releases the leases of the process before, which is known to have
// ended.
//
// The error wraps [ErrInUse] if another process has the database, [ErrDamaged]
// if the file is damaged or something else than a database of openbroker, and
// [ErrNewerSchema] if a newer program has written it. In all three cases the
// file is unchanged.
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

// resolve returns the one absolute name that the file is locked and opened
// under, and makes its directory.
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

func (s *Store) start(ctx context.Context, o sqliteoptions.Options) error {
	_, err := os.Stat(s.path)
	inspect := false
	switch {
	case err == nil:
		inspect, err = check(ctx, s.path, s.lock.before, !s.lock.clean(), o.Adopt)
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
	// Reads of a large database are mapped: a miss in the small cache of a
	// connection then costs no system call. A file that somebody cuts off while
	// it is mapped ends the process, which it has to survive anyway.
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

// create makes a database where there is none. There must have been none, unless
// isNew says that a new one is meant.
func (s *Store) create(ctx context.Context, isNew bool) error {
	if logged, err := hasLog(s.path); err != nil || logged {
		if err == nil {
			err = fmt.Errorf("open %s: there is a log %s-wal but no database, and the log would be lost: restore the database, or remove the log", s.path, s.path)
		}
		return err
	}
	if s.lock.before.store != "" && !isNew {
		return fmt.Errorf("open %s: %w: %s.lock says that it had %d changes; bring it back, or restore a backup with openbroker admin restore; if a new, empty one is meant, say so with --new-store",
			s.path, ErrMissing, s.path, s.lock.before.commits)
	}
	if err := create(ctx, s.path); err != nil {
		return err
	}
	return s.lock.lockFile()
}

// create makes the database under another name and then gives it its own, so
// that a file with that name is always whole: whatever interrupts this, the
// next start creates it anew.
func create(ctx context.Context, path string) error {
	temporary := path + ".new"
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(temporary + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	// SQLite gives its side files the mode of the database.
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
		return nil // Directories cannot be synced there, and need not be.
	}
	directory, err := os.Open(path) //nolint:gosec // The path is the operator's.
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// Hints receives a value after changes of this process that let an operation
// become due or end, not after those of an operator's process, see [Attach].
func (s *Store) Hints() <-chan struct{} { return s.hints }

func (s *Store) hint() {
	select {
	case s.hints <- struct{}{}:
	default: // One is waiting already.
	}
}

// micros is the time of the store.
func (s *Store) micros() int64 { return s.now().UnixMicro() }

// write makes a change and returns when it is durable, in the files that were
// opened.
func (s *Store) write(ctx context.Context, apply func(*session) error) error {
	return s.wrap(s.writer.do(ctx, apply))
}

// read calls f with a connection that nobody else uses meanwhile.
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

// wrap says which database an unexpected error is about.
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
