package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/openbroker/openbroker/durable"
)

// A Database is a new, empty database with a store on it, for one case.
type Database struct {
	// Store is open. The case may close it. The function that makes a Database
	// closes it with t.Cleanup: Close can be called twice.
	Store durable.Store
	// Reopen opens the database again after Store was closed.
	Reopen func(t *testing.T) durable.Store
	// Replica, if not nil, opens another store on the database, like another replica
	// of the broker. If it is nil, all clients use one store.
	Replica func(t *testing.T) durable.Store
	// Advance, if not nil, advances the clock of the database. If it is nil, the
	// cases wait for a few milliseconds.
	Advance func(d time.Duration)
	// SetBack sets the clock of the database back, or moves every stored time into
	// the future, which has the same effect.
	SetBack func(t *testing.T, d time.Duration)
}

// Run tests the contract with the stores of newDatabase. It calls newDatabase once
// for each case, from parallel tests.
func Run(t *testing.T, newDatabase func(t *testing.T) *Database) {
	t.Helper()
	groups := []struct {
		name  string
		cases []testCase
	}{
		{"Load", loadCases()},
		{"Accept", acceptCases()},
		{"Exclusion", exclusionCases()},
		{"Cancel", cancelCases()},
		{"Operation", operationCases()},
		{"MarkDelivered", deliverCases()},
		{"Advance", advanceCases()},
		{"Follow", followCases()},
		{"Claim", claimCases()},
		{"Renew", renewCases()},
		{"Held", heldCases()},
		{"SetBack", setBackCases()},
		{"Expired", expiredCases()},
		{"Prune", pruneCases()},
		{"List", listCases()},
		{"Count", countCases()},
		{"Setting", settingCases()},
		{"Lifecycle", lifecycleCases()},
		{"Concurrency", concurrencyCases()},
		{"Intervene", interveneCases()},
		{"InterveneRefused", interveneRefusedCases()},
		{"Audit", auditCases()},
		{"Trail", trailCases()},
		{"Summary", summaryCases()},
		{"Transfer", transferCases()},
		{"Reseal", resealCases()},
	}
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					database := newDatabase(t)
					c.run(&fixture{T: t, ctx: t.Context(), database: database, store: database.Store, newDatabase: newDatabase})
				})
			}
		})
	}
}

type testCase struct {
	name string
	run  func(*fixture)
}

const (
	// short is a time that a case waits for. long is a time that does not pass
	// during a case, even on a slow machine.
	short = 20 * time.Millisecond
	long  = time.Hour
)

// A fixture is a running case with helpers for its steps. The helpers end the case
// if the store fails.
type fixture struct {
	*testing.T
	ctx      context.Context //nolint:containedctx // It lives as long as the test.
	database *Database
	store    durable.Store
	// newDatabase makes another database.
	newDatabase func(t *testing.T) *Database
	ids         atomic.Int64
}

// replica returns a second store on the database, or the only one.
func (f *fixture) replica() durable.Store {
	f.Helper()
	if f.database.Replica == nil {
		return f.store
	}
	return f.database.Replica(f.T)
}

// id returns a new id.
func (f *fixture) id(prefix string) string {
	return fmt.Sprintf("%s-%d", prefix, f.ids.Add(1))
}

func (f *fixture) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// is ends the case unless err wraps want.
func (f *fixture) is(err, want error) {
	f.Helper()
	if !errors.Is(err, want) {
		f.Fatalf("error %v, want %v", err, want)
	}
}

// equal compares two values. It treats nil and empty as equal.
func (f *fixture) equal(what string, got, want any) {
	f.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		f.Errorf("%s is not as expected (-want +got):\n%s", what, diff)
	}
}

// now returns the time of the database.
func (f *fixture) now() time.Time {
	f.Helper()
	snapshot, err := f.store.Load(f.ctx, durable.Key{Platform: "clock", InstanceID: "none"})
	f.ok(err)
	return snapshot.Now
}

// pass waits until d has passed on the clock of the database.
func (f *fixture) pass(d time.Duration) {
	f.Helper()
	if f.database.Advance != nil {
		f.database.Advance(d)
		return
	}
	until := f.now().Add(d)
	poll := time.NewTicker(d/10 + time.Millisecond)
	defer poll.Stop()
	for f.now().Before(until) {
		select {
		case <-poll.C:
		case <-f.ctx.Done():
			f.Fatal(f.ctx.Err())
		}
	}
}

// during checks that a time minus offset is between before and now.
func (f *fixture) during(what string, got, before time.Time, offset time.Duration) {
	f.Helper()
	before, now := before.Add(offset), f.now().Add(offset)
	if got.Before(before) || got.After(now) {
		f.Errorf("%s is %v, want a time from %v to %v", what, got, before, now)
	}
}

func (f *fixture) load(key durable.Key) *durable.Snapshot {
	f.Helper()
	snapshot, err := f.store.Load(f.ctx, key)
	f.ok(err)
	return snapshot
}

func (f *fixture) operation(id string) *durable.OperationRecord {
	f.Helper()
	record, err := f.store.OperationByID(f.ctx, id)
	f.ok(err)
	return record
}

func (f *fixture) claim(owner string, lease time.Duration, limit int) []durable.OperationRecord {
	f.Helper()
	records, err := f.store.Claim(f.ctx, owner, lease, limit, durable.ClaimExclusion{})
	f.ok(err)
	return records
}

// claimed claims operations and checks that their ids are want, in this order.
func (f *fixture) claimed(want ...string) []durable.OperationRecord {
	f.Helper()
	records := f.claim("claimer", long, 100)
	f.equal("claimed operations", operationIDs(records), want)
	return records
}

func operationIDs(records []durable.OperationRecord) []string {
	ids := make([]string, 0, len(records))
	for i := range records {
		ids = append(ids, records[i].ID)
	}
	return ids
}

// unchanged runs step and checks that it changes neither the snapshot of the key nor
// the operations.
func (f *fixture) unchanged(key durable.Key, step func()) {
	f.Helper()
	state := func() (*durable.Snapshot, []durable.OperationRecord) {
		f.Helper()
		snapshot := f.load(key)
		snapshot.Now = time.Time{}
		records, err := f.store.Operations(f.ctx, durable.Filter{Limit: 1000})
		f.ok(err)
		return snapshot, records
	}
	snapshot, records := state()
	step()
	snapshotAfter, recordsAfter := state()
	f.equal("snapshot", snapshotAfter, snapshot)
	f.equal("operations", recordsAfter, records)
}
