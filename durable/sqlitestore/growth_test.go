package sqlitestore_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/openbroker/openbroker/durable/sqlitestore"
)

// A long read, such as a backup, makes the log grow. SQLite truncates the log when
// it restarts it. The store must not take this for damage.
func TestLogRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "broker.db")
	store := open(t, path)
	check(t, store.Accept(t.Context(), acceptance("first")))
	reader := attach(t, path)
	end, err := reader.Snapshot()
	check(t, err)
	const size = 4 << 20
	number := 0
	for ; logSize(t, path) <= sqlitestore.JournalSizeLimit; number++ {
		large := acceptance(strconv.Itoa(number))
		large.Instance.Data = bytes.Repeat([]byte{'x'}, size)
		check(t, store.Accept(t.Context(), large))
	}
	check(t, end())
	for i := 0; logSize(t, path) > sqlitestore.JournalSizeLimit; i++ {
		check(t, store.Ping(t.Context()))
		check(t, reader.Accept(t.Context(), acceptance("attached-"+strconv.Itoa(i))))
	}
	for i := range 3 {
		check(t, store.Accept(t.Context(), acceptance("later-"+strconv.Itoa(i))))
		check(t, reader.Accept(t.Context(), acceptance("attached-later-"+strconv.Itoa(i))))
	}
	check(t, store.Ping(t.Context()))
	check(t, reader.Close())
	check(t, store.Close())
	if !stored(t, open(t, path), strconv.Itoa(number-1)) {
		t.Error("an acknowledged change is lost")
	}
}

// The log must not grow as long as an inspection reads: the next start reads all of it.
func TestInspectionInterrupted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "broker.db")
	store := open(t, path)
	check(t, store.Accept(t.Context(), acceptance("first")))
	reader := attach(t, path)
	end, err := reader.Snapshot() // As an inspection has it.
	check(t, err)
	interrupted := store.Interrupted()
	for i := 0; logSize(t, path) <= sqlitestore.InspectedLog; i++ {
		select {
		case <-interrupted:
			t.Fatalf("interrupted although the log has only %d bytes", logSize(t, path))
		default:
		}
		large := acceptance(strconv.Itoa(i))
		large.Instance.Data = bytes.Repeat([]byte{'x'}, 4<<20)
		check(t, store.Accept(t.Context(), large))
	}
	check(t, store.Accept(t.Context(), acceptance("last")))
	select {
	case <-interrupted:
	default:
		t.Errorf("not interrupted although the log has %d bytes", logSize(t, path))
	}
	check(t, end())
	check(t, reader.Close())
}

// An interrupted inspection has not ended: it begins again.
func TestInspectOnce(t *testing.T) {
	t.Parallel()
	store := open(t, filepath.Join(t.TempDir(), "broker.db"))
	check(t, store.Accept(t.Context(), acceptance("first")))
	interrupted, interrupt := context.WithCancel(t.Context())
	interrupt()
	if store.InspectOnce(interrupted) {
		t.Error("an interrupted inspection has ended")
	}
	if !store.InspectOnce(t.Context()) {
		t.Error("an inspection has not ended")
	}
	check(t, store.Ping(t.Context()))
}

func logSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path + "-wal")
	check(t, err)
	return info.Size()
}
