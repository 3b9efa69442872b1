package bench_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/durable/pgstore"
	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
)

// BenchmarkPostgresSize measures what each kind of operation adds to PostgreSQL: to the
// tables with their indexes, and to the write-ahead log, without images of full pages.
// Requests have 1.4 KB, like those of Cloud Foundry. VACUUM comes often, as in a database
// that is older than this one. It prints the tables, too.
func BenchmarkPostgresSize(b *testing.B) {
	for _, goroutines := range []int{1, clients} {
		b.Run(fmt.Sprintf("clients=%d", goroutines), func(b *testing.B) {
			server := pgtest.Start(b, pgtest.WithSetting("checkpoint_timeout", "1h"), pgtest.WithSetting("max_wal_size", "64GB"))
			dsn := server.NewDatabase(b)
			store, err := pgstore.Open(b.Context(), dsn)
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = store.Close() })
			_, handler := startEngine(b, store, nil)
			db := openSQL(b, "pgx", dsn)
			const n = 5000
			for b.Loop() {
				measureSize(b, db, handler, goroutines, n)
			}
			b.ReportMetric(0, "ns/op")
			// The counters of a session are complete when it has ended.
			if err := store.Close(); err != nil {
				b.Fatal(err)
			}
			printTables(b, db)
		})
	}
}

// measureSize makes n life cycles, step by step.
func measureSize(b *testing.B, db *sql.DB, handler http.Handler, goroutines, n int) {
	b.Helper()
	const instance = "/v2/service_instances/i-%d"
	const binding = `{"service_id":"` + benchService + `","plan_id":"` + benchPlan + `","bind_resource":{"app_guid":"1113aa0f-124e-4af2-1526-6bfacf61b111"}}`
	for _, step := range []struct{ name, method, target, body string }{
		{"provision", http.MethodPut, instance + "?accepts_incomplete=true", cfProvision()},
		{"bind", http.MethodPut, instance + "/service_bindings/b-%[1]d?accepts_incomplete=true", binding},
		{"unbind", http.MethodDelete, instance + "/service_bindings/b-%[1]d" + deletionQuery, ""},
		{"deprovision", http.MethodDelete, instance + deletionQuery, ""},
	} {
		const position, part = "SELECT pg_current_wal_insert_lsn() - '0/0'", 250
		sizeBefore, log := tableBytes(b, db), 0.0
		for done := 0; done < n; done += part {
			begin := scalar(b, db, position)
			crowdOf(goroutines, part, func(i int) {
				if status := request(b, handler, step.method, fmt.Sprintf(step.target, done+i), step.body); status >= http.StatusBadRequest {
					b.Errorf("%s: status %d", step.name, status)
				}
			})
			log += scalar(b, db, position) - begin
			fill(b, db, "VACUUM")
		}
		b.ReportMetric(log/float64(n), step.name+"-log-B")
		b.ReportMetric((tableBytes(b, db)-sizeBefore)/float64(n), step.name+"-B")
	}
}

func tableBytes(b *testing.B, db *sql.DB) float64 {
	b.Helper()
	return scalar(b, db, "SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables WHERE schemaname = 'openbroker'")
}

func scalar(b *testing.B, db *sql.DB, query string) (value float64) {
	b.Helper()
	if err := db.QueryRowContext(b.Context(), query).Scan(&value); err != nil {
		b.Fatal(err)
	}
	return value
}

// printTables prints the sizes of the tables, and the share of the updates that wrote no index.
func printTables(b *testing.B, db *sql.DB) {
	b.Helper()
	rows, err := db.QueryContext(b.Context(), `SELECT format('%-16s %7s inserted %7s updated %3s %% HOT %7s dead %9s bytes %9s with indexes',
		relname, n_tup_ins, n_tup_upd, coalesce(100 * n_tup_hot_upd / nullif(n_tup_upd, 0), 0), n_dead_tup, pg_relation_size(relid), pg_total_relation_size(relid))
		FROM pg_stat_user_tables WHERE schemaname = 'openbroker' ORDER BY pg_total_relation_size(relid) DESC`)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			b.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	b.Log("\n" + strings.Join(lines, "\n"))
}
