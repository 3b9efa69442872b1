package pgstore_test

import (
	"context"
	"testing"

	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
)

// BenchmarkVacuum compares settings of the table of operations: the bytes of the tables with
// their indexes per operation, how often autovacuum came, and the rate of
// operations. Autovacuum looks every second, so that minutes show what days do.
func BenchmarkVacuum(b *testing.B) {
	for _, c := range []struct{ name, settings string }{
		{"defaults", ""},
		{"scale=0.02", "ALTER TABLE openbroker.operations SET (autovacuum_vacuum_scale_factor = 0.02)"},
		{"scale=0.5", "ALTER TABLE openbroker.operations SET (autovacuum_vacuum_scale_factor = 0.5)"},
		{"fillfactor=100", "ALTER TABLE openbroker.operations SET (fillfactor = 100)"},
		{"fillfactor=60", "ALTER TABLE openbroker.operations SET (fillfactor = 60)"},
		{"off", "ALTER TABLE openbroker.operations SET (autovacuum_enabled = off)"},
	} {
		b.Run(c.name, func(b *testing.B) {
			server := pgtest.Start(b, pgtest.WithSetting("autovacuum_naptime", "1s"))
			dsn := server.NewDatabase(b)
			s, conn := open(b, dsn), connect(b, dsn)
			execute(b, conn, c.settings)
			data := make([]byte, 300)
			const n = 20_000
			rate := 0.0
			for b.Loop() {
				f := measure(b, n, func(ctx context.Context) error { return runOperation(ctx, s, data) })
				rate = f.rate()
			}
			var bytes, vacuums float64
			if err := conn.QueryRow(b.Context(), `SELECT pg_total_relation_size(relid), autovacuum_count FROM pg_stat_user_tables WHERE relname = 'operations'`).Scan(&bytes, &vacuums); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(bytes/float64(n*b.N), "B/operation")
			b.ReportMetric(vacuums, "vacuums")
			b.ReportMetric(rate, "operations/s")
		})
	}
}
