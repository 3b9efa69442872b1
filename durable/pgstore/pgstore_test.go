package pgstore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/pgstore"
	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
	"github.com/openbroker/openbroker/durable/storetest"
)

// postgres is the server of tests that need only a database.
var postgres pgtest.Shared

func TestMain(m *testing.M) { postgres.Run(m) }

func TestStore(t *testing.T) {
	t.Parallel()
	// A schema costs much less than a database.
	dsn := postgres.NewDatabase(t)
	var schemas atomic.Int64
	storetest.Run(t, func(t *testing.T) *storetest.Database {
		t.Helper()
		schema := fmt.Sprint("case_", schemas.Add(1))
		again := func(t *testing.T) durable.Store {
			t.Helper()
			return open(t, dsn, pgstore.WithSchema(schema))
		}
		return &storetest.Database{Store: again(t), Reopen: again, Replica: again, SetBack: func(t *testing.T, d time.Duration) {
			t.Helper()
			execute(t, connect(t, dsn), fmt.Sprintf(`UPDATE %s.operations SET created_at = created_at + d, updated_at = updated_at + d,
				lease_until = lease_until + d, not_before = not_before + d, deadline = deadline + d, finished_at = finished_at + d
				FROM (SELECT interval '%f seconds' AS d) AS back`, schema, d.Seconds()))
		}}
	})
}

func ExampleOpen() {
	ctx := context.Background()
	server, err := pgtest.New(ctx) // In production a server runs already.
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	store, err := pgstore.Open(ctx, server.DSN(), pgstore.WithSchema("broker"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()

	fmt.Println(store.Ping(ctx))
	// Output: <nil>
}

func open(tb testing.TB, dsn string, options ...pgstore.Option) *pgstore.Store {
	tb.Helper()
	s, err := pgstore.Open(tb.Context(), dsn, options...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// connect returns a connection for the test.
func connect(tb testing.TB, dsn string) *pgx.Conn {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), dsn)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close(context.WithoutCancel(tb.Context())) })
	return conn
}

// execute executes statements.
func execute(tb testing.TB, conn *pgx.Conn, statements ...string) {
	tb.Helper()
	for _, statement := range statements {
		if _, err := conn.Exec(tb.Context(), statement); err != nil {
			tb.Fatalf("%s: %v", statement, err)
		}
	}
}

// eventually polls until the condition holds.
func eventually(tb testing.TB, what string, condition func() bool) {
	tb.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(30 * time.Minute)
	for !condition() {
		select {
		case <-ticker.C:
		case <-deadline:
			tb.Fatalf("not within two minutes: %s", what)
		}
	}
}

