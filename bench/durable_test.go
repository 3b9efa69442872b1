package bench_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the drivers of the floors
	_ "modernc.org/sqlite"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/pgstore"
	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/seal"
)

// noop is a provider that does nothing.
type noop struct{}

func (noop) Provision(context.Context, *durable.Task, durable.Instance) (durable.ProvisionResult, error) {
	return durable.ProvisionResult{}, nil
}

func (noop) Update(context.Context, *durable.Task, durable.Instance, durable.Instance) (durable.UpdateResult, error) {
	return durable.UpdateResult{}, nil
}

func (noop) Deprovision(context.Context, *durable.Task, durable.Instance) error { return nil }

func (noop) Bind(context.Context, *durable.Task, durable.Binding) (durable.BindResult, error) {
	return durable.BindResult{}, nil
}

func (noop) Unbind(context.Context, *durable.Task, durable.Binding) error { return nil }

func newKeys(tb testing.TB) *seal.Keyring {
	tb.Helper()
	data, err := seal.GenerateKeyset()
	if err != nil {
		tb.Fatal(err)
	}
	keys, err := seal.Parse(data)
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

func startEngine(tb testing.TB, store durable.Store, change func(*durable.Config)) (*durable.Engine, http.Handler) {
	tb.Helper()
	logger := logLines()
	config := durable.Config{Sealer: newKeys(tb), Logger: logger}
	if change != nil {
		change(&config)
	}
	engine, err := durable.New(tb.Context(), benchCatalog(1), noop{}, store, config)
	if err != nil {
		tb.Fatal(err)
	}
	engine.Start(tb.Context())
	tb.Cleanup(func() { engine.Stop(context.Background()) })
	return engine, openbroker.NewHandler(engine, openbroker.WithLogger(logger))
}

// request calls a handler like a platform.
func request(tb testing.TB, handler http.Handler, method, target, body string) int {
	tb.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, "http://broker"+target, strings.NewReader(body))
	if err != nil {
		tb.Error(err)
		return 0
	}
	r.Header.Set(openbroker.HeaderAPIVersion, "2.17")
	w := &discard{header: http.Header{}}
	handler.ServeHTTP(w, r)
	return w.status
}

const clients = 64

// crowd calls f n times in total, from 64 goroutines. It returns the elapsed time
// and the sorted durations of the calls.
func crowd(n int, f func(i int)) (time.Duration, []time.Duration) { return crowdOf(clients, n, f) }

// crowdOf is crowd with another number of goroutines.
func crowdOf(goroutines, n int, f func(i int)) (time.Duration, []time.Duration) {
	var next atomic.Int64
	took := make([]time.Duration, n)
	var wait sync.WaitGroup
	start := time.Now()
	for range goroutines {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				began := time.Now()
				f(i)
				took[i] = time.Since(began)
			}
		})
	}
	wait.Wait()
	all := time.Since(start)
	slices.Sort(took)
	return all, took
}

// insertFloor returns a function that does the least work of any broker with
// state: one prepared INSERT in its own transaction.
func insertFloor(b *testing.B, db *sql.DB, create, insert string) func(i int) {
	b.Helper()
	if _, err := db.ExecContext(b.Context(), create); err != nil {
		b.Fatal(err)
	}
	statement, err := db.PrepareContext(b.Context(), insert)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = statement.Close() })
	body := cfProvision()
	var id atomic.Int64
	return func(int) {
		if _, err := statement.ExecContext(context.Background(), fmt.Sprint(id.Add(1)), body); err != nil {
			b.Error(err)
		}
	}
}

func provisionThroughput(b *testing.B, engine *durable.Engine, floor func(i int)) {
	b.Helper()
	const round = 2000
	catalog, err := engine.Catalog(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	service := catalog.Service(benchService)
	var wanted openbroker.ProvisionRequest
	if err := json.Unmarshal([]byte(cfProvision()), &wanted); err != nil {
		b.Fatal(err)
	}
	wanted.Service, wanted.Plan, wanted.AcceptsIncomplete = service, service.Plan(benchPlan), true
	var id atomic.Int64
	var floorTime, subjectTime time.Duration
	var latencies []time.Duration
	rounds := 0
	for b.Loop() {
		took, _ := crowd(round, floor)
		floorTime += took
		took, each := crowd(round, func(int) {
			request := wanted
			request.InstanceID = fmt.Sprintf("i-%d", id.Add(1))
			if response, err := engine.Provision(context.Background(), &request); err != nil || response.Outcome != openbroker.Completed {
				b.Errorf("%+v, %v", response, err)
			}
		})
		subjectTime += took
		latencies = append(latencies, each...)
		rounds++
	}
	slices.Sort(latencies)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(floorTime)/float64(subjectTime), "ratio")
	b.ReportMetric(float64(rounds*round)/subjectTime.Seconds(), "provisions/s")
	b.ReportMetric(float64(rounds*round)/floorTime.Seconds(), "inserts/s")
	b.ReportMetric(float64(latencies[len(latencies)*99/100])/float64(time.Millisecond), "p99-ms")
}

