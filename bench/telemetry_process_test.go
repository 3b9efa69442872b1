//go:build linux

package bench_test

import (
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// measuredConfig is a broker with one platform, on SQLite. Its log is JSON, a line for
// each request.
const measuredConfig = `
listen: 127.0.0.1:0
auth: {basic: [{username: user, password: password}]}
data: data
log: {format: json}
provider: {sqlitefile: {directory: instances}}
`

// BenchmarkTelemetry compares three processes of `openbroker serve` on SQLite: one
// without telemetry, one with metrics, and one with metrics that also sends a trace of
// every request to a collector. metrics and traces are the ratios of the processor time
// of the whole process, which encodes and sends the spans, too; the client and the
// collector are in the process of the benchmark, and do not count. The ratios are
// medians of lives of the processes: each has other addresses, which affect its speed
// as long as it lives. The target is at most 1.1.
func BenchmarkTelemetry(b *testing.B) {
	binary := buildBinary(b)
	body := measuredBody()
	for _, request := range []benchCase{
		{name: "last_operation", method: http.MethodGet, target: "/v2/service_instances/i-1/last_operation", status: http.StatusOK},
		{name: "get", method: http.MethodGet, target: "/v2/service_instances/i-1", status: http.StatusOK},
		{name: "provisioned", method: http.MethodPut, target: "/v2/service_instances/i-1?accepts_incomplete=true", body: body, status: http.StatusOK},
	} {
		b.Run(request.name, func(b *testing.B) {
			var base time.Duration
			var metrics, traces []float64
			for b.Loop() {
				took := liveOnce(b, binary, body, &request)
				base += took[0]
				metrics = append(metrics, float64(took[1])/float64(took[0]))
				traces = append(traces, float64(took[2])/float64(took[0]))
			}
			slices.Sort(metrics)
			slices.Sort(traces)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(base.Microseconds())/float64(b.N), "cpu-us/request")
			b.ReportMetric(metrics[len(metrics)/2], "metrics")
			b.ReportMetric(traces[len(traces)/2], "traces")
			b.ReportMetric(1.1, "target")
		})
	}
}

// liveOnce starts the three processes, and returns the processor time that each takes for
// a request. Several clients keep a process busy: with one, most of the time is that of
// falling asleep and waking up.
func liveOnce(b *testing.B, binary, provision string, request *benchCase) (took [3]time.Duration) {
	b.Helper()
	const clients, calls, turns = 4, 16, 48
	const metrics = "telemetry: {listen: 127.0.0.1:0}\n"
	c := newCollector()
	defer c.server.Close()
	var connections [3][clients]*connection
	var processes [3]*measuredProcess
	for _, i := range rand.Perm(len(processes)) {
		switch i {
		case 0:
			processes[i] = startProcess(b, binary, measuredConfig, nil)
		case 1:
			processes[i] = startProcess(b, binary, measuredConfig+metrics, nil)
		default:
			processes[i] = startProcess(b, binary, measuredConfig+metrics, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.server.URL, "OTEL_METRICS_EXPORTER=none"})
		}
		defer processes[i].stop()
		dial(b, processes[i].address, &benchCase{method: http.MethodPut, target: "/v2/service_instances/i-1?accepts_incomplete=true", body: provision, status: http.StatusCreated})
		for j := range connections[i] {
			connections[i][j] = dial(b, processes[i].address, request)
		}
	}
	run := func(i int) time.Duration {
		began := processes[i].cpuTime(b)
		var all sync.WaitGroup
		for _, connection := range connections[i] {
			all.Go(func() {
				for range calls {
					connection.call(b)
				}
			})
		}
		all.Wait()
		return processes[i].cpuTime(b) - began
	}
	for i := range processes {
		for range turns / 4 {
			run(i) // Caches are filled, and the heap has its size.
		}
	}
	received := c.spans.Load()
	for range turns {
		for _, i := range rand.Perm(len(processes)) {
			took[i] += run(i)
		}
	}
	// The last spans may still wait.
	const requests, waiting = clients * calls * turns, 1024
	if spans := int(c.spans.Load() - received); spans < requests-waiting {
		b.Fatalf("%d requests, but only %d spans", requests, spans)
	}
	for i := range took {
		took[i] /= requests
	}
	return took
}

// A collector receives spans by OTLP, counts and forgets them. It decodes no more than it
// must, because it shares the processors with what is measured.
type collector struct {
	server *httptest.Server
	spans  atomic.Int64
}

func newCollector() *collector {
	c := &collector{}
	c.server = httptest.NewServer(c)
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	// From a request to its spans: those of a resource, those of a scope, each span.
	spans, valid := countFields(body, []protowire.Number{1, 2, 2})
	if err != nil || !valid {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.spans.Add(spans)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// countFields counts the fields at the end of a path of numbers. It reports whether the
// message is valid so far.
func countFields(message []byte, path []protowire.Number) (count int64, valid bool) {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return 0, false
		}
		message = message[n:]
		length := protowire.ConsumeFieldValue(number, kind, message)
		if length < 0 {
			return 0, false
		}
		switch {
		case number != path[0]:
		case len(path) == 1:
			count++
		default:
			inner, _ := protowire.ConsumeBytes(message)
			below, valid := countFields(inner, path[1:])
			if !valid {
				return 0, false
			}
			count += below
		}
		message = message[length:]
	}
	return count, true
}
