package exporters

import (
	"context"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/trace"
)

// NewSpanExporter returns the exporter of spans.
func NewSpanExporter(ctx context.Context, client otlptrace.Client) (trace.SpanExporter, error) {
	return newSpanExporter(ctx, client)
}

// NewSpanBatches returns the processor of spans, with the limits of the variables.
func NewSpanBatches(exporter trace.SpanExporter, get func(string) string) (trace.SpanProcessor, error) {
	limits, err := readBatchLimits(get)
	if err != nil {
		return nil, err
	}
	return newSpanBatches(exporter, limits), nil
}
