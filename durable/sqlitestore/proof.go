package sqlitestore

import (
	"context"
	"errors"
	"fmt"
)

var (
	// ErrChangesMissing means that the database may have lost changes that were
	// acknowledged: it, or its log, is older than the lock file says, or there is
	// no lock file to tell. It was left as it is.
	ErrChangesMissing = errors.New("changes that were acknowledged may be missing")
	// ErrMissing means that there was a database and now there is none.
	ErrMissing = errors.New("the database is missing")
)

// remedy is what to do about ErrChangesMissing.
const remedy = "bring back the files that belong together (the database, -wal and .lock), or restore a backup with openbroker admin restore; to go on without what is missing, run openbroker admin adopt"

const selectCommits = `SELECT store, number, closed FROM commits WHERE id = 1`

// commits is what a database says about itself.
type commits struct {
	store  string
	number int64
	closed bool
}

func scanCommits(row scanner) (commits, error) {
	var c commits
	err := row.Scan(&c.store, &c.number, &c.closed)
	return c, err
}

// prove compares a database, as its log makes it, with the note beside it.
func prove(path string, have commits, noted note) error {
	switch {
	case noted.store == "" && !have.closed:
		return unproven(path, "its last process did not close it, and %s.lock, which counts its changes, is missing or unreadable", path)
	case noted.store == "":
		return nil
	case have.store != noted.store:
		return unproven(path, "it is another database than the one of %s.lock", path)
	case have.number < noted.commits:
		return unproven(path, "it has %d of the %d changes that were acknowledged: it is an older one, or %s-wal was removed, cut off or overwritten", have.number, noted.commits, path)
	default:
		return nil
	}
}

// proveBase compares a database without its log with the note beside it. The log
// has all that came after the base, and makes a newer database of no older one.
func proveBase(ctx context.Context, path string, noted note) error {
	if noted.store == "" {
		return nil
	}
	db, err := openPool(path, "mode=ro&immutable=1", 1)
	if err != nil {
		return err
	}
	have, err := scanCommits(db.QueryRowContext(ctx, selectCommits))
	err = errors.Join(err, db.Close())
	switch {
	case err != nil:
		// The log may have what is missing: a crash can interrupt what moves it.
		return nil //nolint:nilerr // What the log makes of it is looked at next.
	case have.store != noted.store:
		return unproven(path, "it is another database than the one of %s.lock", path)
	case have.number < noted.base:
		return unproven(path, "%s-wal continues a database with %d changes, and this one has %d: it is an older one", path, noted.base, have.number)
	default:
		return nil
	}
}

func unproven(path, reason string, args ...any) error {
	return fmt.Errorf("open %s: %w: %s; nothing was changed: %s", path, ErrChangesMissing, fmt.Sprintf(reason, args...), remedy)
}
