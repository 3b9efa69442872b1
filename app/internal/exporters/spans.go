package exporters

import (
	"context"
	"fmt"
	"sync"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// A spanExporter sends spans as the exporter of the SDK does, which is usual, and by the
// same client. It encodes them itself, because that of the SDK makes some 20 messages of
// each span first: a third of what a trace of every request costs. It leaves batches with
// spans that it does not know to the usual exporter.
type spanExporter struct {
	*otlptrace.Exporter // the usual one
	client              otlptrace.Client

	lock    sync.Mutex
	encoder encoder
	// head is what comes before the spans, for the resource and the scope.
	head     *tracepb.ResourceSpans
	resource *resource.Resource
	scope    instrumentation.Scope
}

var _ trace.SpanExporter = (*spanExporter)(nil)

func newSpanExporter(ctx context.Context, client otlptrace.Client) (*spanExporter, error) {
	usual, err := otlptrace.New(ctx, client)
	if err != nil {
		return nil, err
	}
	return &spanExporter{Exporter: usual, client: client}, nil
}

// ExportSpans sends spans.
func (e *spanExporter) ExportSpans(ctx context.Context, spans []trace.ReadOnlySpan) error {
	e.lock.Lock()
	defer e.lock.Unlock()
	if len(spans) == 0 {
		return nil
	}
	if !e.encode(spans) {
		return e.Exporter.ExportSpans(ctx, spans)
	}
	if err := e.begin(ctx, spans[0]); err != nil {
		return err
	}
	// The client encodes the fields that it does not know as they are.
	e.head.ScopeSpans[0].ProtoReflect().SetUnknown(e.encoder.spans)
	if err := e.client.UploadTraces(ctx, []*tracepb.ResourceSpans{e.head}); err != nil {
		return fmt.Errorf("traces export: %w", err)
	}
	return nil
}

// encode encodes spans, unless one is of another scope or has attributes of other types.
func (e *spanExporter) encode(spans []trace.ReadOnlySpan) bool {
	e.encoder.spans = e.encoder.spans[:0]
	scope, identity := spans[0].InstrumentationScope(), spans[0].Resource()
	for _, s := range spans {
		if s.InstrumentationScope() != scope || s.Resource() != identity || !e.encoder.add(s) {
			return false
		}
	}
	return true
}

// begin makes the head for the resource and the scope of a span, as the usual exporter
// has it.
func (e *spanExporter) begin(ctx context.Context, s trace.ReadOnlySpan) error {
	if e.head != nil && e.resource == s.Resource() && e.scope == s.InstrumentationScope() {
		return nil
	}
	sent := &sentSpans{}
	usual, err := otlptrace.New(ctx, sent)
	if err != nil {
		return err
	}
	if err := usual.ExportSpans(ctx, []trace.ReadOnlySpan{s}); err != nil {
		return err
	}
	e.head, e.resource, e.scope = sent.spans[0], s.Resource(), s.InstrumentationScope()
	e.head.ScopeSpans[0].Spans = nil
	return nil
}

// sentSpans is a client that keeps what is sent.
type sentSpans struct{ spans []*tracepb.ResourceSpans }

var _ otlptrace.Client = (*sentSpans)(nil)

// Start implements [otlptrace.Client].
func (*sentSpans) Start(context.Context) error { return nil }

// Stop implements [otlptrace.Client].
func (*sentSpans) Stop(context.Context) error { return nil }

// UploadTraces implements [otlptrace.Client].
func (s *sentSpans) UploadTraces(_ context.Context, spans []*tracepb.ResourceSpans) error {
	s.spans = spans
	return nil
}
