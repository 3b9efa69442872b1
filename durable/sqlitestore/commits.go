package sqlitestore

import (
	"context"
	"errors"
	"fmt"
)

var (
	// ErrChangesMissing means that the database may lack acknowledged changes: it,
	// or its write-ahead log, is older than the lock file says, or the lock file is
	// missing. The database is unchanged.
	ErrChangesMissing = errors.New("acknowledged changes may be missing")
	// ErrMissing means that the lock file describes a database that does not exist.
	ErrMissing = errors.New("the database is missing")
)

// remedy is the advice for ErrChangesMissing.
const remedy = "bring back the files that belong together (the database, -wal and .lock), or restore a backup with openbroker admin restore; to continue without the missing changes, run openbroker admin adopt"

const selectCommits = `SELECT store, number, closed FROM commits WHERE id = 1`

// commits is the row that identifies a database and counts its commits.
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

// checkCommits compares a database, including its log, with its note.
func checkCommits(path string, have commits, noted note) error {
	switch {
	case noted.store == "" && !have.closed:
		return changesMissing(path, "its last process did not close it, and %s.lock, which counts its changes, is missing or unreadable", path)
	case noted.store == "":
		return nil
	case have.store != noted.store:
		return changesMissing(path, "%s.lock belongs to another database", path)
	case have.number < noted.commits:
		return changesMissing(path, "it has %d of %d acknowledged changes: it is an older copy, or %s-wal was removed, truncated or overwritten", have.number, noted.commits, path)
	default:
		return nil
	}
}

// checkBase compares a database without its log with its note. The log contains only
// the commits after the base, so it cannot complete an older database.
func checkBase(ctx context.Context, path string, noted note) error {
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
		// The log may have the missing pages: a crash can interrupt a checkpoint.
		return nil //nolint:nilerr // The caller checks the database with its log next.
	case have.store != noted.store:
		return changesMissing(path, "%s.lock belongs to another database", path)
	case have.number < noted.base:
		return changesMissing(path, "%s-wal continues a database with %d changes, and this one has %d: it is an older copy", path, noted.base, have.number)
	default:
		return nil
	}
}

func changesMissing(path, reason string, args ...any) error {
	return fmt.Errorf("open %s: %w: %s; it is unchanged: %s", path, ErrChangesMissing, fmt.Sprintf(reason, args...), remedy)
}
