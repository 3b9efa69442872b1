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

// Do makes a change that consists of the statements that f executes.
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

// Queued is how many changes wait for the writer.
func (s *Store) Queued() int { return s.writer.queue.Len() }

// JournalSizeLimit is the size to which a log is cut off when it begins anew.
const JournalSizeLimit = journalSizeLimit

// Snapshot begins to read the database as it is now, on a connection that reads, and
// goes on until the returned function is called.
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
