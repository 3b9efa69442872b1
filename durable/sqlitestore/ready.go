package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// begin notes beside the database what it is now. The database itself does not
// change before the first commit: a start that is refused for another reason leaves
// it as it is.
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

// markOpen moves the first commit into the database, which says from then on that it
// is open, also without its log.
func (s *Store) markOpen() error {
	s.unchanged, s.marked = false, true
	if s.guard.size > journalSizeLimit {
		return nil // So much that a crash has left is moved bit by bit.
	}
	var busy, logged, moved int64
	return s.writer.session.queryRow("PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &logged, &moved)
}

// committed makes sure that a commit is in the files that were opened, and notes
// it beside them. Only then it is acknowledged.
func (s *Store) committed(number int64) error {
	looked, anew, err := s.guard.committed()
	if err != nil {
		return err
	}
	base := s.lock.now.base
	if anew {
		// All that the log held when it was looked at last is in the database.
		base = s.seen
	}
	if looked {
		s.seen = number
	}
	if err := s.lock.restore(); err != nil {
		return err
	}
	if err := s.lock.committed(number, base); err != nil || s.marked {
		return err
	}
	return s.markOpen()
}

// closeDatabase is the last change: the database says that it was closed. A disk
// that is full must not hinder that: the next start finds an unclean end.
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
		return nil //nolint:nilerr // The end is an unclean one.
	}
	if err := s.committed(number); err != nil {
		return err
	}
	s.closed = true
	return nil
}

// Ping reads and writes, since a full disk or a file system that has become
// read-only shows only then, and tells what the store knows of damage: files that
// were removed, replaced or cut off, and pages that could not be read.
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

// inspect reads all of the database. If it is damaged, nothing is answered from
// then on.
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
	db, err := openPool(s.path, "_query_only=1&mode=rw", 1)
	if err != nil {
		return // Whatever hinders it hinders the others too.
	}
	err = errors.Join(checkContent(ctx, db, s.path), db.Close())
	if errors.Is(err, ErrDamaged) {
		s.guard.damaged(err)
	}
}

// Close finishes the changes that have been taken up, closes the database and
// gives it free for other processes. Calls that come later fail.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		s.closeErr = s.release(true)
	})
	return s.closeErr
}

// release closes what is open, the writer last: its connection folds the log
// into the database. If that is done without an error, and started says that
// the store was ready, the lock file notes a close in good order.
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
