package pgstore_test

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
)

const (
	benchClients = 64
	// benchConns is the size of both pools, the default of the store.
	benchConns = "&pool_max_conns=10"
)

// BenchmarkOperation compares complete operations (one Accept and one Advance) of 64
// clients with prepared autocommit INSERTs of 64 clients, on the same server and
// through a pool of the same size. The two take turns, so that both see the same
// load of the machine.
func BenchmarkOperation(b *testing.B) {
	server := pgtest.Start(b, pgtest.WithFsync())
	dsn := server.NewDatabase(b) + benchConns
	s := open(b, dsn)
	pool, err := pgxpool.New(b.Context(), dsn)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	if _, err := pool.Exec(b.Context(), `CREATE TABLE baseline (id text PRIMARY KEY, data bytea NOT NULL, created_at timestamptz NOT NULL)`); err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 300)
	insert := func(ctx context.Context) error {
		_, err := pool.Exec(ctx, `INSERT INTO baseline (id, data, created_at) VALUES ($1, $2, clock_timestamp())`, rand.Text(), data)
		return err
	}
	operation := func(ctx context.Context) error { return runOperation(ctx, s, data) }
	measure(b, 200, insert)
	measure(b, 200, operation)
	b.ResetTimer()
	const turns = 5
	var inserts, operations figures
	for range turns {
		inserts.add(measure(b, b.N/turns+1, insert))
		operations.add(measure(b, b.N/turns+1, operation))
	}
	b.ReportMetric(inserts.rate(), "inserts/s")
	b.ReportMetric(operations.rate(), "operations/s")
	b.ReportMetric(operations.rate()/inserts.rate(), "ratio")
	b.ReportMetric(inserts.quantile(0.99), "insert-p99-ms")
	b.ReportMetric(operations.quantile(0.5), "operation-p50-ms")
	b.ReportMetric(operations.quantile(0.99), "operation-p99-ms")
}

// BenchmarkIsolated measures sequential operations of one client.
func BenchmarkIsolated(b *testing.B) {
	server := pgtest.Start(b, pgtest.WithFsync())
	s := open(b, server.NewDatabase(b))
	data := make([]byte, 300)
	var latencies []time.Duration
	for b.Loop() {
		begin := time.Now()
		if err := runOperation(b.Context(), s, data); err != nil {
			b.Fatal(err)
		}
		latencies = append(latencies, time.Since(begin))
	}
	b.ReportMetric((&figures{latencies: latencies}).quantile(0.5), "p50-ms")
}

// runOperation provisions an instance.
func runOperation(ctx context.Context, s durable.Store, data []byte) error {
	key := durable.Key{Platform: "p", InstanceID: rand.Text()}
	id := rand.Text()
	record := durable.InstanceRecord{Key: key, Status: durable.StatusCreating, ServiceID: "service", PlanID: "plan", Data: data}
	if err := s.Accept(ctx, &durable.Acceptance{Instance: record, Operation: &durable.OperationSpec{
		ID: id, Key: key, Kind: durable.KindProvision, Owner: "replica", Lease: 15 * time.Second, Timeout: time.Hour, Data: data,
	}}); err != nil {
		return err
	}
	record.Status = durable.StatusReady
	return s.Advance(ctx, &durable.Advance{
		Fence: durable.Fence{OperationID: id, Generation: 1}, Key: key, State: durable.OperationSucceeded, Instance: &record, Description: new(string),
	})
}

type figures struct {
	latencies []time.Duration
	elapsed   time.Duration
}

func (f *figures) add(g figures) {
	f.latencies, f.elapsed = append(f.latencies, g.latencies...), f.elapsed+g.elapsed
}

func (f *figures) rate() float64 { return float64(len(f.latencies)) / f.elapsed.Seconds() }

// quantile returns milliseconds.
func (f *figures) quantile(q float64) float64 {
	slices.Sort(f.latencies)
	return f.latencies[int(q*float64(len(f.latencies)-1))].Seconds() * 1000
}

// measure lets the clients execute n steps in total.
func measure(b *testing.B, n int, step func(context.Context) error) figures {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(n))
	var mu sync.Mutex
	var all []time.Duration
	var clients sync.WaitGroup
	begin := time.Now()
	for range benchClients {
		clients.Go(func() {
			var latencies []time.Duration
			for left.Add(-1) >= 0 {
				begin := time.Now()
				if err := step(b.Context()); err != nil {
					b.Error(err)
					return
				}
				latencies = append(latencies, time.Since(begin))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, latencies...)
		})
	}
	clients.Wait()
	return figures{latencies: all, elapsed: time.Since(begin)}
}
