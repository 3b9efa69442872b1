package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	resultCorrupt      = sqlite3.SQLITE_CORRUPT
	resultNotADatabase = sqlite3.SQLITE_NOTADB
)

// isCutOff reports whether err says that a file is truncated.
func isCutOff(err error) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) && failure.Code() == sqlite3.SQLITE_IOERR_SHORT_READ
}

// settings are the settings of every connection. FULL syncs the log with every
// commit. The cache, in KiB, and the checkpoint interval, in pages, bound the memory
// of a connection and the size of the log.
const settings = "_defensive=1&_dqs=0" +
	"&_pragma=busy_timeout(5000)" +
	"&_pragma=synchronous(FULL)" +
	"&_pragma=foreign_keys(ON)" +
	"&_pragma=trusted_schema(OFF)" +
	"&_pragma=temp_store(MEMORY)" +
	"&_pragma=cache_size(-8192)" +
	"&_pragma=wal_autocheckpoint(4000)" +
	"&_pragma=journal_size_limit(20971520)" // journalSizeLimit

// openPool returns a pool of at most size connections to the file at path, with
// query added to the settings of its URI. It does not connect yet.
func openPool(path, query string, size int) (*sql.DB, error) {
	uri := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: settings + "&" + query}
	connector, err := sqlite.NewConnector(uri.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

// resultCode returns the primary result code of an error of SQLite, or -1 for
// another error.
func resultCode(err error) int {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return -1
	}
	return failure.Code() & 0xff
}

// isDuplicate reports whether err is a violation of a unique index.
func isDuplicate(err error) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) && failure.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
}

// A session is one connection with its prepared statements, for one goroutine at a
// time. It does not interrupt statements when a context ends: they take
// microseconds, watching a context costs as much again, and an interruption would
// undo the changes of other callers in the same transaction. Callers check the
// context first.
type session struct {
	conn *sql.Conn
	// ctx never ends.
	ctx        context.Context
	statements map[string]*sql.Stmt
	// written says that a statement may have changed rows. The writer resets it.
	written bool
	// trail has the entries of the transaction. The writer resets it.
	trail trail
}

func newSession(ctx context.Context, db *sql.DB) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, ctx: context.WithoutCancel(ctx), statements: make(map[string]*sql.Stmt)}, nil
}

// prepared returns the prepared statement for query and keeps it. The query must be
// a constant.
func (s *session) prepared(query string) (*sql.Stmt, error) {
	if statement, ok := s.statements[query]; ok {
		return statement, nil
	}
	statement, err := s.conn.PrepareContext(s.ctx, query)
	if err != nil {
		return nil, err
	}
	s.statements[query] = statement
	return statement, nil
}

// exec runs a constant statement and returns the number of changed rows.
func (s *session) exec(query string, args ...any) (int64, error) {
	statement, err := s.prepared(query) //nolint:sqlclosecheck // It is kept, and closed with the session.
	if err != nil {
		return 0, err
	}
	result, err := statement.ExecContext(s.ctx, args...)
	if err != nil {
		return 0, err
	}
	changed, err := result.RowsAffected()
	s.written = s.written || changed > 0 && writes(query)
	return changed, err
}

// writes reports whether a statement can change rows. After any other statement,
// SQLite returns the count of the previous one.
func writes(query string) bool {
	switch verb, _, _ := strings.Cut(query, " "); verb {
	case "INSERT", "UPDATE", "DELETE":
		return true
	default:
		return false
	}
}

// queryRow runs a constant query that returns at most one row. Scan returns
// [sql.ErrNoRows] if there is no row.
func (s *session) queryRow(query string, args ...any) scanner {
	statement, err := s.prepared(query) //nolint:sqlclosecheck // It is kept, and closed with the session.
	if err != nil {
		return failedScan{err}
	}
	s.written = s.written || writes(query)
	return statement.QueryRowContext(s.ctx, args...)
}

// query calls each for every row of a constant query.
func (s *session) query(each func(scanner) error, query string, args ...any) error {
	statement, err := s.prepared(query) //nolint:sqlclosecheck // It is kept, and closed with the session.
	if err != nil {
		return err
	}
	rows, err := statement.QueryContext(s.ctx, args...)
	if err != nil {
		return err
	}
	return forEach(rows, func(row scanner) error {
		s.written = s.written || writes(query)
		return each(row)
	})
}

func (s *session) close() error {
	var errs []error
	for _, statement := range s.statements {
		errs = append(errs, statement.Close())
	}
	return errors.Join(append(errs, s.conn.Close())...)
}

func forEach(rows *sql.Rows, each func(scanner) error) error {
	for rows.Next() {
		if err := each(rows); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// A scanner is a row: *[sql.Row] or *[sql.Rows].
type scanner interface{ Scan(dest ...any) error }

type failedScan struct{ err error }

// Scan returns the error.
func (f failedScan) Scan(...any) error { return f.err }

// journalSizeLimit is the size in bytes to which SQLite truncates a log that it
// restarts. It is more than a log has that SQLite checkpoints in time, and little enough
// for the next start, which reads the log.
const journalSizeLimit = 20 << 20

// keepLog makes SQLite keep the log when the last connection closes. Otherwise
// SQLite would remove the file with the name of the log, which may belong to
// another database.
func keepLog(s *session) error {
	return s.conn.Raw(func(connection any) error {
		control, ok := connection.(sqlite.FileControl)
		if !ok {
			return errors.New("the driver cannot keep the log")
		}
		_, err := control.FileControlPersistWAL("main", 1)
		return err
	})
}
