package sqlitestore

import (
	"context"
	"time"

	"github.com/openbroker/openbroker/durable/internal/sqliteoptions"
)

// WithClock makes now the clock of the store.
func WithClock(now func() time.Time) Option {
	return func(o *sqliteoptions.Options) { o.Now = now }
}

// Do makes a change with the statements that f executes.
func (s *Store) Do(ctx context.Context, f func(exec func(query string, args ...any) error) error) error {
	return s.write(ctx, func(w *session) error {
		return f(func(query string, args ...any) error {
			_, err := w.exec(query, args...)
			return err
		})
	})
}

// Pragma returns a setting of the connection that writes.
func (s *Store) Pragma(ctx context.Context, name string) (value string, err error) {
	err = s.write(ctx, func(w *session) error { return w.queryRow("PRAGMA " + name).Scan(&value) })
	return value, err
}

// Queued returns how many changes wait for the writer.
func (s *Store) Queued() int { return s.writer.queue.Len() }

// JournalSizeLimit is the size to which SQLite truncates a log that it restarts.
const JournalSizeLimit = journalSizeLimit

// Snapshot begins a read transaction, which lasts until end is called.
func (s *Store) Snapshot() (end func() error, err error) {
	reader := <-s.readers
	if _, err := reader.exec("BEGIN"); err != nil {
		return nil, err
	}
	var one int
	if err := reader.queryRow("SELECT count(*) FROM pings").Scan(&one); err != nil {
		return nil, err
	}
	return func() error {
		_, err := reader.exec("ROLLBACK")
		s.readers <- reader
		return err
	}, nil
}

// InspectedLog is the size of the log that interrupts an inspection.
const InspectedLog = inspectedLog

// InspectOnce reads the database. It reports whether the inspection has ended.
func (s *Store) InspectOnce(ctx context.Context) bool { return s.inspectOnce(ctx) }

// Interrupted returns a channel that is closed when the writer interrupts an inspection.
func (s *Store) Interrupted() <-chan struct{} {
	ctx, cancel := context.WithCancel(context.Background())
	s.interrupt.Store(&cancel)
	return ctx.Done()
}
