package sqlitestore_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/durable/storetest"
)

func attach(tb testing.TB, path string, options ...sqlitestore.Option) *sqlitestore.Attached {
	tb.Helper()
	store, err := sqlitestore.Attach(tb.Context(), path, options...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return store
}

// An attached store meets the contract while another process has the database open.
func TestAttachedContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) *storetest.Database {
		t.Helper()
		path := filepath.Join(t.TempDir(), "broker.db")
		c := newClock()
		owner := open(t, path, sqlitestore.WithClock(c.now))
		again := func(t *testing.T) durable.Store {
			t.Helper()
			return attach(t, path, sqlitestore.WithClock(c.now))
		}
		return &storetest.Database{
			SetBack: func(_ *testing.T, d time.Duration) { c.advance(-d) },
			Store:   again(t), Reopen: again, Advance: c.advance,
			Replica: func(*testing.T) durable.Store { return owner },
		}
	})
}

func TestAttachBesideAnotherProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "broker.db")
	owner := start(t, "write", path)
	for range 200 {
		if !owner.output.Scan() {
			t.Fatal("the child has ended")
		}
	}
	go func() {
		for owner.output.Scan() {
			continue // Drain the output: a full pipe would block the child.
		}
	}()
	if _, err := sqlitestore.Attach(t.Context(), path, sqlitestore.WithExclusiveLock()); !errors.Is(err, sqlitestore.ErrInUse) {
		t.Errorf("exclusive: %v", err)
	}
	store := attach(t, path)
	key := durable.Key{Platform: "p", InstanceID: "from outside"}
	for range 20 {
		snapshot, err := store.Load(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		err = store.Accept(t.Context(), &durable.Acceptance{Expect: snapshot.Revision(), Instance: durable.InstanceRecord{Key: key, Status: durable.StatusReady}})
		if err != nil {
			t.Fatal(err)
		}
		i := &admin.Intervention{Expect: snapshot.Revision() + 1, Forget: true, Audit: admin.AuditEntry{Key: key}}
		if err := store.Intervene(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	leased, err := store.Operations(t.Context(), durable.Filter{State: durable.OperationActive, Limit: 1000})
	if err != nil || len(leased) == 0 || leased[0].LeaseUntil.IsZero() {
		t.Errorf("the leases of the other process: %d operations, %v", len(leased), err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := owner.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.command.Wait()

	// Without a broker, Attach reads what was written, and the file stays as the process
	// left it.
	before := read(t, path)
	if trail, err := attach(t, path, sqlitestore.WithExclusiveLock()).AuditTrail(t.Context(), admin.AuditFilter{}); err != nil || len(trail) != 21 { // With the one that begins the chain.
		t.Errorf("%d entries, %v", len(trail), err)
	}
	if string(read(t, path)) != string(before) {
		t.Error("the file has changed")
	}
}

// An attached store writes only to the write-ahead log, even when it closes,
// and the broker finds the changes there.
func TestAttachedWritesOnlyTheLog(t *testing.T) {
	t.Parallel()
	path := filled(t)
	before, note := read(t, path), read(t, path+".lock")
	for range 2 {
		store := attach(t, path)
		if _, err := store.PutSetting(t.Context(), "name", []byte("value")); err != nil {
			t.Fatal(err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if string(read(t, path)) != string(before) {
		t.Error("the file has changed")
	}
	if now := read(t, path+".lock"); strings.Split(string(now), "\n")[0] != strings.Split(string(note), "\n")[0] {
		t.Errorf("the lock file no longer says that the database was closed: %s", now)
	} else if string(now) == string(note) {
		t.Errorf("the lock file does not count the change: %s", now)
	}
	if value, err := open(t, path).Setting(t.Context(), "name"); err != nil || string(value) != "value" {
		t.Errorf("setting %q, %v", value, err)
	}
}

func TestAttachRefuses(t *testing.T) {
	t.Parallel()
	version := func(statement string) func(*testing.T) string {
		return func(t *testing.T) string {
			t.Helper()
			path := filled(t)
			edit(t, path, statement)
			return path
		}
	}
	for name, c := range map[string]struct {
		make func(*testing.T) string
		want error
		text string
	}{
		"missing":           {func(t *testing.T) string { t.Helper(); return filepath.Join(t.TempDir(), "broker.db") }, fs.ErrNotExist, "start the broker"},
		"missing directory": {func(t *testing.T) string { t.Helper(); return filepath.Join(t.TempDir(), "a", "broker.db") }, fs.ErrNotExist, "start the broker"},
		"a directory":       {func(t *testing.T) string { t.Helper(); return t.TempDir() }, sqlitestore.ErrDamaged, "not a regular file"},
		"a text file": {func(t *testing.T) string {
			t.Helper()
			path := filepath.Join(t.TempDir(), "broker.db")
			write(t, path, []byte(strings.Repeat("text ", 100)))
			return path
		}, sqlitestore.ErrDamaged, "not an SQLite database"},
		"newer": {version("INSERT INTO goose_db_version (version_id, is_applied) VALUES (1000, 1)"), sqlitestore.ErrNewerSchema, "upgrade the program"},
		"older": {version("DELETE FROM goose_db_version WHERE version_id > 1"), sqlitestore.ErrOlderSchema, "start the broker of this version once"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := c.make(t)
			_, err := sqlitestore.Attach(t.Context(), path)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error %v", err)
			}
			if name == "missing directory" {
				if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("the directory was created: %v", err)
				}
			}
		})
	}
}

// An attached store waits for the changes of the broker, and vice versa.
func TestAttachedWaits(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "broker.db")
	owner := open(t, path)
	other := attach(t, path)
	entered, leave := make(chan struct{}), make(chan struct{})
	slow := make(chan error, 1)
	go func() {
		slow <- owner.Do(t.Context(), func(exec func(string, ...any) error) error {
			err := exec(`INSERT INTO settings (name, value) VALUES ('a', x'00')`)
			close(entered)
			<-leave
			return err
		})
	}()
	<-entered
	done := make(chan error, 1)
	go func() { _, err := other.PutSetting(t.Context(), "b", nil); done <- err }()
	time.AfterFunc(50*time.Millisecond, func() { close(leave) })
	if err := errors.Join(<-slow, <-done); err != nil {
		t.Error(err)
	}
}
