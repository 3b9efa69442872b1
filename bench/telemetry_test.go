package bench_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/telemetry"
)

// dropped is a collector that is fast: it receives spans and forgets them.
type dropped struct{}

func (dropped) ExportSpans(context.Context, []trace.ReadOnlySpan) error { return nil }
func (dropped) Shutdown(context.Context) error                          { return nil }

// startTelemetry returns the telemetry of openbroker serve, which measures each request
// and, with traces, traces it, and exports to nowhere.
func startTelemetry(b *testing.B, registry *prometheus.Registry, traces bool) *telemetry.Telemetry {
	b.Helper()
	reader, err := otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo())
	if err != nil {
		b.Fatal(err)
	}
	meters := metric.NewMeterProvider(metric.WithReader(reader))
	b.Cleanup(func() { _ = meters.Shutdown(context.Background()) })
	config := telemetry.Config{Meters: meters}
	if traces {
		provider := trace.NewTracerProvider(trace.WithBatcher(dropped{}))
		b.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
		config.Traces = provider
	}
	t, err := telemetry.New(config)
	if err != nil {
		b.Fatal(err)
	}
	return t
}

func startMeasured(b *testing.B, t *telemetry.Telemetry) http.Handler {
	b.Helper()
	store, err := sqlitestore.Open(b.Context(), b.TempDir()+"/broker.db")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	config := durable.Config{Sealer: newKeys(b), Logger: logLines()}
	observed := durable.Store(store)
	options := []openbroker.Option{openbroker.WithLogger(logLines())}
	if t != nil {
		config.Logger = slog.New(telemetry.LogHandler(config.Logger.Handler()))
		config.Observer, observed = t.Observer(), t.Store(store)
		options = []openbroker.Option{openbroker.WithLogger(config.Logger), openbroker.WithRequestObserver(t.ObserveRequest)}
	}
	engine, err := durable.New(b.Context(), benchCatalog(1), noop{}, observed, config)
	if err != nil {
		b.Fatal(err)
	}
	engine.Start(b.Context())
	b.Cleanup(func() { engine.Stop(context.Background()) })
	handler := openbroker.NewHandler(engine, options...)
	if status := request(b, handler, http.MethodPut, "/v2/service_instances/i-1?accepts_incomplete=true", cfProvision()); status != http.StatusCreated {
		b.Fatalf("status %d", status)
	}
	return handler
}

// BenchmarkScrape measures scrapes of a broker with 1,000,000 instances, whose records
// have 1 KiB of data, and the count of these instances, which runs beside them. The
// target is a scrape in at most 500 ms. The first one waits up to 250 ms for the count.
func BenchmarkScrape(b *testing.B) {
	const instances = 1_000_000
	forEachDatabase(b, func(b *testing.B, d *database) {
		d.fill(instances, 1024)
		counter, ok := d.store.(durable.Counter)
		if !ok {
			b.Fatal("the store does not count")
		}
		began := time.Now()
		counted, _, err := counter.CountRecords(b.Context())
		count := time.Since(began)
		if err != nil || len(counted) != 1 || counted[0].Count != instances {
			b.Fatalf("%v, %v", counted, err)
		}
		registry := prometheus.NewRegistry()
		t := startTelemetry(b, registry, false)
		engine, _ := startEngine(b, t.Store(d.store), nil)
		stop, err := t.WatchEngine(engine, d.store)
		if err != nil {
			b.Fatal(err)
		}
		defer stop()
		var longest time.Duration
		for b.Loop() {
			began := time.Now()
			if _, err := registry.Gather(); err != nil {
				b.Fatal(err)
			}
			longest = max(longest, time.Since(began))
		}
		b.ReportMetric(milliseconds(count), "count-ms")
		b.ReportMetric(milliseconds(longest), "longest-scrape-ms")
	})
}

// BenchmarkTelemetryHandler compares requests that are measured, and requests that are
// measured and traced, with requests that are neither: a handler on SQLite with its log
// line, without the server, the login and the audit trail of a process. metrics and traces
// are the ratios of CPU time, of server and client in one process; spans are not sent. The
// target is at most 1.1. BenchmarkTelemetry measures whole processes.
func BenchmarkTelemetryHandler(b *testing.B) {
	handlers := [3]http.Handler{
		startMeasured(b, nil),
		startMeasured(b, startTelemetry(b, prometheus.NewRegistry(), false)),
		startMeasured(b, startTelemetry(b, prometheus.NewRegistry(), true)),
	}
	compare := func(b *testing.B, batch int, call func(i int)) {
		b.Helper()
		var took [3]time.Duration
		for b.Loop() {
			for i := range took {
				began := cpuTime()
				for range batch {
					call(i)
				}
				took[i] += cpuTime() - began
			}
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(took[1])/float64(took[0]), "metrics")
		b.ReportMetric(float64(took[2])/float64(took[0]), "traces")
		b.ReportMetric(1.1, "target")
	}
	for _, c := range []benchCase{
		{name: "last_operation", method: http.MethodGet, target: "/v2/service_instances/i-1/last_operation", status: http.StatusOK},
		{name: "get", method: http.MethodGet, target: "/v2/service_instances/i-1", status: http.StatusOK},
		{name: "provisioned", method: http.MethodPut, target: "/v2/service_instances/i-1?accepts_incomplete=true", body: cfProvision(), status: http.StatusOK},
	} {
		b.Run(c.name, func(b *testing.B) {
			var connections [3]*connection
			for i, handler := range handlers {
				connections[i] = connect(b, handler, &c)
			}
			compare(b, 200, func(i int) { connections[i].call(b) })
		})
	}
	b.Run("provision", func(b *testing.B) {
		made := 0
		compare(b, 50, func(i int) {
			made++
			target := fmt.Sprintf("/v2/service_instances/n-%d?accepts_incomplete=true", made)
			if status := request(b, handlers[i], http.MethodPut, target, cfProvision()); status != http.StatusCreated {
				b.Fatalf("status %d", status)
			}
		})
	})
}
