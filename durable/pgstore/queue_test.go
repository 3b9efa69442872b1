package pgstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/pgstore"
)

// Claims begin shortly before the oldest open operation, whatever ended before. An operation
// before that is only claimed later.
func TestOldest(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	s, conn := open(t, dsn), connect(t, dsn)
	claim := func(want ...string) {
		t.Helper()
		records, err := s.Claim(t.Context(), "worker", time.Hour, 10, durable.ClaimExclusion{})
		ids := make([]string, len(records))
		for i, r := range records {
			ids[i] = r.ID
		}
		if err != nil || fmt.Sprint(ids) != fmt.Sprint(want) {
			t.Errorf("claimed %v, %v, want %v", ids, err, want)
		}
	}
	accept := func(id string, seq int) {
		t.Helper()
		execute(t, conn, fmt.Sprintf("ALTER TABLE openbroker.operations ALTER COLUMN seq RESTART WITH %d", seq))
		if err := s.Accept(t.Context(), provision(id)); err != nil {
			t.Fatal(err)
		}
	}
	begins := func(want int64) {
		t.Helper()
		if got := s.Oldest(); got != want {
			t.Errorf("claims begin at %d, want %d", got, want)
		}
	}
	claim()
	begins(0)

	const first, second, late = 50_000, 60_000, 55_000
	accept("first", first)
	accept("second", second)
	s.SetOldest(0, time.Time{})
	claim("operation-first", "operation-second")
	begins(first - pgstore.OldestMargin)

	if err := s.Advance(t.Context(), &durable.Advance{Fence: durable.Fence{OperationID: "operation-first", Generation: 1}, Key: provision("first").Instance.Key, State: durable.OperationSucceeded}); err != nil {
		t.Fatal(err)
	}
	s.SetOldest(0, time.Time{})
	claim()
	begins(second - pgstore.OldestMargin)

	// The transaction of this one lasted long.
	accept("late", late)
	claim()
	s.SetOldest(s.Oldest(), time.Time{})
	claim("operation-late")

	// Nothing is open.
	for id, generation := range map[string]int64{"second": 1, "late": 1} {
		if err := s.Advance(t.Context(), &durable.Advance{Fence: durable.Fence{OperationID: "operation-" + id, Generation: generation}, Key: provision(id).Instance.Key, State: durable.OperationSucceeded}); err != nil {
			t.Fatal(err)
		}
	}
	s.SetOldest(0, time.Time{})
	claim()
	begins(second - pgstore.OldestMargin)
}

// An outage does not change where claims begin.
func TestOldestInOutage(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	s := open(t, dsn, pgstore.WithTimeout(time.Second))
	s.SetOldest(4711, time.Time{})
	blocker := connect(t, dsn)
	execute(t, blocker, "BEGIN", "LOCK TABLE openbroker.operations")
	if _, err := s.Claim(t.Context(), "worker", time.Hour, 10, durable.ClaimExclusion{}); err == nil {
		t.Error("claimed from a locked table")
	}
	if got := s.Oldest(); got != 4711 {
		t.Errorf("claims begin at %d", got)
	}
}
