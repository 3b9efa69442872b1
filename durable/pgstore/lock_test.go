package pgstore_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/pgstore"
	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
)

// locked creates instances and locks their rows and those of their operations in
// another session. unlock ends its transaction.
func locked(t *testing.T, s durable.Store, dsn string, ids ...string) (unlock func()) {
	t.Helper()
	for _, id := range ids {
		a := provision(id)
		a.Operation.Owner, a.Operation.Lease = "worker", time.Hour
		if err := s.Accept(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	blocker := connect(t, dsn)
	execute(t, blocker, "BEGIN",
		"SELECT FROM openbroker.instances WHERE instance_id IN ('"+strings.Join(ids, "','")+"') FOR UPDATE",
		"SELECT FROM openbroker.operations WHERE instance_id IN ('"+strings.Join(ids, "','")+"') FOR UPDATE")
	return func() { execute(t, blocker, "ROLLBACK") }
}

// A change that waits for a lock of another session delays and fails no other
// change. The store makes it when the lock is released.
func TestLockedRows(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{1, 3, 20} {
		t.Run(fmt.Sprint(rows), func(t *testing.T) {
			t.Parallel()
			dsn := postgres.NewDatabase(t)
			s := open(t, dsn, pgstore.WithTimeout(time.Minute))
			ids := make([]string, rows)
			for i := range ids {
				ids[i] = fmt.Sprint("locked", i)
			}
			unlock := locked(t, s, dsn, ids...)
			var waiting, others sync.WaitGroup
			waits := make(chan error, 2*rows)
			for _, id := range ids {
				fence, key := durable.Fence{OperationID: "operation-" + id, Generation: 1}, provision(id).Instance.Key
				for _, a := range []*durable.Advance{{Checkpoint: []byte("c")}, {State: durable.OperationSucceeded}} {
					a.Fence, a.Key = fence, key
					waiting.Go(func() {
						err := s.Advance(t.Context(), a)
						if errors.Is(err, durable.ErrFenced) && a.State == "" {
							err = nil // The other change came first.
						}
						waits <- err
					})
				}
			}
			// Wait until the writers have set all of them aside. Later changes
			// must not wait for them.
			eventually(t, "all changes are set aside", func() bool { return s.Aside() == 2*rows })
			for i := range 200 {
				others.Go(func() {
					if err := s.Accept(t.Context(), provision(fmt.Sprint("other", i))); err != nil {
						t.Errorf("a change to another instance: %v", err)
					}
				})
			}
			others.Wait()
			if n := len(waits); n > 0 {
				t.Errorf("%d changes were made, or failed, while their rows were locked: %v", n, <-waits)
			}
			unlock()
			waiting.Wait()
			close(waits)
			for err := range waits {
				if err != nil {
					t.Errorf("a change whose row was locked: %v", err)
				}
			}
		})
	}
}

// A lock that is held too long fails only the change that needs it.
func TestLockedForTooLong(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	unlock := locked(t, open(t, dsn, pgstore.WithTimeout(time.Minute)), dsn, "i")
	s := open(t, dsn, pgstore.WithTimeout(2*time.Second))
	fence, key := durable.Fence{OperationID: "operation-i", Generation: 1}, provision("i").Instance.Key
	end := &durable.Advance{Fence: fence, Key: key, State: durable.OperationSucceeded}
	if err := s.Advance(t.Context(), end); err == nil || !strings.Contains(err.Error(), "another session keeps the record locked") {
		t.Errorf("the error is %v", err)
	}
	unlock()
	eventually(t, "the change succeeds when the lock is free", func() bool { return s.Advance(t.Context(), end) == nil })
	if n := s.Aside(); n > 0 {
		t.Errorf("%d changes are still set aside", n)
	}
}

// When the database does not answer, all changes that wait for locks fail together,
// not each after its own timeout.
func TestOutageWhileLocked(t *testing.T) {
	t.Parallel()
	const rows, timeout = 30, 5 * time.Second
	server := pgtest.Start(t)
	dsn := server.NewDatabase(t)
	s := open(t, dsn, pgstore.WithTimeout(timeout))
	ids := make([]string, rows)
	for i := range ids {
		ids[i] = fmt.Sprint("locked", i)
	}
	locked(t, s, dsn, ids...)
	results := make(chan error, rows)
	for _, id := range ids {
		go func() {
			results <- s.Advance(t.Context(), &durable.Advance{Fence: durable.Fence{OperationID: "operation-" + id, Generation: 1}, Key: provision(id).Instance.Key, Checkpoint: []byte("c")})
		}()
	}
	eventually(t, "all changes are set aside", func() bool { return s.Aside() == rows })
	if err := server.Pause(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for range rows {
		if err := <-results; err == nil {
			t.Error("a change is acknowledged")
		}
	}
	if took := time.Since(began); took > rows*timeout/2 {
		t.Errorf("the changes took %v to fail", took)
	}
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "no change is set aside", func() bool { return s.Aside() == 0 })
}

// Reseal waits for a transaction that locks the rows for a moment.
func TestResealWaits(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	s := open(t, dsn, pgstore.WithTimeout(time.Minute))
	unlock := locked(t, s, dsn, "i")
	observer := connect(t, dsn)
	result := make(chan error, 1)
	go func() {
		n, err := s.Reseal(t.Context(), []admin.SealedValue{{SealedPlace: durable.SealedPlace{Key: provision("i").Instance.Key}, Old: provision("i").Instance.Data, New: []byte("new")}})
		if err == nil && n != 1 {
			err = fmt.Errorf("%d values are changed", n)
		}
		result <- err
	}()
	// Changes that share a transaction do not wait this long.
	eventually(t, "the change waits", func() bool {
		var waiting int
		err := observer.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
			AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '4 seconds'`).Scan(&waiting)
		return len(result) > 0 || err == nil && waiting == 1
	})
	unlock()
	if err := <-result; err != nil {
		t.Error(err)
	}
}

// A change that waits for a lock fails when the store is closed.
func TestCloseWhileLocked(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	s := open(t, dsn, pgstore.WithTimeout(time.Minute))
	defer locked(t, s, dsn, "i")()
	result := make(chan error, 1)
	go func() {
		result <- s.Advance(t.Context(), &durable.Advance{Fence: durable.Fence{OperationID: "operation-i", Generation: 1}, Key: provision("i").Instance.Key})
	}()
	eventually(t, "the change waits", func() bool { return s.Aside() == 1 })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-result; err == nil {
		t.Error("the change is acknowledged")
	}
}

// Interventions and pings wait for locks, because each has a separate transaction.
func TestInterveneAndPingWait(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	s := open(t, dsn, pgstore.WithTimeout(time.Minute))
	unlock := locked(t, s, dsn, "i")
	ping := connect(t, dsn)
	execute(t, ping, "BEGIN", "UPDATE openbroker.pings SET at = at")
	results := make(chan error, 2)
	go func() { results <- s.Ping(t.Context()) }()
	go func() {
		results <- s.Intervene(t.Context(), &admin.Intervention{Expect: 1, Audit: admin.AuditEntry{Actor: "a", Reason: "r", Action: admin.ActionRetry, Key: provision("i").Instance.Key}})
	}()
	// Changes that share a transaction do not wait this long.
	observer := connect(t, dsn)
	eventually(t, "both wait", func() bool {
		var waiting int
		err := observer.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
			AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '4 seconds'`).Scan(&waiting)
		return err == nil && waiting == 2
	})
	unlock()
	execute(t, ping, "ROLLBACK")
	for range 2 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

// Renew renews free operations immediately, and locked ones when the lock is
// released.
func TestRenewLocked(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	s := open(t, dsn, pgstore.WithTimeout(time.Minute))
	free := provision("free")
	free.Operation.Owner, free.Operation.Lease = "worker", time.Hour
	if err := s.Accept(t.Context(), free); err != nil {
		t.Fatal(err)
	}
	unlock := locked(t, s, dsn, "a", "z")
	var fences []durable.Fence
	for _, id := range []string{"a", "free", "z"} {
		fences = append(fences, durable.Fence{OperationID: "operation-" + id, Generation: 1})
	}
	brief := open(t, dsn, pgstore.WithTimeout(time.Second))
	eventually(t, "free operations are renewed", func() bool {
		states, err := brief.Renew(t.Context(), "worker", 9*time.Hour, fences)
		if err == nil || len(states) > 1 {
			t.Fatalf("renewed %v, %v", states, err)
		}
		return states[fences[1]] == durable.OperationActive
	})
	observer := connect(t, dsn)
	var until time.Duration
	var renewed time.Time
	if err := observer.QueryRow(t.Context(), "SELECT lease_until - now(), updated_at FROM openbroker.operations WHERE instance_id = 'free'").Scan(&until, &renewed); err != nil {
		t.Fatal(err)
	}
	if until < 8*time.Hour {
		t.Errorf("the renewed lease ends in %v", until)
	}
	var renewal sync.WaitGroup
	renewal.Go(func() {
		states, err := s.Renew(t.Context(), "worker", 9*time.Hour, fences)
		if err != nil || len(states) != 3 {
			t.Errorf("renewed %v, %v", states, err)
		}
	})
	eventually(t, "free operations are renewed again", func() bool {
		var later bool
		if err := observer.QueryRow(t.Context(), "SELECT updated_at > $1 FROM openbroker.operations WHERE instance_id = 'free'", renewed).Scan(&later); err != nil {
			t.Fatal(err)
		}
		return later
	})
	unlock()
	renewal.Wait()
}
