package sqlitestore

import (
	"context"
	"errors"
	"time"
)

const (
	// inspectedLog is the size in bytes of the log that interrupts an inspection. While an
	// inspection reads, SQLite cannot restart the log, and the next start reads all of it.
	inspectedLog = 32 << 20
	// inspectPause is how long the first pause after an interruption is. Each pause is
	// twice as long as the last one, up to maxInspectPause: a busy database would be read in
	// vain.
	inspectPause, maxInspectPause = time.Second, 10 * time.Minute
)

// inspect reads the whole database. If it is damaged, every later call fails. An
// inspection that makes the log grow is interrupted, and begins again later.
func (s *Store) inspect(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-s.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	for pause := inspectPause; !s.inspectOnce(ctx); pause = min(2*pause, maxInspectPause) {
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// inspectOnce reads the database unless the writer interrupts it. It reports whether the
// inspection has ended.
func (s *Store) inspectOnce(ctx context.Context) (ended bool) {
	reading, interrupt := context.WithCancel(ctx)
	defer interrupt()
	s.interrupt.Store(&interrupt)
	defer s.interrupt.Store(nil)
	db, err := openPool(s.path, "_query_only=1&mode=rw", 1)
	if err != nil {
		return true // Calls of the store fail with the same error.
	}
	err = errors.Join(checkContent(reading, db, s.path), db.Close())
	if errors.Is(err, ErrDamaged) {
		s.guard.damaged(err)
		return true
	}
	return reading.Err() == nil
}
