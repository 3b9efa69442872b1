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

// NewSpanGroups returns the processor of spans in front of another one.
func NewSpanGroups(next trace.SpanProcessor) trace.SpanProcessor { return newSpanGroups(next) }

// The bounds of a group.
const (
	GroupSize  = groupSize
	GroupDelay = groupDelay
)
