//go:build linux

package bench_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	"github.com/openbroker/openbroker/provider/sqlitefile"
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
// medians of rounds, which alternate between the processes. The target is at most 1.1.
func BenchmarkTelemetry(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "openbroker")
	build := exec.CommandContext(b.Context(), "go", "build", "-o", binary, "../cmd/openbroker")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, output)
	}
	c := newCollector(b)
	const metrics = "telemetry: {listen: 127.0.0.1:0}\n"
	processes := [3]*measuredProcess{
		startProcess(b, binary, measuredConfig, nil),
		startProcess(b, binary, measuredConfig+metrics, nil),
		startProcess(b, binary, measuredConfig+metrics, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.url, "OTEL_METRICS_EXPORTER=none"}),
	}
	body := fmt.Sprintf(`{"service_id":%q,"plan_id":%q,`, sqlitefile.ServiceID, sqlitefile.SmallPlanID) + cfContext + "}"
	put := benchCase{name: "provisioned", method: http.MethodPut, target: "/v2/service_instances/i-1?accepts_incomplete=true", body: body, status: http.StatusOK}
	made := put
	made.status = http.StatusCreated
	for _, p := range processes {
		dial(b, p.address, &made)
	}
	for _, request := range []benchCase{
		{name: "last_operation", method: http.MethodGet, target: "/v2/service_instances/i-1/last_operation", status: http.StatusOK},
		{name: "get", method: http.MethodGet, target: "/v2/service_instances/i-1", status: http.StatusOK},
		put,
	} {
		b.Run(request.name, func(b *testing.B) { compareProcesses(b, processes, c, &request) })
	}
}

// compareProcesses reports the ratios of the processor time of one kind of request. Several
// clients keep a process busy: with one, most of the time is that of falling asleep and
// waking up.
func compareProcesses(b *testing.B, processes [3]*measuredProcess, c *collector, request *benchCase) {
	b.Helper()
	// A round has as many requests as a batch of spans. It alternates often between the
	// processes, so that the load of the machine affects all of them.
	const clients, calls, turns = 4, 16, 8
	var connections [3][clients]*connection
	for i, p := range processes {
		for j := range connections[i] {
			connections[i][j] = dial(b, p.address, request)
		}
	}
	received, rounds := c.spans.Load(), 0
	var ratios [3][]float64
	var total [3]time.Duration
	for b.Loop() {
		var took [3]time.Duration
		for turn := range turns * len(took) {
			i := (turn + turn/len(took)) % len(took)
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
			took[i] += processes[i].cpuTime(b) - began
		}
		rounds++
		for i := range took {
			total[i] += took[i]
			ratios[i] = append(ratios[i], float64(took[i])/float64(took[0]))
		}
	}
	requests := rounds * clients * calls * turns
	// The last spans may still wait.
	if spans := int(c.spans.Load() - received); spans < requests-5000 {
		b.Fatalf("%d requests, but only %d spans", requests, spans)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(total[0].Microseconds())/float64(requests), "cpu-us/request")
	for i, name := range []string{1: "metrics", 2: "traces"} {
		if name != "" {
			slices.Sort(ratios[i])
			b.ReportMetric(ratios[i][len(ratios[i])/2], name)
			b.ReportMetric(float64(total[i])/float64(total[0]), name+"-mean")
		}
	}
	b.ReportMetric(1.1, "target")
}

// A collector receives spans by OTLP, counts and forgets them.
type collector struct {
	url   string
	spans atomic.Int64
}

func newCollector(b *testing.B) *collector {
	b.Helper()
	c := &collector{}
	server := httptest.NewServer(c)
	b.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var request collectortrace.ExportTraceServiceRequest
	if err != nil || proto.Unmarshal(body, &request) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, resource := range request.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			c.spans.Add(int64(len(scope.GetSpans())))
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// A measuredProcess is a running `openbroker serve`.
type measuredProcess struct {
	cmd     *exec.Cmd
	address net.Addr
}

func startProcess(b *testing.B, binary, config string, environment []string) *measuredProcess {
	b.Helper()
	directory := b.TempDir()
	file := filepath.Join(directory, "openbroker.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(b.Context()), binary, "serve", "--config", file)
	cmd.Dir = directory
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + directory}, environment...)
	// A pipe would wake the process of the benchmark for each line, at a cost that varies.
	log, err := os.Create(filepath.Join(directory, "log"))
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	_, host, found := strings.Cut(strings.TrimSpace(line), "://")
	if !found {
		text, _ := os.ReadFile(log.Name())
		b.Fatalf("the process does not listen:\n%s", text)
	}
	address, err := net.ResolveTCPAddr("tcp", host)
	if err != nil {
		b.Fatal(err)
	}
	return &measuredProcess{cmd, address}
}

// cpuTime returns the processor time that the process has used.
func (p *measuredProcess) cpuTime(b *testing.B) time.Duration {
	b.Helper()
	// The clock of another process, as clock_getcpuclockid(3) makes it.
	const processClock, shift = 2, 3
	var used unix.Timespec
	if err := unix.ClockGettime(int32(^p.cmd.Process.Pid<<shift|processClock), &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Nano())
}
