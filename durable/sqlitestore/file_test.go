package sqlitestore_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/durable/sqlitestore"
)

// filled makes a database with some records, closes it, and returns its path.
func filled(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "broker.db")
	store := open(t, path)
	fill(t, store, 100)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func fill(t *testing.T, store *sqlitestore.Store, instances int) {
	t.Helper()
	for i := range instances {
		if err := store.Accept(t.Context(), acceptance(strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
}

// crashed makes a database in the state after a crash, with all records in the log.
func crashed(t *testing.T) string {
	t.Helper()
	live := filepath.Join(t.TempDir(), "live.db")
	store := open(t, live)
	fill(t, store, 100)
	path := filepath.Join(t.TempDir(), "broker.db")
	for _, suffix := range []string{"", "-wal", ".lock"} {
		write(t, path+suffix, read(t, live+suffix))
	}
	return path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// edit changes a database without its store.
func edit(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// overwrite writes garbage over n bytes of a file.
func overwrite(t *testing.T, path string, at, n int) {
	t.Helper()
	content := read(t, path)
	for i := at; i < at+n; i++ {
		content[i] ^= 0xa5
	}
	write(t, path, content)
}

func TestUnusableFiles(t *testing.T) {
	t.Parallel()
	foreign := func(t *testing.T) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "broker.db")
		edit(t, path, "CREATE TABLE t (a)")
		return path
	}
	plain := func(content string) func(*testing.T) string {
		return func(t *testing.T) string {
			t.Helper()
			path := filepath.Join(t.TempDir(), "broker.db")
			write(t, path, []byte(content))
			return path
		}
	}
	truncated := func(keep func(size int) int, source func(*testing.T) string) func(*testing.T) string {
		return func(t *testing.T) string {
			t.Helper()
			path := source(t)
			content := read(t, path)
			write(t, path, content[:keep(len(content))])
			return path
		}
	}
	for _, c := range []struct {
		name string
		make func(*testing.T) string
		want string
	}{
		{"empty", plain(""), "0 bytes"},
		{"short", plain("SQLite format 3\x00"), "too short"},
		{"text", plain(strings.Repeat("password: x\n", 500)), "not an SQLite database"},
		{"another application", foreign, "another application"},
		{"cut to a page", truncated(func(int) int { return 4096 }, filled), "truncated"},
		{"cut in half", truncated(func(size int) int { return size / 2 }, filled), "truncated"},
		{"cut by a byte", truncated(func(size int) int { return size - 1 }, filled), "truncated"},
		{"cut to a page after a crash", truncated(func(int) int { return 4096 }, checkpointed), "corrupt"},
		{"garbage in the schema", func(t *testing.T) string {
			t.Helper()
			path := filled(t)
			overwrite(t, path, 100, 3900)
			return path
		}, "corrupt"},
		{"garbage in the middle", func(t *testing.T) string {
			t.Helper()
			path := filled(t)
			overwrite(t, path, 4096*12, 4096*8)
			return path
		}, "corrupt"},
		{"garbage in the middle of a copy", func(t *testing.T) string {
			t.Helper()
			path := filled(t)
			overwrite(t, path, 4096*12, 4096*8)
			if err := os.Remove(path + ".lock"); err != nil {
				t.Fatal(err)
			}
			return path
		}, "corrupt"},
		{"garbage in the middle after a crash", func(t *testing.T) string {
			t.Helper()
			path := checkpointed(t)
			overwrite(t, path, 4096*12, 4096*8)
			return path
		}, "corrupt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := c.make(t)
			before := read(t, path)
			log, logErr := os.ReadFile(path + "-wal")
			for range 2 { // The second attempt must be refused, too.
				store, err := sqlitestore.Open(t.Context(), path)
				if err == nil {
					store.Close()
				}
				if !errors.Is(err, sqlitestore.ErrDamaged) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want ErrDamaged that names the file and %q", err, c.want)
				}
			}
			if string(read(t, path)) != string(before) {
				t.Error("the file was changed")
			}
			if logErr == nil && string(read(t, path+"-wal")) != string(log) {
				t.Error("the log was changed")
			}
		})
	}
}

// Open does not change a file that it refuses, for any content.
func FuzzOpen(f *testing.F) {
	path := filepath.Join(f.TempDir(), "seed.db")
	if err := open(f, path).Close(); err != nil {
		f.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{nil, content, content[:100], content[:4096], []byte("SQLite format 3\x00")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "broker.db")
		write(t, path, content)
		store, err := sqlitestore.Open(t.Context(), path)
		if err == nil {
			store.Close()
			return
		}
		if string(read(t, path)) != string(content) {
			t.Errorf("refused with %v, but changed", err)
		}
	})
}

