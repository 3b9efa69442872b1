package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/telemetry"
)

// A setup is telemetry with its metrics and spans.
type setup struct {
	*telemetry.Telemetry
	t      *testing.T
	reader *metric.ManualReader
	spans  *tracetest.SpanRecorder
}

func start(t *testing.T) *setup {
	t.Helper()
	s := &setup{t: t, reader: metric.NewManualReader(), spans: tracetest.NewSpanRecorder()}
	var err error
	s.Telemetry, err = telemetry.New(telemetry.Config{
		Meters: metric.NewMeterProvider(metric.WithReader(s.reader), metric.WithCardinalityLimit(50_000)),
		Traces: trace.NewTracerProvider(trace.WithSpanProcessor(s.spans)), Version: "1.2.3", CountInterval: time.Nanosecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// values returns the series with their values: the count of histograms.
func (s *setup) values() map[string]float64 {
	s.t.Helper()
	var collected metricdata.ResourceMetrics
	if err := s.reader.Collect(s.t.Context(), &collected); err != nil {
		s.t.Fatal(err)
	}
	values := map[string]float64{}
	for _, scope := range collected.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					values[m.Name+" "+p.Attributes.Encoded(encoder{})] = float64(p.Count)
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					values[m.Name+" "+p.Attributes.Encoded(encoder{})] = float64(p.Value)
				}
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					values[m.Name+" "+p.Attributes.Encoded(encoder{})] = float64(p.Value)
				}
			}
		}
	}
	return values
}

func (s *setup) want(name string, value float64) {
	s.t.Helper()
	if got, ok := s.values()[name]; !ok || got != value {
		s.t.Errorf("%s is %v (%v), want %v", name, got, ok, value)
	}
}

// A scripted provider calls a function.
type scripted struct {
	call func(ctx context.Context, kind durable.OperationKind) error
}

func (p scripted) Provision(ctx context.Context, _ *durable.Task, _ durable.Instance) (durable.ProvisionResult, error) {
	return durable.ProvisionResult{}, p.call(ctx, durable.KindProvision)
}

func (p scripted) Update(ctx context.Context, _ *durable.Task, _, _ durable.Instance) (durable.UpdateResult, error) {
	return durable.UpdateResult{}, p.call(ctx, durable.KindUpdate)
}

func (p scripted) Deprovision(ctx context.Context, _ *durable.Task, _ durable.Instance) error {
	return p.call(ctx, durable.KindDeprovision)
}

func (p scripted) Bind(ctx context.Context, _ *durable.Task, _ durable.Binding) (durable.BindResult, error) {
	return durable.BindResult{}, p.call(ctx, durable.KindBind)
}

func (p scripted) Unbind(ctx context.Context, _ *durable.Task, _ durable.Binding) error {
	return p.call(ctx, durable.KindUnbind)
}

func catalog() *openbroker.Catalog {
	return &openbroker.Catalog{Services: []openbroker.Service{{
		ID: "service-id", Name: "orders", Description: "d", Bindable: true,
		Plans: []openbroker.Plan{{ID: "plan-id", Name: "small", Description: "d"}},
	}}}
}