// A database has a store for an engine, and a table for the floor.
type database struct {
	name string
	// store is the store of the engine.
	store durable.Store
	// floor is a database of the same kind with the same settings. create creates
	// its table, and insert inserts a row.
	floor          *sql.DB
	create, insert string
	// fill inserts n ready instances with size bytes of data into the store.
	fill func(n, size int)
}

// forEachDatabase runs a benchmark on SQLite and PostgreSQL.
func forEachDatabase(b *testing.B, f func(b *testing.B, d *database)) {
	b.Helper()
	b.Run("sqlite", func(b *testing.B) { f(b, openSQLite(b)) })
	b.Run("postgres", func(b *testing.B) { f(b, openPostgres(b)) })
}

const floorPragmas = "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)"

func openSQLite(b *testing.B) *database {
	b.Helper()
	dir := b.TempDir()
	path := filepath.Join(dir, "engine.db")
	store, err := sqlitestore.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	floor := openSQL(b, "sqlite", "file:"+filepath.Join(dir, "floor.db")+floorPragmas)
	floor.SetMaxOpenConns(1) // SQLite has one writer. Waiting here is cheaper than in its busy handler.
	return &database{
		name: "sqlite", store: store, floor: floor,
		create: `CREATE TABLE floor (id TEXT PRIMARY KEY, body TEXT)`, insert: `INSERT INTO floor VALUES (?, ?)`,
		fill: func(n, size int) { fillSQLite(b, path, n, size) },
	}
}

// fillSQLite inserts n ready instances with size bytes of data into the database.
func fillSQLite(b *testing.B, path string, n, size int) {
	b.Helper()
	db := openSQL(b, "sqlite", "file:"+path+floorPragmas)
	fill(b, db, `INSERT INTO instances SELECT 'default', 'f-' || value, 1, 'ready', '`+benchService+`', '`+benchPlan+`', zeroblob(`+fmt.Sprint(size)+`), 1, 1
		FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < `+fmt.Sprint(n)+`) SELECT value FROM n)`,
		`INSERT INTO operations (id, platform, instance_id, binding_id, kind, internal, last, slot, state, generation, attempt, failures, owner, lease_until, not_before, deadline, description, created_at, updated_at, finished_at)
		SELECT 'o-' || instance_id, platform, instance_id, '', 'provision', 0, 1, '', 'succeeded', 1, 1, 0, '', 0, 0, 0, '', 1, 1, 1 FROM instances WHERE instance_id LIKE 'f-%'`,
		// Without a checkpoint the rows stay in the write-ahead log, where reads
		// are slower.
		`PRAGMA wal_checkpoint(TRUNCATE)`)
}

func openPostgres(b *testing.B) *database {
	b.Helper()
	server := pgtest.Start(b, pgtest.WithFsync())
	dsn := server.NewDatabase(b)
	store, err := pgstore.Open(b.Context(), dsn)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	floor := openSQL(b, "pgx", server.NewDatabase(b))
	floor.SetMaxOpenConns(clients)
	floor.SetMaxIdleConns(clients)
	return &database{
		name: "postgres", store: store, floor: floor,
		create: `CREATE TABLE floor (id TEXT PRIMARY KEY, body TEXT)`, insert: `INSERT INTO floor VALUES ($1, $2)`,
		fill: func(n, size int) {
			db := openSQL(b, "pgx", dsn)
			fill(b, db, `INSERT INTO openbroker.instances
				SELECT 'default', 'f-' || n, 1, 'ready', '`+benchService+`', '`+benchPlan+`', convert_to(repeat(md5(n::text), `+fmt.Sprint(size/32)+`), 'UTF8'), now(), now()
				FROM generate_series(1, `+fmt.Sprint(n)+`) n`, `VACUUM ANALYZE openbroker.instances`)
		},
	}
}

func openSQL(b *testing.B, driver, source string) *sql.DB {
	b.Helper()
	db, err := sql.Open(driver, source)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return db
}

