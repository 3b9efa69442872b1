package sqlitestore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
)

// hold keeps the writer busy until release is called, so that changes queued in
// between become one batch.
func hold(t *testing.T, store *sqlitestore.Store) (release func()) {
	t.Helper()
	busy, gate := make(chan struct{}, 1), make(chan struct{})
	done := make(chan error)
	go func() {
		done <- store.Do(context.Background(), func(func(string, ...any) error) error {
			select {
			case busy <- struct{}{}:
			default: // A failed batch repeats it.
			}
			<-gate
			return nil
		})
	}()
	<-busy
	return func() {
		t.Helper()
		close(gate)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

// queue starts a change and returns when it is queued.
func queue(t *testing.T, store *sqlitestore.Store, change func() error) <-chan error {
	t.Helper()
	before := store.Queued()
	result := make(chan error, 1)
	go func() { result <- change() }()
	for store.Queued() == before {
		if t.Context().Err() != nil {
			t.Fatal(t.Context().Err())
		}
		runtime.Gosched()
	}
	return result
}

func acceptance(id string) *durable.Acceptance {
	key := durable.Key{Platform: "p", InstanceID: id}
	return &durable.Acceptance{
		Instance:  durable.InstanceRecord{Key: key, Status: durable.StatusCreating, ServiceID: "s", PlanID: "p", Data: []byte(id)},
		Operation: &durable.OperationSpec{ID: "operation-" + id, Key: key, Kind: durable.KindProvision, Owner: "worker", Lease: time.Hour, Timeout: time.Hour},
	}
}

func stored(t *testing.T, store *sqlitestore.Store, id string) bool {
	t.Helper()
	snapshot, err := store.Load(t.Context(), durable.Key{Platform: "p", InstanceID: id})
	if err != nil {
		t.Fatal(err)
	}
	if whole := (snapshot.Instance != nil) == (len(snapshot.Open) == 1); !whole {
		t.Fatalf("half of %s is stored: %+v", id, snapshot)
	}
	return snapshot.Instance != nil
}

// A failed change must not fail the others of its batch.
func TestFailedChangeInBatch(t *testing.T) {
	t.Parallel()
	failure := errors.New("failure")
	for name, fail := range map[string]func(exec func(string, ...any) error) error{
		"an error after a write": func(func(string, ...any) error) error { return failure },
		"an error of SQLite":     func(exec func(string, ...any) error) error { return exec(`INSERT INTO pings (id, at) VALUES (1, 1)`) },
		"a rolled back transaction": func(exec func(string, ...any) error) error {
			if err := exec(`ROLLBACK`); err != nil {
				return err
			}
			return failure
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t, filepath.Join(t.TempDir(), "broker.db"))
			release := hold(t, store)
			results := make([]<-chan error, 0, 10)
			var failing <-chan error
			for i := range 10 {
				if i == 5 {
					failing = queue(t, store, func() error {
						return store.Do(t.Context(), func(exec func(string, ...any) error) error {
							if err := exec(`INSERT INTO settings (name, value) VALUES ('failing', 'x')`); err != nil {
								return err
							}
							return fail(exec)
						})
					})
				}
				results = append(results, queue(t, store, func() error { return store.Accept(t.Context(), acceptance(strconv.Itoa(i))) }))
			}
			conflict := queue(t, store, func() error { return store.Accept(t.Context(), acceptance("0")) })
			release()
			for i, result := range results {
				if err := <-result; err != nil {
					t.Errorf("change %d: %v", i, err)
				}
				if !stored(t, store, strconv.Itoa(i)) {
					t.Errorf("change %d is missing", i)
				}
			}
			if err := <-failing; err == nil {
				t.Error("the failing change succeeds")
			}
			if err := <-conflict; !errors.Is(err, durable.ErrConflict) {
				t.Errorf("conflict: %v", err)
			}
			if _, err := store.Setting(t.Context(), "failing"); !errors.Is(err, durable.ErrNotFound) {
				t.Errorf("half of the failing change is stored: %v", err)
			}
		})
	}
}

// Only the change that violates a unique index is rolled back.
func TestBatchWithLateConflict(t *testing.T) {
	t.Parallel()
	store := open(t, filepath.Join(t.TempDir(), "broker.db"))
	release := hold(t, store)
	duplicate := acceptance("b")
	duplicate.Operation.ID = "operation-a"
	a := queue(t, store, func() error { return store.Accept(t.Context(), acceptance("a")) })
	b := queue(t, store, func() error { return store.Accept(t.Context(), duplicate) })
	c := queue(t, store, func() error { return store.Accept(t.Context(), acceptance("c")) })
	release()
	if err := errors.Join(<-a, <-c); err != nil {
		t.Error(err)
	}
	if err := <-b; !errors.Is(err, durable.ErrConflict) {
		t.Errorf("duplicate: %v", err)
	}
	if !stored(t, store, "a") || stored(t, store, "b") || !stored(t, store, "c") {
		t.Error("the stored changes are not those that succeeded")
	}
}

func TestCancelBeforeAndAfterTakeUp(t *testing.T) {
	t.Parallel()
	store := open(t, filepath.Join(t.TempDir(), "broker.db"))
	release := hold(t, store)
	ctx, cancel := context.WithCancel(t.Context())
	abandoned := queue(t, store, func() error { return store.Accept(ctx, acceptance("abandoned")) })
	kept := queue(t, store, func() error { return store.Accept(t.Context(), acceptance("kept")) })
	cancel()
	// The writer is still busy: the caller does not wait for it.
	if err := <-abandoned; !errors.Is(err, context.Canceled) {
		t.Errorf("abandoned: %v", err)
	}
	release()
	if err := <-kept; err != nil {
		t.Error(err)
	}
	if stored(t, store, "abandoned") || !stored(t, store, "kept") {
		t.Error("the stored changes are not only the kept one")
	}

	ctx, cancel = context.WithCancel(t.Context())
	err := store.Do(ctx, func(exec func(string, ...any) error) error {
		cancel()
		return exec(`INSERT INTO settings (name, value) VALUES ('taken', x'')`)
	})
	if err != nil {
		t.Errorf("a change that was taken up: %v", err)
	}
	if _, err := store.Setting(t.Context(), "taken"); err != nil {
		t.Error(err)
	}
}

