package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/openbroker/openbroker/durable/audit"
)

// Backup writes a consistent copy of the database to a new file with mode 0600.
// Others can read and write while it runs. The write-ahead log grows by what they
// write. When Backup returns nil, the copy is complete, on disk and checked;
// otherwise it does not exist. The copy needs neither a log nor a lock file. The
// error wraps [os.ErrExist] if path exists.
func (s *Store) Backup(ctx context.Context, path string) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("back up to %s: %w: remove it, or name another file", path, os.ErrExist)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".backup-*") // mode 0600
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	temporary := file.Name()
	defer func() {
		for _, suffix := range []string{"", "-journal"} {
			if removed := os.Remove(temporary + suffix); removed != nil && !errors.Is(removed, os.ErrNotExist) {
				err = errors.Join(err, removed)
			}
		}
	}()
	if err = s.copyTo(ctx, temporary); err == nil {
		err = finishBackup(ctx, temporary)
	}
	// SQLite does not sync a copy.
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("back up to %s: %w", path, err)
	}
	if err := os.Link(temporary, path); err != nil { // Unlike a rename, it replaces nothing.
		return fmt.Errorf("back up to %s: %w", path, err)
	}
	return syncDirectory(filepath.Dir(path))
}

// copyTo copies the database to an empty file, on a connection that can neither
// write to the database nor checkpoint the log.
func (s *Store) copyTo(ctx context.Context, path string) error {
	db, err := openPool(s.path, "mode=ro", 1)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", path)
	return errors.Join(s.wrap(err), db.Close())
}

// finishBackup marks the copy of an open database as closed, and reads all of it.
func finishBackup(ctx context.Context, path string) error {
	db, err := openPool(path, "mode=rw", 1)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "UPDATE commits SET closed = 1")
	if err == nil {
		err = checkContent(ctx, db, path)
	}
	return errors.Join(err, db.Close())
}

// CheckBackup reads all of the database at path, which no process may have open, and
// changes nothing. The error wraps [ErrDamaged] if the file is damaged or not a
// database of openbroker, and [ErrNewerSchema] if a newer program wrote it.
func CheckBackup(ctx context.Context, path string) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	_, db, err := check(ctx, path, note{}, true, true)
	if err != nil || db == nil {
		return err
	}
	return db.Close()
}

// Restore replaces the database at path, which no process may have open, with a
// copy of a backup. It checks the whole backup first. Existing files get the suffix
// ".replaced-" and the time; Restore returns their names. The audit trail goes on in a
// new chain, with the entry unless it is nil: the chain of the backup went on elsewhere,
// and its head may be known. The error wraps those of [CheckBackup], or [ErrInUse].
func Restore(ctx context.Context, backup, path string, entry *audit.Record) (replaced []string, err error) {
	if err := CheckBackup(ctx, backup); err != nil {
		return nil, err
	}
	if logged, err := hasLog(backup); err != nil || logged {
		if err == nil {
			err = fmt.Errorf("%s has a log %s-wal, so it is a database that was in use, not a backup: move both files to the name %s instead", backup, backup, path)
		}
		return nil, err
	}
	if path, err = resolve(path); err != nil {
		return nil, err
	}
	lock, err := takeLock(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lock.unlock()) }()
	temporary := path + ".new"
	if err = removeDatabase(temporary); err == nil {
		err = copyFile(backup, temporary)
	}
	if err == nil {
		err = branchOff(ctx, temporary, entry)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("restore %s: %w", backup, err), removeDatabase(temporary))
	}
	suffix := time.Now().UTC().Format(".replaced-20060102T150405.000000Z")
	// Move the database last: after an interruption, Open refuses a log without a
	// database.
	for _, side := range []string{"-shm", "-wal", ""} {
		err := os.Rename(path+side, path+suffix+side)
		if err == nil {
			replaced = append(replaced, path+suffix+side)
		} else if !errors.Is(err, os.ErrNotExist) {
			return replaced, err
		}
	}
	if err := os.Rename(temporary, path); err != nil {
		return replaced, err
	}
	if err := syncDirectory(filepath.Dir(path)); err != nil {
		return replaced, err
	}
	// Remove the lock file, which describes the replaced files, after all others:
	// until then, Open refuses the files.
	return replaced, writeNote(lock.noteFile, note{})
}

// newID makes the file a database of its own, whose chain of the audit trail begins.
const newID = `UPDATE commits SET store = lower(hex(randomblob(16))) WHERE id = 1`

// branchOff gives the closed database at path a new id and the entry, if there is one.
func branchOff(ctx context.Context, path string, entry *audit.Record) (err error) {
	db, err := openPool(path, "mode=rw", 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := migrate(ctx, db, path); err != nil {
		return err
	}
	s, err := newSession(ctx, db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if _, err := s.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if _, err := s.exec(newID); err != nil {
		return err // The connection ends with its transaction.
	}
	if entry != nil {
		if err := s.recordEntry(entry); err != nil {
			return err
		}
	}
	if _, err := s.endBatch(); err != nil {
		return err
	}
	_, err = s.exec("COMMIT")
	return err
}

// removeDatabase removes a database with its side files, as an interruption leaves it.
func removeDatabase(path string) error {
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// copyFile copies a file to a new one with mode 0600, and syncs it.
func copyFile(from, to string) (err error) {
	source, err := os.Open(from) //nolint:gosec // The path is the operator's.
	if err != nil {
		return err
	}
	defer source.Close()                                                      //nolint:errcheck // Only read.
	target, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // Likewise.
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Sync(), target.Close())
}