// lockWaits returns how many sessions wait for a lock in the database.
func lockWaits(tb testing.TB, conn *pgx.Conn) int {
	tb.Helper()
	var waiting int
	err := conn.QueryRow(tb.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
	if err != nil {
		tb.Fatal(err)
	}
	return waiting
}

// provision returns the acceptance of a new instance, with an operation that waits.
func provision(id string) *durable.Acceptance {
	key := durable.Key{Platform: "platform", InstanceID: id}
	return &durable.Acceptance{
		Instance:  durable.InstanceRecord{Key: key, Status: durable.StatusCreating, ServiceID: "service", PlanID: "plan", Data: []byte("data")},
		Operation: &durable.OperationSpec{ID: "operation-" + id, Key: key, Kind: durable.KindProvision, Timeout: time.Hour},
	}
}

// accepted reports whether the acceptance is stored. The test fails if only half of
// it is.
func accepted(tb testing.TB, s durable.Store, a *durable.Acceptance) bool {
	tb.Helper()
	snapshot, err := s.Load(tb.Context(), a.Instance.Key)
	if err != nil {
		tb.Fatal(err)
	}
	if (snapshot.Instance == nil) != (len(snapshot.Open) == 0) {
		tb.Fatalf("half of the change is stored: %+v", snapshot)
	}
	return snapshot.Instance != nil
}

// A failed change must not fail others in the same transaction.
func TestFailedChangesInBatch(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	s := open(t, dsn, pgstore.WithTimeout(time.Hour))
	if err := s.Accept(t.Context(), provision("first")); err != nil {
		t.Fatal(err)
	}
	// Block all writers with locks, so that the following changes share a
	// transaction.
	blocker, observer := connect(t, dsn), connect(t, dsn)
	execute(t, blocker, "BEGIN", "LOCK TABLE openbroker.instances")
	var clients sync.WaitGroup
	for i := range pgstore.Writers {
		clients.Go(func() {
			if err := s.Accept(t.Context(), provision(fmt.Sprint("blocked", i))); err != nil {
				t.Error(err)
			}
		})
		eventually(t, "the next writer waits", func() bool { return lockWaits(t, observer) == i+1 })
	}
	const good = 40
	changes := make([]*durable.Acceptance, good+2)
	for i := range changes {
		changes[i] = provision(fmt.Sprint("i", i))
	}
	duplicate, unstorable := good, good+1
	changes[duplicate].Operation.ID = "operation-first"
	changes[unstorable].Instance.PlanID = "\x00"
	results := make([]error, len(changes))
	for i, change := range changes {
		clients.Go(func() { results[i] = s.Accept(t.Context(), change) })
	}
	eventually(t, "the changes are queued", func() bool { return s.Waiting() == len(changes) })
	execute(t, blocker, "ROLLBACK")
	clients.Wait()
	for i, err := range results {
		switch i {
		case duplicate:
			if !errors.Is(err, durable.ErrConflict) {
				t.Errorf("a duplicate operation id: %v", err)
			}
		case unstorable:
			if err == nil || errors.Is(err, durable.ErrConflict) {
				t.Errorf("a text that cannot be stored: %v", err)
			}
		default:
			if err != nil {
				t.Errorf("change %d: %v", i, err)
			}
		}
		if got := accepted(t, s, changes[i]); got != (err == nil) {
			t.Errorf("change %d is stored: %t, its result is %v", i, got, err)
		}
	}
}

// trigger makes the database execute body when an operation is inserted.
func trigger(tb testing.TB, conn *pgx.Conn, timing, body string) {
	tb.Helper()
	execute(tb, conn,
		"SET search_path = openbroker",
		"CREATE SEQUENCE inserts",
		"CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "+body+" RETURN NEW; END $$",
		"CREATE "+timing+" FOR EACH ROW EXECUTE FUNCTION act()",
	)
}

// The answer must wait for the commit.
func TestCommitFails(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	s := open(t, dsn)
	trigger(t, connect(t, dsn), "CONSTRAINT TRIGGER late AFTER INSERT ON operations DEFERRABLE INITIALLY DEFERRED",
		"IF NEW.id = 'operation-bad' THEN RAISE 'no' USING ERRCODE = '53100'; END IF;")
	if err := s.Accept(t.Context(), provision("good")); err != nil {
		t.Fatal(err)
	}
	if err := s.Accept(t.Context(), provision("bad")); err == nil {
		t.Error("a change that was not committed is acknowledged")
	}
	if accepted(t, s, provision("bad")) {
		t.Error("the test is wrong: the change was committed")
	}
}

func TestCollisionIsRetried(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"40001", "40P01"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			dsn := postgres.NewDatabase(t)
			s := open(t, dsn)
			trigger(t, connect(t, dsn), "TRIGGER early BEFORE INSERT ON operations",
				"IF nextval('inserts') < 3 THEN RAISE 'collision' USING ERRCODE = '"+state+"'; END IF;")
			a := provision("i")
			if err := s.Accept(t.Context(), a); err != nil {
				t.Error(err)
			}
			if !accepted(t, s, a) {
				t.Error("the change is not stored")
			}
		})
	}
}

// Callers that give up must not break the transactions of others.
func TestCallersGiveUp(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	s := open(t, dsn)
	var clients sync.WaitGroup
	for i := range 200 {
		clients.Go(func() {
			a := provision(rand.Text())
			if i%2 == 0 {
				if err := s.Accept(t.Context(), a); err != nil {
					t.Error(err)
				}
				return
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*20*time.Microsecond)
			defer cancel()
			if err := s.Accept(ctx, a); err == nil && !accepted(t, s, a) {
				t.Error("an acknowledged change is missing")
			}
		})
	}
	clients.Wait()
}

// An operation must end even if PostgreSQL cannot store its description.
func TestStorable(t *testing.T) {
	t.Parallel()
	s := open(t, postgres.NewDatabase(t))
	a := provision("i")
	a.Operation.Owner, a.Operation.Lease = "worker", time.Hour
	if err := s.Accept(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	text := "bad \xff and \x00"
	if err := s.Advance(t.Context(), &durable.Advance{
		Fence: durable.Fence{OperationID: a.Operation.ID, Generation: 1}, Key: a.Operation.Key, State: durable.OperationFailed, Description: &text,
	}); err != nil {
		t.Fatal(err)
	}
	record, err := s.OperationByID(t.Context(), a.Operation.ID)
	if err != nil {
		t.Fatal(err)
	}
	if want := "bad \uFFFD and \uFFFD"; record.Description != want {
		t.Errorf("description %q, want %q", record.Description, want)
	}
}

// The store refuses ids that PostgreSQL cannot store, before they reach a
// transaction.
func TestInvalidIDs(t *testing.T) {
	t.Parallel()
	s := open(t, postgres.NewDatabase(t))
	for _, id := range []string{"\x00", "a\xff"} {
		key := durable.Key{Platform: "platform", InstanceID: id}
		const want = "must be UTF-8 without NUL bytes"
		if err := s.Accept(t.Context(), provision(id)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("accept %q: %v", id, err)
		}
		if _, err := s.Load(t.Context(), key); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("load %q: %v", id, err)
		}
		if _, err := s.OperationByID(t.Context(), id); !errors.Is(err, durable.ErrNotFound) {
			t.Errorf("operation %q: %v", id, err)
		}
		records, err := s.Instances(t.Context(), durable.Filter{InstanceID: id})
		if err != nil || len(records) > 0 {
			t.Errorf("list %q: %v, %v", id, records, err)
		}
	}
}
