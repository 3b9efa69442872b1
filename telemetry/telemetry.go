package telemetry

import (
	"context"
	"errors"
	"runtime"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

const scope = "github.com/openbroker/openbroker/telemetry"

// DefaultCountInterval is the default of [Config].CountInterval.
const DefaultCountInterval = 15 * time.Second

// A Config configures [New]. The zero value measures and traces nothing.
type Config struct {
	// Meters receives the metrics; nil for none.
	Meters metric.MeterProvider
	// Traces receives the spans; nil for none. Its sampler decides about the spans that
	// have no parent, which are those of requests and of operations.
	Traces trace.TracerProvider
	// Version is the version of the program, for openbroker_build_info.
	Version string
	// CountInterval is the pause between counts of instances and bindings. A count that
	// takes long is followed by a pause of twenty times its length. The default is
	// DefaultCountInterval.
	CountInterval time.Duration
}

// Telemetry measures and traces one broker. It is safe for concurrent use.
type Telemetry struct {
	config   Config
	tracer   trace.Tracer
	meter    metric.Meter
	requests requestMetrics
	operations
	stores storeMetrics
}

// The boundaries of histograms, in seconds. Platforms wait 60 s for a response.
// Operations take up to 7 days.
var (
	requestBoundaries   = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
	operationBoundaries = []float64{1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600, 7 * 24 * 3600}
	queueBoundaries     = []float64{.01, .1, .5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600}
	attemptBoundaries   = []float64{.01, .1, .5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600}
	storeBoundaries     = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5}
)

// New returns the telemetry of a broker. The error lists the instruments that the meter
// provider refuses.
func New(config Config) (*Telemetry, error) {
	if config.Meters == nil {
		config.Meters = metricnoop.NewMeterProvider()
	}
	if config.Traces == nil {
		config.Traces = tracenoop.NewTracerProvider()
	}
	if config.CountInterval <= 0 {
		config.CountInterval = DefaultCountInterval
	}
	t := &Telemetry{config: config, tracer: config.Traces.Tracer(scope), meter: config.Meters.Meter(scope)}
	i := instruments{meter: t.meter}
	t.requests = requestMetrics{
		duration: i.histogram("http.server.request.duration", "Duration of HTTP requests to the broker.", requestBoundaries),
		refused:  i.counter("openbroker.authentication.failures", "Requests that were answered with 401."),
		// A new root costs a further context, which only a context with a span needs.
		start:     []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)},
		startRoot: []trace.SpanStartOption{trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindServer)},
	}
	t.operations = operations{
		tracer:   t.tracer,
		duration: i.histogram("openbroker.operation.duration", "Time from the request that began an operation to its end.", operationBoundaries),
		queue:    i.histogram("openbroker.operation.queue.duration", "Time from the request that began an operation to its first attempt.", queueBoundaries),
		attempt:  i.histogram("openbroker.operation.attempt.duration", "Duration of attempts at operations.", attemptBoundaries),
		finished: i.counter("openbroker.operations.finished", "Operations that have ended."),
		lost:     i.counter("openbroker.leases.lost", "Attempts that lost their lease to another worker."),
	}
	t.stores = storeMetrics{duration: i.histogram("openbroker.store.duration", "Duration of calls of the store.", storeBoundaries)}
	i.info("openbroker.build.info", "The version of the program.", func() []attribute.KeyValue {
		return []attribute.KeyValue{attribute.String("version", config.Version), attribute.String("go_version", runtime.Version())}
	})
	if err := errors.Join(i.problems...); err != nil {
		return nil, err
	}
	// Counters begin at zero, so that an increase shows from the first event.
	t.requests.refused.Add(context.Background(), 0)
	t.lost.Add(context.Background(), 0)
	return t, nil
}

// instruments makes instruments, and collects the problems.
type instruments struct {
	meter    metric.Meter
	problems []error
}

func (i *instruments) histogram(name, description string, boundaries []float64) metric.Float64Histogram {
	h, err := i.meter.Float64Histogram(name, metric.WithDescription(description), metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(boundaries...))
	i.problems = append(i.problems, err)
	return h
}

func (i *instruments) counter(name, description string) metric.Int64Counter {
	c, err := i.meter.Int64Counter(name, metric.WithDescription(description))
	i.problems = append(i.problems, err)
	return c
}

func (i *instruments) gauge(name, description string) metric.Int64ObservableGauge {
	g, err := i.meter.Int64ObservableGauge(name, metric.WithDescription(description))
	i.problems = append(i.problems, err)
	return g
}

// info makes a gauge whose value is always 1.
func (i *instruments) info(name, description string, attributes func() []attribute.KeyValue) {
	_, err := i.meter.Int64ObservableGauge(name, metric.WithDescription(description),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(1, metric.WithAttributes(attributes()...))
			return nil
		}))
	i.problems = append(i.problems, err)
}