// checkpointed makes a database in the state after a crash, with records both in the
// file and in the log.
func checkpointed(t *testing.T) string {
	t.Helper()
	live := filled(t)
	store := open(t, live)
	if err := store.Accept(t.Context(), acceptance("in the log")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "broker.db")
	for _, suffix := range []string{"", "-wal", ".lock"} {
		write(t, path+suffix, read(t, live+suffix))
	}
	return path
}

func TestLogOfACrash(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]func(*testing.T) string{"all in the log": crashed, "some in the log": checkpointed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := source(t)
			store := open(t, path)
			for i := range 100 {
				if !stored(t, store, strconv.Itoa(i)) {
					t.Errorf("instance %d is lost", i)
				}
			}
		})
	}
}

func TestLogWithoutDatabase(t *testing.T) {
	t.Parallel()
	path := crashed(t)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	log := read(t, path+"-wal")
	if _, err := sqlitestore.Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), path+"-wal") {
		t.Errorf("error %v, want one that names the log", err)
	}
	if string(read(t, path+"-wal")) != string(log) {
		t.Error("the log was changed")
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a database was created: %v", err)
	}
}

func TestNewerSchema(t *testing.T) {
	t.Parallel()
	path := filled(t)
	edit(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)")
	before := read(t, path)
	_, err := sqlitestore.Open(t.Context(), path)
	if !errors.Is(err, sqlitestore.ErrNewerSchema) {
		t.Fatalf("error %v, want ErrNewerSchema", err)
	}
	for _, part := range []string{path, "version 99", "versions up to "} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
	if string(read(t, path)) != string(before) {
		t.Error("the file was changed")
	}
}

func TestInterruptedCreation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "broker.db")
	for _, suffix := range []string{".new", ".new-journal", ".new-wal"} {
		write(t, path+suffix, []byte("half of something"))
	}
	fill(t, open(t, path), 1)
	if _, err := os.Stat(path + ".new"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the temporary files are still there: %v", err)
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(directory, "broker.db")
	fill(t, open(t, path), 1)
	for name, want := range map[string]os.FileMode{
		directory: 0o700 | os.ModeDir, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600, path + ".lock": 0o600,
	} {
		info, err := os.Stat(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestOneFileUnderTwoNames(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path, link := filepath.Join(directory, "broker.db"), filepath.Join(directory, "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	open(t, path)
	for _, name := range []string{path, link} {
		store, err := sqlitestore.Open(t.Context(), name)
		if err == nil {
			store.Close()
		}
		if !errors.Is(err, sqlitestore.ErrInUse) {
			t.Errorf("%s: error %v, want ErrInUse", name, err)
		}
	}
}

func TestNamesOfFiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b.db", "a?mode=memory.db", "a#b.db", "a%20b.db", "é'\".db", ":memory:"} {
		path := filepath.Join(t.TempDir(), name)
		store := open(t, path)
		fill(t, store, 1)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
		if !stored(t, open(t, path), "0") {
			t.Errorf("%s: the record is lost", name)
		}
	}
}

// Writes to a deleted file are lost: Ping must report this.
func TestPingDetectsMissingFile(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(path string) error{
		"removed":  os.Remove,
		"replaced": func(path string) error { return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "openbroker.db")
			store, err := sqlitestore.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close() })
			if err := store.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := change(path); err != nil {
				t.Fatal(err)
			}
			if err := store.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v", err)
			}
		})
	}
}
