package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// begin writes the state of the database to the lock file. It does not change the
// database: if the start fails later, the database is unchanged.
func (s *Store) begin(w *session) error {
	have, err := scanCommits(w.queryRow(selectCommits))
	if err != nil {
		return err
	}
	if s.guard, err = openGuard(s.path); err != nil {
		return err
	}
	base := int64(0)
	switch {
	case s.guard.size == 0:
		base = have.number
	case s.lock.before.store == have.store:
		base = min(s.lock.before.base, have.number)
	}
	if err := s.lock.begin(have.store, have.number, base); err != nil {
		return fmt.Errorf("note the state of %s: %w", s.path, err)
	}
	s.seen, s.unchanged = have.number, have.closed
	s.writer.begin, s.writer.committed, s.writer.last = s.guard.begin, s.committed, s.closeDatabase
	return nil
}

// markOpen checkpoints the first commit into the database file. From then on the
// file itself says that it is open, even without its log.
func (s *Store) markOpen() error {
	s.unchanged, s.marked = false, true
	if s.guard.size > journalSizeLimit {
		return nil // After a crash, the log may be large: SQLite checkpoints it step by step.
	}
	var busy, logged, moved int64
	return s.writer.session.queryRow("PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &logged, &moved)
}

// committed checks that a commit is in the files that were opened, and counts it in
// the lock file. The writer acknowledges the changes after that.
func (s *Store) committed(number int64) error {
	restarted, err := s.guard.committed()
	if err != nil {
		return err
	}
	base := s.lock.now.base
	if restarted {
		// The database has what the log contained before this commit.
		base = s.seen
	}
	s.seen = number
	if interrupt := s.interrupt.Load(); interrupt != nil && s.guard.size > inspectedLog {
		(*interrupt)()
	}
	if err := s.lock.restore(); err != nil {
		return err
	}
	if err := s.lock.committed(number, base); err != nil || s.marked {
		return err
	}
	return s.markOpen()
}

// closeDatabase makes the last change, which marks the database as closed. If the
// disk is full, it cannot, and the next start finds an unclean close.
func (s *Store) closeDatabase(w *session) error {
	if err := s.guard.begin(); err != nil {
		return errors.Join(err, keepLog(w))
	}
	if s.unchanged {
		s.closed = true
		return nil
	}
	var number int64
	if err := w.queryRow(`UPDATE commits SET number = number + 1, closed = 1 WHERE id = 1 RETURNING number`).Scan(&number); err != nil {
		return nil //nolint:nilerr // An unclean close.
	}
	if err := s.committed(number); err != nil {
		return err
	}
	s.closed = true
	return nil
}

// Ping reads and writes: only a write detects a full disk or a read-only file
// system. Ping also reports known damage: files that were removed, replaced or
// truncated, and pages that could not be read.
func (s *Store) Ping(ctx context.Context) error {
	err := s.read(ctx, func(r *session) error {
		for _, query := range []string{
			`SELECT length(data) FROM instances ORDER BY rowid DESC LIMIT 1`,
			`SELECT length(data) FROM bindings ORDER BY rowid DESC LIMIT 1`,
			`SELECT length(data) FROM operations ORDER BY seq DESC LIMIT 1`,
		} {
			var size sql.NullInt64
			if err := r.queryRow(query).Scan(&size); err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.write(ctx, func(w *session) error {
		_, err := w.exec(`UPDATE pings SET at = ? WHERE id = 1`, s.micros())
		return err
	})
}

// Close finishes the changes that the writer has taken up, and releases the database
// for other processes. It can be called twice. Later calls of other methods fail.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		s.closeErr = s.release(true)
	})
	return s.closeErr
}

// release closes everything that is open, the writer last: its connection
// checkpoints the log into the database. If all succeeds, and started says that the
// store was ready, the lock file records a clean close.
func (s *Store) release(started bool) error {
	close(s.closing)
	s.inspection.Wait()
	var errs []error
	if s.reads != nil {
		for range s.readerCount {
			reader := <-s.readers
			errs = append(errs, reader.close())
		}
		errs = append(errs, s.reads.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.wait())
	}
	if s.guard != nil {
		errs = append(errs, s.guard.check())
	}
	if s.writes != nil {
		errs = append(errs, s.writes.Close())
	}
	if s.guard != nil {
		errs = append(errs, s.guard.close())
	}
	err := errors.Join(errs...)
	if err != nil {
		err = fmt.Errorf("close %s: %w", s.path, err)
	}
	return errors.Join(err, s.lock.release(started && s.closed && err == nil))
}
