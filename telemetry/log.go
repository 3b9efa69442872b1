package telemetry

import (
	"context"
	"encoding/hex"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// LogHandler returns a handler that adds trace_id and span_id to the records whose
// context has a span, and passes all records on to next.
func LogHandler(next slog.Handler) slog.Handler { return &logHandler{next} }

type logHandler struct{ slog.Handler }

var _ slog.Handler = (*logHandler)(nil)

// Handle adds the ids.
func (h *logHandler) Handle(ctx context.Context, record slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		text, middle := idsOf(span)
		record = record.Clone()
		record.AddAttrs(slog.String("trace_id", text[:middle]), slog.String("span_id", text[middle:]))
	}
	return h.Handler.Handle(ctx, record)
}

// idsOf returns the ids of the trace and of the span as one text, and where the second
// begins: one text costs less than two.
func idsOf(span trace.SpanContext) (text string, middle int) {
	traceID, spanID := span.TraceID(), span.SpanID()
	var ids [2 * (len(traceID) + len(spanID))]byte
	middle = hex.Encode(ids[:], traceID[:])
	hex.Encode(ids[middle:], spanID[:])
	return string(ids[:]), middle
}

// WithAttrs adds attributes to all records.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup opens a group, which the ids are then part of.
func (h *logHandler) WithGroup(name string) slog.Handler {
	return &logHandler{h.Handler.WithGroup(name)}
}
