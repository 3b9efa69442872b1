package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/openbroker/openbroker/durable"
)

// operations observes operations.
type operations struct {
	tracer                   trace.Tracer
	duration, queue, attempt metric.Float64Histogram
	finished, lost           metric.Int64Counter

	kinds    cache[kindKey, options]
	outcomes cache[outcomeKey, options]
	plans    cache[planKey, options]
}

type kindKey struct {
	kind    durable.OperationKind
	service string
}

func (k kindKey) attributes() []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("kind", string(k.kind)), attribute.String("service", k.service)}
}

type outcomeKey struct {
	kindKey
	outcome durable.AttemptOutcome
}

func (k outcomeKey) attributes() []attribute.KeyValue {
	return append(k.kindKey.attributes(), attribute.String("outcome", string(k.outcome)))
}

// A planKey is for counters only: a histogram of each plan would be too many series.
type planKey struct {
	outcomeKey
	plan string
}

func (k planKey) attributes() []attribute.KeyValue {
	return append(k.outcomeKey.attributes(), attribute.String("plan", k.plan))
}

var _ durable.Observer = (*operations)(nil)

// Observer returns the observer for the configuration of an engine.
func (t *Telemetry) Observer() durable.Observer { return &t.operations }

// Accept begins the trace of an operation. Its first span ends when the operation is
// accepted: an exporter sends a span only after its end, and an operation may take days.
func (o *operations) Accept(ctx context.Context, operation durable.ObservedOperation) (traceparent string, accepted func()) {
	cause := trace.SpanFromContext(ctx)
	start := []trace.SpanStartOption{trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindProducer)}
	if cause.SpanContext().IsValid() {
		start = append(start, trace.WithLinks(trace.Link{SpanContext: cause.SpanContext()}))
	}
	_, span := o.tracer.Start(ctx, "accept "+string(operation.Kind), start...)
	identity := span.SpanContext()
	if !identity.IsValid() {
		return "", func() {}
	}
	if span.IsRecording() {
		span.SetAttributes(spanAttributes(&operation)...)
	}
	return formatTraceparent(identity), func() {
		span.End()
		cause.AddLink(trace.Link{SpanContext: identity})
	}
}

// Attempt begins the span of an attempt, in the trace of its operation.
func (o *operations) Attempt(ctx context.Context, a durable.ObservedAttempt) (context.Context, func(durable.AttemptResult)) {
	of := kindKey{a.Kind, nameOr(a.Service)}
	if a.Waited >= 0 {
		o.queue.Record(ctx, a.Waited.Seconds(), o.kinds.get(of, optionsOf[kindKey]).record...)
	}
	if operation, ok := parseTraceparent(a.Traceparent); ok {
		ctx = trace.ContextWithRemoteSpanContext(ctx, operation)
	}
	ctx, span := o.tracer.Start(ctx, "attempt "+string(a.Kind), trace.WithSpanKind(trace.SpanKindConsumer), trace.WithTimestamp(a.Began))
	if span.IsRecording() {
		span.SetAttributes(append(spanAttributes(&a.ObservedOperation), attribute.Int("openbroker.attempt", a.Number))...)
		if a.CutOff != "" {
			span.AddEvent("previous attempt was cut off", trace.WithAttributes(
				attribute.Int("openbroker.attempt", a.Number-1), attribute.String("openbroker.replica", a.CutOff)))
		}
	}
	return ctx, func(result durable.AttemptResult) {
		outcome := outcomeKey{of, result.Outcome}
		o.attempt.Record(ctx, time.Since(a.Began).Seconds(), o.outcomes.get(outcome, optionsOf[outcomeKey]).record...)
		if result.Ended() {
			o.duration.Record(ctx, result.Age.Seconds(), o.outcomes.get(outcome, optionsOf[outcomeKey]).record...)
			o.finished.Add(ctx, 1, o.plans.get(planKey{outcome, nameOr(a.Plan)}, optionsOf[planKey]).add...)
		}
		if result.Outcome == durable.AttemptLost {
			o.lost.Add(ctx, 1)
		}
		if span.IsRecording() {
			span.SetAttributes(attribute.String("openbroker.outcome", string(result.Outcome)))
			if result.Outcome != durable.AttemptSucceeded && result.Outcome != durable.AttemptCancelled {
				span.SetStatus(codes.Error, "")
			}
		}
		span.End()
	}
}

// Call begins the span of a call of the provider. The error is not recorded, because
// its text may be confidential; the log has it, with the ids of the span.
func (o *operations) Call(ctx context.Context, kind durable.OperationKind) (context.Context, func(error)) {
	ctx, span := o.tracer.Start(ctx, "provider "+string(kind))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// spanAttributes identify an operation in spans. Organizations and spaces are not among
// them.
func spanAttributes(o *durable.ObservedOperation) []attribute.KeyValue {
	attributes := []attribute.KeyValue{
		attribute.String("openbroker.operation.id", o.ID), attribute.String("openbroker.operation.kind", string(o.Kind)),
		attribute.String("openbroker.platform", o.Key.Platform), attribute.String("openbroker.instance.id", o.Key.InstanceID),
		attribute.String("openbroker.service", nameOr(o.Service)), attribute.String("openbroker.plan", nameOr(o.Plan)),
	}
	if o.Key.BindingID != "" {
		attributes = append(attributes, attribute.String("openbroker.binding.id", o.Key.BindingID))
	}
	return attributes
}
