package sqlitestore

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrDamaged means that the file is damaged, or not a database of openbroker. It is
// unchanged.
var ErrDamaged = errors.New("not usable as the database")

// applicationID marks the databases of this package ("obkr"), in the header field
// that SQLite reserves for it.
const applicationID = 0x6f626b72

// The offsets in the header of an SQLite file:
// https://www.sqlite.org/fileformat2.html#the_database_header
const (
	headerSize      = 100
	headerMagic     = "SQLite format 3\x00"
	pageSizeAt      = 16
	changesAt       = 24
	pagesAt         = 28
	applicationIDAt = 68
	validForAt      = 92
)

// check decides whether Open can use the existing file at path. It only reads:
// SQLite may write to a file that it opens, and a damaged file must stay unchanged
// for its repair. noted is the note of the previous process, and unclean says that
// this process did not close the database. For an unclean database, check reads the
// whole content if it is small, and otherwise sets inspect so that the caller does.
// With adopt set, check ignores noted. The caller closes db, if it is not nil, when it has
// a connection of its own: the first connection reads the whole log.
func check(ctx context.Context, path string, noted note, unclean, adopt bool) (inspect bool, db *sql.DB, err error) {
	logged, err := hasLog(path)
	if err != nil {
		return false, nil, err
	}
	size, err := checkHeader(path, logged)
	if err != nil {
		return false, nil, err
	}
	if logged && !adopt {
		if err := checkBase(ctx, path, noted); err != nil {
			return false, nil, err
		}
	}
	query := "mode=ro"
	if !logged {
		// No other process has the file open, and the log is empty: SQLite needs
		// neither a lock nor side files.
		query += "&immutable=1"
	}
	db, err = openPool(path, query, 1)
	if err != nil {
		return false, nil, err
	}
	deep := unclean || logged
	inspect = deep && size > inspectAtOnce && !adopt
	if err := checkDatabase(ctx, db, path, noted, deep && !inspect, adopt); err != nil {
		return false, nil, errors.Join(err, db.Close())
	}
	if !logged {
		return inspect, nil, db.Close() // This connection does not see the changes of others.
	}
	return inspect, db, nil
}

// checkDatabase is the part of check that uses SQLite. With content set, it reads the
// whole content.
func checkDatabase(ctx context.Context, db *sql.DB, path string, noted note, content, adopt bool) error {
	counted, err := checkVersion(ctx, db, path)
	if err != nil {
		return err
	}
	if counted && !adopt {
		have, err := scanCommits(db.QueryRowContext(ctx, selectCommits))
		if err != nil {
			return unreadable(path, err)
		}
		if err := checkCommits(path, have, noted); err != nil {
			return err
		}
	}
	if !content {
		return nil
	}
	return checkContent(ctx, db, path)
}

// inspectAtOnce is the size in bytes up to which Open reads an unclean database
// before it returns, in less than a second. The time that Open takes must not grow
// with the database.
const inspectAtOnce = 32 << 20

// hasLog reports whether there is a write-ahead log with content. A killed process
// leaves one.
func hasLog(path string) (bool, error) {
	info, err := os.Stat(path + "-wal")
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return info.Size() > 0, nil
}

// checkHeader checks the header of the file and returns the size of the file.
func checkHeader(path string, logged bool) (int64, error) {
	file, err := os.Open(path) //nolint:gosec // The path is the operator's.
	if err != nil {
		return 0, err
	}
	defer file.Close() //nolint:errcheck // Only read.
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, damaged(path, "it is not a regular file")
	}
	var header [headerSize]byte
	if _, err := io.ReadFull(file, header[:]); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, damaged(path, "it is %d bytes long, too short for an SQLite database", info.Size())
		}
		return 0, fmt.Errorf("read %s: %w", path, err)
	}
	if string(header[:len(headerMagic)]) != headerMagic {
		return 0, damaged(path, "it is not an SQLite database")
	}
	if id := binary.BigEndian.Uint32(header[applicationIDAt:]); id != applicationID {
		return 0, damaged(path, "it is an SQLite database of another application (application id %#x)", id)
	}
	pageSize := int64(binary.BigEndian.Uint16(header[pageSizeAt:]))
	if pageSize == 1 {
		pageSize = 65536
	}
	sizeKnown := binary.BigEndian.Uint32(header[changesAt:]) == binary.BigEndian.Uint32(header[validForAt:])
	if want := pageSize * int64(binary.BigEndian.Uint32(header[pagesAt:])); sizeKnown && !logged && info.Size() < want {
		return 0, damaged(path, "it is truncated: %d bytes of %d", info.Size(), want)
	}
	return info.Size(), nil
}

func checkContent(ctx context.Context, db *sql.DB, path string) error {
	var result string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&result); err != nil {
		return unreadable(path, err)
	}
	if result != "ok" {
		return damaged(path, "it is corrupt: %s", result)
	}
	return nil
}

// unreadable explains an error of SQLite about a file that this process has not
// opened before.
func unreadable(path string, err error) error {
	switch resultCode(err) {
	case resultCorrupt, resultNotADatabase:
		return damaged(path, "it is corrupt: %v", err)
	default:
		return fmt.Errorf("check %s: %w", path, err)
	}
}

func damaged(path, reason string, args ...any) error {
	return fmt.Errorf("open %s: %w: %s; it is unchanged: restore it from a backup, or name another file",
		path, ErrDamaged, fmt.Sprintf(reason, args...))
}
