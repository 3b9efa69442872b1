package telemetry

import (
	"context"
	"net/http"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/openbroker/openbroker"
)

type requestMetrics struct {
	duration metric.Float64Histogram
	refused  metric.Int64Counter
	// start has the options of each span, and startRoot those of one whose context has a
	// span already.
	start, startRoot []trace.SpanStartOption
	kinds            cache[requestKey, requestKind]
}

// A requestKey has the attributes of the duration of requests. Their names and values
// are those of the semantic conventions, as in package otelhttp.
type requestKey struct {
	method, route string
	status        int
}

// A requestKind is what requests with the same key have in common.
type requestKind struct {
	options *options
	name    string
	values  []attribute.KeyValue
}

func newRequestKind(k requestKey) *requestKind {
	kind := &requestKind{name: k.method, values: k.attributes()}
	if k.route != "" {
		kind.name += " " + k.route
	}
	kind.options = newOptions(kind.values...)
	return kind
}

func (k requestKey) attributes() []attribute.KeyValue {
	attributes := make([]attribute.KeyValue, 0, 3)
	attributes = append(attributes, attribute.String("http.request.method", k.method))
	if k.route != "" {
		attributes = append(attributes, attribute.String("http.route", k.route))
	}
	if k.status != 0 {
		attributes = append(attributes, attribute.Int("http.response.status_code", k.status))
	}
	return attributes
}

// withIdentity returns the attributes of the span of one request, for one call of
// SetAttributes: a second one makes the span copy those of the first.
func (k *requestKind) withIdentity(identity string) []attribute.KeyValue {
	if identity == "" || len(identity) > maxIdentity {
		return k.values
	}
	values := make([]attribute.KeyValue, 0, len(k.values)+1)
	return append(append(values, k.values...), attribute.String("openbroker.request.identity", identity))
}

// maxIdentity limits the request identity in a span.
const maxIdentity = 256

// ObserveRequest is an [openbroker.RequestObserver]: pass it to
// [openbroker.WithRequestObserver]. Each request is a trace of its own. The span of the
// client, if the request names one, is linked to it, but decides neither about the trace
// id nor about sampling.
func (t *Telemetry) ObserveRequest(r *http.Request) (context.Context, func(openbroker.RequestOutcome)) {
	method := knownMethod(r.Method)
	start := t.requests.start
	if trace.SpanContextFromContext(r.Context()).IsValid() {
		start = t.requests.startRoot
	}
	if client, ok := clientSpan(r.Header); ok {
		start = append(slices.Clone(start), trace.WithLinks(trace.Link{SpanContext: client}))
	}
	ctx, span := t.tracer.Start(r.Context(), method, start...)
	return ctx, func(outcome openbroker.RequestOutcome) {
		kind := t.requests.kinds.get(requestKey{method, outcome.Route, outcome.Status}, newRequestKind)
		if span.IsRecording() {
			span.SetName(kind.name)
			span.SetAttributes(kind.withIdentity(outcome.Caller.RequestIdentity)...)
			if outcome.Status >= http.StatusInternalServerError {
				span.SetStatus(codes.Error, "")
			}
		}
		span.End()
		t.requests.duration.Record(ctx, outcome.Duration.Seconds(), kind.options.record...)
		if outcome.Status == http.StatusUnauthorized {
			t.requests.refused.Add(ctx, 1)
		}
	}
}

// clientSpan returns the span that a client names in the header traceparent. Neither
// tracestate nor baggage is read: they are texts of the client.
func clientSpan(header http.Header) (trace.SpanContext, bool) {
	if header.Get("Traceparent") == "" {
		return trace.SpanContext{}, false
	}
	return parseTraceparent(header.Get("Traceparent"))
}

// parseTraceparent reads a traceparent of W3C Trace Context.
func parseTraceparent(text string) (trace.SpanContext, bool) {
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": text})
	span := trace.SpanContextFromContext(ctx)
	return span, span.IsValid()
}

// formatTraceparent is the reverse of parseTraceparent.
func formatTraceparent(span trace.SpanContext) string {
	return "00-" + span.TraceID().String() + "-" + span.SpanID().String() + "-" + (span.TraceFlags() & trace.FlagsSampled).String()
}

// knownMethod returns the method, or "_OTHER" for one that HTTP does not define: a
// client can send any text.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead,
		http.MethodPost, http.MethodOptions, http.MethodTrace, http.MethodConnect:
		return method
	default:
		return "_OTHER"
	}
}