func fill(b *testing.B, db *sql.DB, statements ...string) {
	b.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDurableProvision compares a synchronous provision through the engine
// with an autocommit INSERT of the same body into the same kind of database.
// The provision makes two durable changes and writes a log line. Each has 64
// clients, without HTTP. ratio is the ratio of throughputs. The targets are a
// ratio of at least 1.0 on SQLite and 0.5 on PostgreSQL, and at most 50 for
// p99-ms.
func BenchmarkDurableProvision(b *testing.B) {
	forEachDatabase(b, func(b *testing.B, d *database) {
		floor := insertFloor(b, d.floor, d.create, d.insert)
		engine, _ := startEngine(b, d.store, nil)
		provisionThroughput(b, engine, floor)
	})
}

// BenchmarkAcceptedToFinished measures an operation that does nothing, from the
// request to the first response that shows its result. The target for p50 is at
// most 5 ms.
func BenchmarkAcceptedToFinished(b *testing.B) {
	forEachDatabase(b, func(b *testing.B, d *database) {
		_, handler := startEngine(b, d.store, func(c *durable.Config) { c.DefaultPolicy.Mode = durable.ModeAsynchronous })
		body := cfProvision()
		var took []time.Duration
		for b.Loop() {
			for range 100 {
				target := fmt.Sprintf("/v2/service_instances/i-%d", len(took))
				began := time.Now()
				if status := request(b, handler, http.MethodPut, target+"?accepts_incomplete=true", body); status != http.StatusAccepted {
					b.Fatalf("status %d", status)
				}
				// The engine answers GET with 404 until the instance is ready.
				for request(b, handler, http.MethodGet, target, "") != http.StatusOK {
					runtime.Gosched()
				}
				took = append(took, time.Since(began))
			}
		}
		slices.Sort(took)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(milliseconds(took[len(took)/2]), "p50-ms")
		b.ReportMetric(milliseconds(took[len(took)*99/100]), "p99-ms")
	})
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// BenchmarkDurableRead compares polls and fetches through the engine on SQLite
// with the same calls to a broker without state, both behind net/http. ratio is
// CPU time. Its target is at most 3.
func BenchmarkDurableRead(b *testing.B) {
	d := openSQLite(b)
	_, handler := startEngine(b, d.store, nil)
	if status := request(b, handler, http.MethodPut, "/v2/service_instances/i-1?accepts_incomplete=true", cfProvision()); status != http.StatusCreated {
		b.Fatalf("status %d", status)
	}
	stateless := openbroker.NewHandler(&nullBroker{catalog: benchCatalog(1)}, openbroker.WithLogger(logLines()))
	for _, c := range []benchCase{
		{name: "last_operation", method: http.MethodGet, target: "/v2/service_instances/i-1/last_operation", status: http.StatusOK},
		{name: "get", method: http.MethodGet, target: "/v2/service_instances/i-1", status: http.StatusOK},
	} {
		b.Run(c.name, func(b *testing.B) {
			durable, floor := connect(b, handler, &c), connect(b, stateless, &c)
			var measured comparison
			for b.Loop() {
				measured.add(func() { floor.call(b) }, func() { durable.call(b) })
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(measured.ratio(), "ratio")
			b.ReportMetric(3, "ratio-target")
		})
	}
}

// BenchmarkInstances compares an engine with 1,000,000 instances with one that
// has 1,000. The targets are a ratio of at most 1.25 for the medians of
// provision, poll and fetch, and memory that does not depend on the number of
// instances.
func BenchmarkInstances(b *testing.B) {
	sizes := [...]int{1_000, 1_000_000}
	var brokers [len(sizes)]string
	for i, n := range sizes {
		d := openSQLite(b)
		d.fill(n, 0)
		_, handler := startEngine(b, d.store, nil)
		server := httptest.NewServer(handler)
		b.Cleanup(server.Close)
		brokers[i] = server.URL
	}
	body := cfProvision()
	calls := map[string]func(broker string, size, i int) bool{
		"provision": func(broker string, _, i int) bool {
			return overHTTP(b, http.MethodPut, fmt.Sprintf("%s/v2/service_instances/new-%d?accepts_incomplete=true", broker, i), body) == http.StatusCreated
		},
		"last_operation": func(broker string, size, i int) bool {
			return overHTTP(b, http.MethodGet, fmt.Sprintf("%s/v2/service_instances/f-%d/last_operation", broker, spread(size, i)), "") == http.StatusOK
		},
		"get": func(broker string, size, i int) bool {
			return overHTTP(b, http.MethodGet, fmt.Sprintf("%s/v2/service_instances/f-%d", broker, spread(size, i)), "") == http.StatusOK
		},
	}
	made := 0
	for _, name := range []string{"provision", "last_operation", "get"} {
		b.Run(name, func(b *testing.B) {
			var took [len(sizes)][]time.Duration
			for b.Loop() {
				for range 500 {
					made++
					for s, size := range sizes {
						began := time.Now()
						if !calls[name](brokers[s], size, made) {
							b.Fatal("the call failed")
						}
						took[s] = append(took[s], time.Since(began))
					}
				}
			}
			for s := range took {
				slices.Sort(took[s])
			}
			few, many := took[0][len(took[0])/2], took[1][len(took[1])/2]
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(many)/float64(few), "ratio")
			b.ReportMetric(1.25, "ratio-target")
			var memory runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&memory)
			b.ReportMetric(float64(memory.HeapAlloc)/(1<<20), "heap-MiB")
		})
	}
}

// overHTTP sends a request like a platform, on a keep-alive connection.
func overHTTP(b *testing.B, method, url, body string) int {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, url, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set(openbroker.HeaderAPIVersion, "2.17")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

// spread returns the number of an instance for call i. Successive calls use distant
// instances, which defeats caches.
func spread(size, i int) int { return i*7919%size + 1 }