// Close answers every waiting change, with its result or with an error.
func TestCloseWithAFullQueue(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "broker.db")
	store := open(t, path)
	release := hold(t, store)
	results := make([]<-chan error, 0, 50)
	for i := range 50 {
		results = append(results, queue(t, store, func() error { return store.Accept(t.Context(), acceptance(strconv.Itoa(i))) }))
	}
	closed := make(chan error)
	go func() { closed <- store.Close() }()
	release()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	again := open(t, path)
	for i, result := range results {
		if err := <-result; (err == nil) != stored(t, again, strconv.Itoa(i)) {
			t.Errorf("change %d: result %v, but stored %v", i, err, stored(t, again, strconv.Itoa(i)))
		}
	}
}

// pragma executes a statement on the connection that writes.
func pragma(t *testing.T, store *sqlitestore.Store, statement string) {
	t.Helper()
	if err := store.Do(t.Context(), func(exec func(string, ...any) error) error { return exec(statement) }); err != nil {
		t.Fatal(err)
	}
}

func TestFullDatabase(t *testing.T) {
	t.Parallel()
	store := open(t, filepath.Join(t.TempDir(), "broker.db"))
	pragma(t, store, `PRAGMA max_page_count = 100`)
	acknowledged := 0
	for i := range 100 {
		a := acceptance(strconv.Itoa(i))
		a.Instance.Data = make([]byte, 20_000)
		err := store.Accept(t.Context(), a)
		if errors.Is(err, durable.ErrConflict) {
			t.Fatalf("a fault is reported as a conflict: %v", err)
		}
		if (err == nil) != stored(t, store, a.Instance.Key.InstanceID) {
			t.Fatalf("the result is %v, which does not match the stored records", err)
		}
		if err == nil {
			acknowledged++
		}
	}
	if acknowledged == 0 || acknowledged == 100 {
		t.Errorf("%d of 100 changes were acknowledged", acknowledged)
	}
	pragma(t, store, `PRAGMA max_page_count = 1000000`)
	for i := range 100 {
		if err := store.Accept(t.Context(), acceptance(fmt.Sprint("after ", i))); err != nil {
			t.Fatalf("with free space again: %v", err)
		}
	}
}

func TestReadOnlyDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "broker.db")
	store := open(t, path)
	fill(t, store, 1)
	pragma(t, store, `PRAGMA query_only = 1`)
	if err := store.Accept(t.Context(), acceptance("refused")); err == nil || errors.Is(err, durable.ErrConflict) {
		t.Errorf("acceptance: %v", err)
	}
	if err := store.Ping(t.Context()); err == nil {
		t.Error("ping succeeds")
	}
	if !stored(t, store, "0") || stored(t, store, "refused") {
		t.Error("the stored changes are not those that were acknowledged")
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	if again := open(t, path); !stored(t, again, "0") || stored(t, again, "refused") {
		t.Error("after reopening, the stored changes are not those that were acknowledged")
	}
}

// The store waits for another program that writes to the file, such as the sqlite3
// shell, but only for a limited time. After that, all waiting changes fail.
func TestLockedByAnotherProgram(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "broker.db")
	store := open(t, path)
	pragma(t, store, `PRAGMA busy_timeout = 20`)
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)

	release := hold(t, store)
	results := make([]<-chan error, 0, 10)
	for i := range 10 {
		results = append(results, queue(t, store, func() error { return store.Accept(t.Context(), acceptance(strconv.Itoa(i))) }))
	}
	// The held change locks the database, so the other program gets its lock
	// later, before or after the store writes the queued changes.
	locked := make(chan error)
	go func() {
		_, err := other.ExecContext(t.Context(), `PRAGMA busy_timeout = 60000; BEGIN IMMEDIATE`)
		locked <- err
	}()
	release()
	if err := <-locked; err != nil {
		t.Fatal(err)
	}
	for i, result := range results {
		if err := <-result; (err == nil) != stored(t, store, strconv.Itoa(i)) {
			t.Errorf("change %d: the result is %v, which does not match the stored records", i, err)
		}
	}
	if err := store.Accept(t.Context(), acceptance("locked")); err == nil || errors.Is(err, durable.ErrConflict) {
		t.Errorf("while the database is locked: %v", err)
	}
	if _, err := store.Load(t.Context(), durable.Key{Platform: "p", InstanceID: "x"}); err != nil {
		t.Errorf("a read fails while the database is locked: %v", err)
	}
	if _, err := other.ExecContext(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if err := store.Accept(t.Context(), acceptance("after")); err != nil {
		t.Errorf("after the lock is released: %v", err)
	}
}

// The guarantees about crashes depend on these settings, because a test cannot cut
// the power.
func TestDurabilitySettings(t *testing.T) {
	t.Parallel()
	store := open(t, filepath.Join(t.TempDir(), "broker.db"))
	for name, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1"} {
		if got, err := store.Pragma(t.Context(), name); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", name, got, err, want)
		}
	}
}

func TestHint(t *testing.T) {
	t.Parallel()
	store := open(t, filepath.Join(t.TempDir(), "broker.db"))
	if err := store.Accept(t.Context(), acceptance("i")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-store.Hints():
	default:
		t.Error("no hint after an acceptance")
	}
}
