package exporters

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/openbroker/openbroker/telemetry"
)

// series limits the series of one instrument. The limit of the SDK, 2,000, is too low
// for large catalogs, and what exceeds it is counted under no name.
const series = 50_000

// closeTimeout limits how long Close sends what was not sent yet.
const closeTimeout = 5 * time.Second

// A Config configures [Start].
type Config struct {
	// Program and Version are those of the binary. Replica, if not empty, tells this
	// process from the other replicas.
	Program, Version, Replica string
	// Prometheus says that [Exporters.Metrics] will be served.
	Prometheus bool
	// CountInterval is that of [telemetry.Config].
	CountInterval time.Duration
	Logger        *slog.Logger
}

// Exporters are the exporters of a process, and what they export.
type Exporters struct {
	*telemetry.Telemetry
	// Traces says that spans are exported.
	Traces bool

	registry *prometheus.Registry // nil without Prometheus
	logger   *slog.Logger
	closers  []func(context.Context) error
}

// Start returns the exporters of the configuration and of the environment variables. It
// returns nil if they ask for none. The error names the variable that cannot be used.
func Start(ctx context.Context, c Config) (_ *Exporters, err error) {
	wanted, err := readVariables(os.Getenv)
	if err != nil || !c.Prometheus && !wanted.metrics && !wanted.traces {
		return nil, err
	}
	e := &Exporters{logger: c.Logger}
	defer func() {
		if err != nil {
			e.Close(ctx)
		}
	}()
	identity, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(
			attribute.String("service.name", c.Program), attribute.String("service.version", c.Version),
			attribute.String("service.instance.id", cmp.Or(c.Replica, uuid.NewString()))),
		resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	handleErrors(c.Logger) //nolint:contextcheck // Errors have no context.
	config := telemetry.Config{Version: c.Version, CountInterval: c.CountInterval}
	if c.Prometheus || wanted.metrics {
		options := []metric.Option{metric.WithResource(identity), metric.WithCardinalityLimit(series)}
		if c.Prometheus {
			reader, err := e.prometheus()
			if err != nil {
				return nil, err
			}
			options = append(options, metric.WithReader(reader))
		}
		if wanted.metrics {
			exporter, err := otlpmetrichttp.New(ctx)
			if err != nil {
				return nil, fmt.Errorf("the OTLP exporter of metrics: %w", err)
			}
			options = append(options, metric.WithReader(metric.NewPeriodicReader(exporter)))
		}
		provider := metric.NewMeterProvider(options...)
		e.closers = append(e.closers, provider.Shutdown)
		config.Meters = provider
	}
	if wanted.traces {
		exporter, err := otlptracehttp.New(ctx)
		if err != nil {
			return nil, fmt.Errorf("the OTLP exporter of traces: %w", err)
		}
		provider := trace.NewTracerProvider(trace.WithSpanProcessor(gather(trace.NewBatchSpanProcessor(exporter))), trace.WithResource(identity))
		e.closers = append(e.closers, provider.Shutdown)
		config.Traces, e.Traces = provider, true
	}
	e.Telemetry, err = telemetry.New(config) //nolint:contextcheck // It waits for nothing.
	return e, err
}

func (e *Exporters) prometheus() (metric.Reader, error) {
	e.registry = prometheus.NewRegistry()
	for _, collector := range []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := e.registry.Register(collector); err != nil {
			return nil, err
		}
	}
	return otelprometheus.New(
		otelprometheus.WithRegisterer(e.registry), otelprometheus.WithoutScopeInfo(),
		otelprometheus.WithTranslationStrategy(otlptranslator.UnderscoreEscapingWithSuffixes))
}

// Metrics serves the metrics to Prometheus.
func (e *Exporters) Metrics() http.Handler {
	const concurrent = 4
	return promhttp.HandlerFor(e.registry, promhttp.HandlerOpts{
		// Exemplars, which name a span, need this format.
		EnableOpenMetrics:   true,
		ErrorLog:            slog.NewLogLogger(e.logger.Handler(), slog.LevelWarn),
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: concurrent,
	})
}

// Log returns the logger with the ids of spans in its records.
func (e *Exporters) Log(logger *slog.Logger) *slog.Logger {
	if e == nil || !e.Traces {
		return logger
	}
	return slog.New(telemetry.LogHandler(logger.Handler()))
}

// Close sends what was not sent yet, for some seconds at most, even if ctx has ended. It
// can be called on nil.
func (e *Exporters) Close(ctx context.Context) {
	if e == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	for _, closer := range e.closers {
		if err := closer(ctx); err != nil && !errors.Is(err, metric.ErrReaderShutdown) {
			e.logger.LogAttrs(ctx, slog.LevelWarn, "the last telemetry was not sent", slog.String("error", err.Error()))
		}
	}
}
