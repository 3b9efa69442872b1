package sqlitestore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// The offsets in the header of a write-ahead log:
// https://www.sqlite.org/fileformat2.html#the_write_ahead_log
const (
	logHeaderSize = 32
	logMagic      = 0x377f0682 // The last bit is the byte order of the checksums.
	logSaltsAt    = 16
)

// A guard detects that the database or its log was replaced, removed or truncated:
// writes to such a file are lost. Only the writer calls begin and committed.
type guard struct {
	path string
	// database and log are the files that were opened.
	database, log os.FileInfo
	// file is the open log.
	file *os.File
	// salts are those after the last commit. They change when SQLite restarts the log,
	// because the database has all its content.
	salts uint64
	// size is the size of the log before the last commit.
	size int64
	// namesChecked is the time of the last check of the names, since opened, so that a
	// clock that is set back does not matter. A busy store limits how often it checks
	// before reads.
	opened       time.Time
	namesChecked atomic.Int64
	// damage, once set, is the error of every later call.
	damage atomic.Pointer[error]
}

// openGuard starts to guard the database and the log of an open connection.
func openGuard(path string) (*guard, error) {
	g := &guard{path: path, opened: time.Now()}
	var err error
	if g.database, err = os.Stat(path); err != nil {
		return nil, err
	}
	g.file, err = os.Open(path + "-wal") //nolint:gosec // The path is the operator's.
	if errors.Is(err, os.ErrNotExist) {
		return g, nil // A backup has no log until it is in use.
	}
	if err != nil {
		return nil, err
	}
	if g.log, err = g.file.Stat(); err == nil {
		g.size = g.log.Size()
		g.salts, _, err = g.header()
	}
	if err != nil {
		return nil, errors.Join(err, g.file.Close())
	}
	return g, nil
}

func (g *guard) close() error {
	if g.file == nil {
		return nil
	}
	return g.file.Close()
}

// checkValidity is how long the result of a check is valid, in nanoseconds. Before an
// acknowledgement, the names are always checked.
const checkValidity = int64(10 * time.Millisecond)

// now returns the time since opened. It starts beyond checkValidity, because 0 means
// never.
func (g *guard) now() int64 { return int64(time.Since(g.opened)) + 2*checkValidity }

// check returns an error if the database or its log has lost its name, or is
// damaged.
func (g *guard) check() error {
	g.namesChecked.Store(0)
	now := g.now()
	if damage := g.damage.Load(); damage != nil {
		return *damage
	}
	err := same(g.path, g.database)
	if err == nil && g.log != nil {
		err = same(g.path+"-wal", g.log)
	}
	if err == nil {
		g.namesChecked.Store(now)
	}
	return err
}

// read is the check before a read.
func (g *guard) read() error {
	if g.now()-g.namesChecked.Load() > checkValidity || g.damage.Load() != nil {
		return g.check()
	}
	return nil
}

// same returns an error if the name no longer belongs to the file that was opened.
func same(name string, opened os.FileInfo) error {
	if present, err := os.Stat(name); err != nil || !os.SameFile(present, opened) {
		return fmt.Errorf("%s was removed, renamed or replaced while it was in use, so that new changes would be lost: bring the file back under its name, or stop the process and restore a backup", name)
	}
	return nil
}

// begin is the check before a write.
func (g *guard) begin() error {
	if err := g.read(); err != nil || g.file == nil {
		return err
	}
	info, err := g.file.Stat()
	if err != nil {
		return err
	}
	// SQLite truncates the log only to the limit, in the commit that restarts it.
	least := min(g.size, journalSizeLimit)
	if g.size = info.Size(); g.size >= least {
		return nil
	}
	salts, _, err := g.header()
	if err != nil {
		return err
	}
	if salts == g.salts {
		g.damaged(fmt.Errorf("%s-wal was truncated while it was in use", g.path))
	}
	return g.check()
}

// committed is the check after a commit. It reports whether the commit has restarted
// the log. It reads the header each time: between two reads, a restart would hide that
// the log was truncated.
func (g *guard) committed() (restarted bool, err error) {
	if g.file == nil {
		return false, g.check()
	}
	salts, valid, err := g.header()
	if err != nil {
		return false, err
	}
	if !valid {
		g.damaged(fmt.Errorf("%s-wal was overwritten while it was in use", g.path))
	}
	restarted = salts != g.salts
	g.salts = salts
	return restarted, g.check()
}

// header returns the salts of the log, 0 if it is empty, and whether it begins with
// the magic number of a log.
func (g *guard) header() (salts uint64, valid bool, err error) {
	var header [logHeaderSize]byte
	if _, err := g.file.ReadAt(header[:], 0); err != nil {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return 0, false, err
	}
	return binary.BigEndian.Uint64(header[logSaltsAt:]), binary.BigEndian.Uint32(header[:])&^1 == logMagic, nil
}

// damaged records that the files are damaged. From then on every call fails.
func (g *guard) damaged(cause error) {
	err := fmt.Errorf("%w: %w: stop the process, and restore a backup", ErrDamaged, cause)
	g.damage.CompareAndSwap(nil, &err)
}

// notice records the damage that an error of SQLite reports.
func (g *guard) notice(err error) {
	switch resultCode(err) {
	case resultCorrupt, resultNotADatabase:
		g.damaged(err)
	default:
		if isCutOff(err) {
			g.damaged(err)
		}
	}
}
