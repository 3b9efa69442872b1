package sqlitestore_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite" // The driver of the baseline.

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
)

const (
	benchClients = 64
	roundLength  = 300 * time.Millisecond
)

// BenchmarkGroupCommit compares the operations of 64 clients, two durable changes
// each, with the rows that 64 clients insert with a prepared autocommit INSERT into
// a database with the same settings. The two take turns, so that both see the same
// load of the machine:
//
//   - op/insert is how many operations complete in the time of one insert
//   - p99-ms is the time for both changes of an operation
func BenchmarkGroupCommit(b *testing.B) {
	store := open(b, filepath.Join(b.TempDir(), "broker.db"))
	insert := baseline(b)
	data := make([]byte, 400)
	var ids atomic.Int64
	var operations, inserts float64
	var latencies []time.Duration
	for b.Loop() {
		rate, _ := round(b, insert)
		inserts += rate
		rate, times := round(b, func(ctx context.Context) error { return operate(ctx, store, ids.Add(1), data) })
		operations += rate
		latencies = append(latencies, times...)
	}
	b.ReportMetric(operations/inserts, "op/insert")
	b.ReportMetric(operations/float64(b.N), "op/s")
	b.ReportMetric(inserts/float64(b.N), "insert/s")
	b.ReportMetric(percentile(latencies, 50).Seconds()*1e3, "p50-ms")
	b.ReportMetric(percentile(latencies, 99).Seconds()*1e3, "p99-ms")
	b.ReportMetric(0, "ns/op")
}

// baseline returns a prepared autocommit INSERT of a row like that of an operation.
// It uses one connection, because several would only wait for each other.
func baseline(b *testing.B) func(context.Context) error {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "baseline.db")+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_pragma=foreign_keys(ON)"+
		"&_pragma=cache_size(-8192)&_pragma=wal_autocheckpoint(4000)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(b.Context(), "CREATE TABLE t (id TEXT PRIMARY KEY, data BLOB NOT NULL)"); err != nil {
		b.Fatal(err)
	}
	statement, err := db.PrepareContext(b.Context(), "INSERT INTO t (id, data) VALUES (?, ?)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { statement.Close() })
	data := make([]byte, 400)
	var ids atomic.Int64
	forever := context.WithoutCancel(b.Context()) // Watching a context would slow the baseline down.
	return func(context.Context) error {
		_, err := statement.ExecContext(forever, scattered(ids.Add(1)), data)
		return err
	}
}

// operate provisions an instance: one acceptance and one advance.
func operate(ctx context.Context, store *sqlitestore.Store, n int64, data []byte) error {
	key := durable.Key{Platform: "default", InstanceID: scattered(n)}
	instance := durable.InstanceRecord{Key: key, Status: durable.StatusCreating, ServiceID: "service", PlanID: "plan", Data: data}
	operation := &durable.OperationSpec{ID: "op" + key.InstanceID, Key: key, Kind: durable.KindProvision, Owner: "me", Lease: 15 * time.Second, Timeout: time.Hour, Data: data}
	if err := store.Accept(ctx, &durable.Acceptance{Instance: instance, Operation: operation}); err != nil {
		return err
	}
	instance.Status = durable.StatusReady
	return store.Advance(ctx, &durable.Advance{
		Fence: durable.Fence{OperationID: operation.ID, Generation: 1}, Key: key, State: durable.OperationSucceeded, Instance: &instance,
	})
}

// scattered returns an id as random as those of platforms.
func scattered(n int64) string {
	return fmt.Sprintf("%016x-%d", uint64(n)*0x9e3779b97f4a7c15, n)
}

// round lets the clients call f for roundLength. It returns the number of calls a
// second and the duration of each.
func round(b *testing.B, f func(context.Context) error) (float64, []time.Duration) {
	b.Helper()
	results := make([][]time.Duration, benchClients)
	var clients sync.WaitGroup
	start := time.Now()
	for i := range benchClients {
		clients.Go(func() {
			for time.Since(start) < roundLength {
				called := time.Now()
				if err := f(b.Context()); err != nil {
					b.Error(err)
					return
				}
				results[i] = append(results[i], time.Since(called))
			}
		})
	}
	clients.Wait()
	elapsed := time.Since(start)
	var all []time.Duration
	for _, times := range results {
		all = append(all, times...)
	}
	return float64(len(all)) / elapsed.Seconds(), all
}

func percentile(times []time.Duration, percent int) time.Duration {
	slices.Sort(times)
	return times[len(times)*percent/100]
}

// BenchmarkReads measures the reads of polls and GET requests, on a database with
// some history.
func BenchmarkReads(b *testing.B) {
	store := open(b, filepath.Join(b.TempDir(), "broker.db"))
	data := make([]byte, 400)
	const instances = 2000
	for n := range int64(instances) {
		if err := operate(b.Context(), store, n, data); err != nil {
			b.Fatal(err)
		}
	}
	key := func(n int) durable.Key {
		return durable.Key{Platform: "default", InstanceID: scattered(int64(n % instances))}
	}
	for name, read := range map[string]func(int) error{
		"Operation":      func(n int) error { _, err := store.Operation(b.Context(), key(n), "op"+key(n).InstanceID); return err },
		"last Operation": func(n int) error { _, err := store.Operation(b.Context(), key(n), ""); return err },
		"Load":           func(n int) error { _, err := store.Load(b.Context(), key(n)); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if err := read(n); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
