package pgstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
)

// BenchmarkHeldSnapshot measures what a transaction that stays open does to the queue. The
// metrics are medians of a claim that finds nothing, and of an operation of one client:
// after the named number of operations, after as many more while another session holds a
// snapshot, and after its end. They are ratios to the same call before, in the same run.
func BenchmarkHeldSnapshot(b *testing.B) {
	for _, thousands := range []int{1, 10, 50} {
		b.Run(fmt.Sprintf("operations=%d000", thousands), func(b *testing.B) {
			server := pgtest.Start(b)
			dsn := server.NewDatabase(b)
			s, holder := open(b, dsn), connect(b, dsn)
			data := make([]byte, 300)
			operation := func(ctx context.Context) error { return runOperation(ctx, s, data) }
			claim := func(ctx context.Context) error {
				_, err := s.Claim(ctx, "other", time.Minute, 10, durable.ClaimExclusion{})
				return err
			}
			for b.Loop() {
				measure(b, 200, operation)
				medianOf(b, claim) // Statements are prepared.
				medianOf(b, operation)
				execute(b, holder, "VACUUM")
				emptyClaim, emptyOperation := medianOf(b, claim), medianOf(b, operation)
				measure(b, 1000*thousands, operation)
				b.ReportMetric(medianOf(b, claim)/emptyClaim, "free-claim")
				execute(b, holder, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM openbroker.settings")
				measure(b, 1000*thousands, operation)
				// The first claim looks for the oldest open operation.
				begin := time.Now()
				if err := claim(b.Context()); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(time.Since(begin).Seconds()/emptyClaim, "held-search")
				b.ReportMetric(medianOf(b, claim)/emptyClaim, "held-claim")
				b.ReportMetric(medianOf(b, operation)/emptyOperation, "held-operation")
				execute(b, holder, "ROLLBACK")
				b.ReportMetric(medianOf(b, claim)/emptyClaim, "ended-claim")
				b.ReportMetric(1000*emptyClaim, "empty-claim-ms")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// medianOf returns the median of 51 calls, in seconds.
func medianOf(b *testing.B, call func(context.Context) error) float64 {
	b.Helper()
	var f figures
	for range 51 {
		begin := time.Now()
		if err := call(b.Context()); err != nil {
			b.Fatal(err)
		}
		f.latencies = append(f.latencies, time.Since(begin))
	}
	return f.quantile(0.5) / 1000
}