// broker starts an engine and its handler.
func (s *setup) broker(provider scripted, logger *slog.Logger) (http.Handler, *durable.Engine) {
	s.t.Helper()
	store, err := sqlitestore.Open(s.t.Context(), filepath.Join(s.t.TempDir(), "broker.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = store.Close() })
	keyset, err := seal.GenerateKeyset()
	if err != nil {
		s.t.Fatal(err)
	}
	keys, err := seal.Parse(keyset)
	if err != nil {
		s.t.Fatal(err)
	}
	engine, err := durable.New(s.t.Context(), catalog(), provider, s.Store(store), durable.Config{
		Sealer: keys, Logger: logger, Observer: s.Observer(), DefaultPolicy: durable.Policy{Mode: durable.ModeSynchronous, BackoffMin: time.Millisecond, BackoffMax: time.Millisecond},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	stop, err := s.WatchEngine(engine, store)
	if err != nil {
		s.t.Fatal(err)
	}
	engine.Start(s.t.Context())
	s.t.Cleanup(func() { engine.Stop(context.Background()); stop() })
	return openbroker.NewHandler(engine, openbroker.WithRequestObserver(s.ObserveRequest), openbroker.WithLogger(logger)), engine
}

func provision(t *testing.T, handler http.Handler, id string) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/v2/service_instances/"+id,
		strings.NewReader(`{"service_id":"service-id","plan_id":"plan-id","organization_guid":"o","space_guid":"s"}`))
	r.Header.Set(openbroker.HeaderAPIVersion, "2.17")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w.Code
}

// A failed creation and its clean-up: attempts, outcomes, spans and their links.
func TestFailedOperation(t *testing.T) {
	t.Parallel()
	s := start(t)
	cleaned := make(chan struct{})
	var tries int
	handler, _ := s.broker(scripted{call: func(_ context.Context, kind durable.OperationKind) error {
		if kind == durable.KindDeprovision {
			close(cleaned)
			return nil
		}
		if tries++; tries == 1 {
			return durable.Retryable(errors.New("secret text"), 0)
		}
		return errors.New("secret text")
	}}, slog.New(slog.DiscardHandler))
	if status := provision(t, handler, "i-1"); status != http.StatusInternalServerError {
		t.Fatalf("status %d", status)
	}
	<-cleaned
	const of = "kind=provision,outcome=%s,service=orders"
	s.want("http.server.request.duration http.request.method=PUT,http.response.status_code=500,http.route=/v2/service_instances/{instance_id}", 1)
	s.want("openbroker.operation.attempt.duration "+fmt.Sprintf(of, "retried"), 1)
	s.want("openbroker.operation.attempt.duration "+fmt.Sprintf(of, "failed"), 1)
	s.want("openbroker.operation.duration "+fmt.Sprintf(of, "failed"), 1)
	s.want("openbroker.operations.finished kind=provision,outcome=failed,plan=small,service=orders", 1)
	s.want("openbroker.operation.queue.duration kind=provision,service=orders", 1)
	s.want("openbroker.workers ", 128)
	s.want("openbroker.build.info go_version="+goVersion()+",version=1.2.3", 1)

	await(t, "the clean-up", func() bool { return s.span("attempt deprovision") != nil })
	request, accepted, cleanup := s.span("PUT /v2/service_instances/{instance_id}"), s.span("accept provision"), s.span("accept deprovision")
	var attempts []trace.ReadOnlySpan
	for _, span := range s.spans.Ended() {
		if span.Name() == "attempt provision" {
			attempts = append(attempts, span)
		}
		if strings.Contains(fmt.Sprint(span.Attributes(), span.Events(), span.Status()), "secret") {
			t.Errorf("%s has the text of an error", span.Name())
		}
	}
	if len(attempts) != 2 {
		t.Fatalf("%d attempts", len(attempts))
	}
	for _, span := range attempts {
		if span.SpanContext().TraceID() != accepted.SpanContext().TraceID() || span.Parent().SpanID() != accepted.SpanContext().SpanID() {
			t.Errorf("the attempt is not in the trace of its operation")
		}
	}
	if len(request.Links()) != 1 || request.Links()[0].SpanContext.SpanID() != accepted.SpanContext().SpanID() {
		t.Errorf("the links of the request are %v", request.Links())
	}
	if cleanup.SpanContext().TraceID() == accepted.SpanContext().TraceID() || cleanup.Links()[0].SpanContext.SpanID() != attempts[1].SpanContext().SpanID() {
		t.Errorf("the clean-up is not linked to the attempt that failed: %v", cleanup.Links())
	}
	if call := s.span("provider provision"); call.Parent().SpanID() != attempts[0].SpanContext().SpanID() {
		t.Error("the call of the provider is not in its attempt")
	}
}

// A provider that panics ends its span, too.
func TestPanic(t *testing.T) {
	t.Parallel()
	s := start(t)
	handler, _ := s.broker(scripted{call: func(context.Context, durable.OperationKind) error { panic("x") }}, slog.New(slog.DiscardHandler))
	provision(t, handler, "i-1")
	if span := s.span("provider provision"); span == nil || span.Status().Code.String() != "Error" {
		t.Errorf("the span is %v", span)
	}
}

func (s *setup) span(name string) trace.ReadOnlySpan {
	for _, span := range s.spans.Ended() {
		if span.Name() == name {
			return span
		}
	}
	return nil
}

// The number of series depends on the catalog only: ten thousand operations on twenty
// plans have as many as two thousand.
func TestCardinality(t *testing.T) {
	t.Parallel()
	s := start(t)
	const plans = 20
	outcomes := []durable.AttemptOutcome{durable.AttemptSucceeded, durable.AttemptFailed, durable.AttemptCancelled, durable.AttemptRetried}
	operate := func(first, n int) int {
		var wait sync.WaitGroup
		for worker := range 4 {
			wait.Go(func() {
				for i := first + worker; i < first+n; i += 4 {
					o := durable.ObservedOperation{
						ID: fmt.Sprintf("operation-%d", i), Key: durable.Key{Platform: fmt.Sprintf("platform-%d", i), InstanceID: fmt.Sprintf("instance-%d", i)},
						Kind: durable.KindProvision, Service: "orders", Plan: fmt.Sprintf("plan-%d", i%plans),
					}
					traceparent, accepted := s.Observer().Accept(t.Context(), o)
					accepted()
					_, ended := s.Observer().Attempt(t.Context(), durable.ObservedAttempt{
						ObservedOperation: o, Number: 1, Began: time.Now(), Traceparent: traceparent, CutOff: fmt.Sprintf("replica-%d", i),
					})
					ended(durable.AttemptResult{Outcome: outcomes[i/plans%len(outcomes)], Age: time.Duration(i) * time.Second})
				}
			})
		}
		wait.Wait()
		return len(s.values())
	}
	first := operate(0, 2000)
	if all := operate(2000, 8000); all != first {
		t.Errorf("%d series after 2,000 operations, %d after 10,000", first, all)
	}
	// Each plan has its counters; everything else is by service.
	if want := plans*3 + 20; first > want {
		t.Errorf("%d series, want at most %d", first, want)
	}
	for name := range s.values() {
		if strings.Contains(name, "overflow") || strings.Contains(name, "platform-") || strings.Contains(name, "instance-") {
			t.Errorf("a series is %s", name)
		}
	}
}

// A client can choose methods and paths, but not series.
func TestRequestCardinality(t *testing.T) {
	t.Parallel()
	s := start(t)
	handler, _ := s.broker(scripted{call: func(context.Context, durable.OperationKind) error { return nil }}, slog.New(slog.DiscardHandler))
	for i := range 100 {
		r := httptest.NewRequestWithContext(t.Context(), fmt.Sprintf("M%d", i), fmt.Sprintf("/v2/service_instances/%d", i), nil)
		r.Header.Set("Traceparent", fmt.Sprintf("00-%032x-%016x-01", i+1, i+1))
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	s.want("http.server.request.duration http.request.method=_OTHER,http.response.status_code=405", 100)
	for i, span := range s.spans.Ended() {
		if span.SpanContext().TraceID().String() == fmt.Sprintf("%032x", i+1) || len(span.Links()) != 1 || span.Parent().IsValid() {
			t.Errorf("the span %v of the client is its parent", span.Parent())
		}
	}
}

func TestLogHandler(t *testing.T) {
	t.Parallel()
	s := start(t)
	var log bytes.Buffer
	logger := slog.New(telemetry.LogHandler(slog.NewTextHandler(&log, nil)))
	logger = logger.With(slog.String("a", "b"))
	handler, _ := s.broker(scripted{call: func(ctx context.Context, _ durable.OperationKind) error {
		logger.InfoContext(ctx, "in the provider")
		return nil
	}}, slog.New(slog.DiscardHandler))
	logger.InfoContext(t.Context(), "without a span")
	provision(t, handler, "i-1")
	call := s.span("provider provision").SpanContext()
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	want := []string{"a=b", "a=b trace_id=" + call.TraceID().String() + " span_id=" + call.SpanID().String()}
	for i, line := range lines {
		if _, rest, _ := strings.Cut(line, " a="); "a="+rest != want[i] {
			t.Errorf("line %d is %s, want %s", i, line, want[i])
		}
	}
}

// A slowCounter counts when the test lets it.
type slowCounter struct {
	durable.Store
	begun   chan struct{}
	proceed chan struct{}
	fails   bool
}

func (c *slowCounter) CountOpen(context.Context) ([]durable.OpenCount, error) {
	if c.fails {
		return nil, errors.New("the store is away")
	}
	return []durable.OpenCount{{Kind: durable.KindBind, State: durable.OperationActive, Count: 7, Oldest: time.Hour}}, nil
}

func (c *slowCounter) CountRecords(ctx context.Context) (instances, bindings []durable.RecordCount, err error) {
	c.begun <- struct{}{}
	select {
	case <-c.proceed:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	return []durable.RecordCount{{ServiceID: "service-id", PlanID: "plan-id", Status: durable.StatusReady, Count: 3}, {ServiceID: "x", PlanID: "y", Status: durable.StatusReady, Count: 2}, {ServiceID: "x", PlanID: "z", Status: durable.StatusReady, Count: 1}}, nil, nil
}

// A scrape does not wait for a slow count, and shows it when it has ended.
func TestSlowCount(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, engine := s.broker(scripted{}, slog.New(slog.DiscardHandler))
	other := start(t)
	counter := &slowCounter{begun: make(chan struct{}, 10), proceed: make(chan struct{})}
	stop, err := other.WatchEngine(engine, counter)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	const orders, gone = "openbroker.instances plan=small,service=orders,status=ready", "openbroker.instances plan=unknown,service=unknown,status=ready"
	values := other.values()
	<-counter.begun
	if _, shown := values[orders]; shown || values["openbroker.operations kind=bind,state=active"] != 7 {
		t.Errorf("the values are %v", values)
	}
	other.values()
	if len(counter.begun) > 0 {
		t.Error("a second count has begun beside the first")
	}
	counter.proceed <- struct{}{}
	await(t, "the count", func() bool {
		select {
		case counter.proceed <- struct{}{}: // One that the next scrape began.
		default:
		}
		values = other.values()
		return values[orders] == 3 && values[gone] == 3
	})
	stop()
	for name := range other.values() {
		if strings.HasPrefix(name, "openbroker.instances") || strings.HasPrefix(name, "openbroker.workers") {
			t.Errorf("%s has a value after the end", name)
		}
	}
}

// If the store fails, its metrics say so, and open operations have no value.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, engine := s.broker(scripted{}, slog.New(slog.DiscardHandler))
	other := start(t)
	counter := &slowCounter{begun: make(chan struct{}, 10), proceed: make(chan struct{}), fails: true}
	stop, err := other.WatchEngine(engine, counter)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	other.values()
	other.want("openbroker.store.duration method=count_open,outcome=failed", 2)
	if _, shown := other.values()["openbroker.operations kind=bind,state=active"]; shown {
		t.Error("the operations have a value")
	}
}
