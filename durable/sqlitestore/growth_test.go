package sqlitestore_test

import (
	"bytes"
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

func logSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path + "-wal")
	check(t, err)
	return info.Size()
}
