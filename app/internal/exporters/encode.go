package exporters

import (
	"math"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	apitrace "go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
)

// The numbers of fields of opentelemetry/proto/trace/v1/trace.proto and
// common/v1/common.proto.
const (
	fieldScopeSpan protowire.Number = 2

	fieldSpanTraceID           protowire.Number = 1
	fieldSpanID                protowire.Number = 2
	fieldSpanTraceState        protowire.Number = 3
	fieldSpanParent            protowire.Number = 4
	fieldSpanName              protowire.Number = 5
	fieldSpanKind              protowire.Number = 6
	fieldSpanStart             protowire.Number = 7
	fieldSpanEnd               protowire.Number = 8
	fieldSpanAttribute         protowire.Number = 9
	fieldSpanDroppedAttributes protowire.Number = 10
	fieldSpanEvent             protowire.Number = 11
	fieldSpanDroppedEvents     protowire.Number = 12
	fieldSpanLink              protowire.Number = 13
	fieldSpanDroppedLinks      protowire.Number = 14
	fieldSpanStatus            protowire.Number = 15
	fieldSpanFlags             protowire.Number = 16

	fieldEventTime              protowire.Number = 1
	fieldEventName              protowire.Number = 2
	fieldEventAttribute         protowire.Number = 3
	fieldEventDroppedAttributes protowire.Number = 4

	fieldLinkTraceID           protowire.Number = 1
	fieldLinkSpanID            protowire.Number = 2
	fieldLinkAttribute         protowire.Number = 4
	fieldLinkDroppedAttributes protowire.Number = 5
	fieldLinkFlags             protowire.Number = 6

	fieldStatusMessage protowire.Number = 2
	fieldStatusCode    protowire.Number = 3

	fieldAttributeKey   protowire.Number = 1
	fieldAttributeValue protowire.Number = 2

	fieldValueString protowire.Number = 1
	fieldValueBool   protowire.Number = 2
	fieldValueInt    protowire.Number = 3
	fieldValueDouble protowire.Number = 4
)

// An encoder encodes spans as the field spans of the message ScopeSpans. Its buffers are
// used again.
type encoder struct {
	spans []byte
	// span, part and value are a span, an event or a link of it, and an attribute.
	span, part, value []byte
}

// add encodes a span. It returns false, and has added nothing, if the span has an
// attribute that is no text, number or truth value.
func (e *encoder) add(s trace.ReadOnlySpan) bool {
	identity, parent := s.SpanContext(), s.Parent()
	traceID, spanID := identity.TraceID(), identity.SpanID()
	b := appendBytes(e.span[:0], fieldSpanTraceID, traceID[:])
	b = appendBytes(b, fieldSpanID, spanID[:])
	b = appendText(b, fieldSpanTraceState, identity.TraceState().String())
	if id := parent.SpanID(); id.IsValid() {
		b = appendBytes(b, fieldSpanParent, id[:])
	}
	b = appendText(b, fieldSpanName, s.Name())
	b = appendNumber(b, fieldSpanKind, int64(s.SpanKind())) // OTLP has the numbers of the API.
	b = appendTime(b, fieldSpanStart, s.StartTime())
	b = appendTime(b, fieldSpanEnd, s.EndTime())
	b, known := e.appendAttributes(b, fieldSpanAttribute, s.Attributes())
	b = appendNumber(b, fieldSpanDroppedAttributes, int64(s.DroppedAttributes()))
	for _, event := range s.Events() {
		known = known && e.encodeEvent(&event)
		b = appendBytes(b, fieldSpanEvent, e.part)
	}
	b = appendNumber(b, fieldSpanDroppedEvents, int64(s.DroppedEvents()))
	for _, link := range s.Links() {
		known = known && e.encodeLink(&link)
		b = appendBytes(b, fieldSpanLink, e.part)
	}
	b = appendNumber(b, fieldSpanDroppedLinks, int64(s.DroppedLinks()))
	status := s.Status()
	e.part = appendText(e.part[:0], fieldStatusMessage, status.Description)
	e.part = appendNumber(e.part, fieldStatusCode, int64(statusCode(status.Code)))
	b = appendBytes(b, fieldSpanStatus, e.part)
	e.span = appendFlags(b, fieldSpanFlags, identity, parent)
	if known {
		e.spans = appendBytes(e.spans, fieldScopeSpan, e.span)
	}
	return known
}

// encodeEvent sets part.
func (e *encoder) encodeEvent(event *trace.Event) (known bool) {
	b := appendTime(e.part[:0], fieldEventTime, event.Time)
	b = appendText(b, fieldEventName, event.Name)
	b, known = e.appendAttributes(b, fieldEventAttribute, event.Attributes)
	e.part = appendNumber(b, fieldEventDroppedAttributes, int64(event.DroppedAttributeCount))
	return known
}

// encodeLink sets part.
func (e *encoder) encodeLink(link *trace.Link) (known bool) {
	traceID, spanID := link.SpanContext.TraceID(), link.SpanContext.SpanID()
	b := appendBytes(e.part[:0], fieldLinkTraceID, traceID[:])
	b = appendBytes(b, fieldLinkSpanID, spanID[:])
	b, known = e.appendAttributes(b, fieldLinkAttribute, link.Attributes)
	b = appendNumber(b, fieldLinkDroppedAttributes, int64(link.DroppedAttributeCount))
	e.part = appendFlags(b, fieldLinkFlags, link.SpanContext, link.SpanContext)
	return known
}

func (e *encoder) appendAttributes(b []byte, field protowire.Number, attributes []attribute.KeyValue) (_ []byte, known bool) {
	for i := range attributes {
		key, value := string(attributes[i].Key), attributes[i].Value
		v := e.value[:0]
		switch value.Type() {
		case attribute.STRING:
			v = protowire.AppendTag(v, fieldValueString, protowire.BytesType)
			v = protowire.AppendString(v, value.AsString())
		case attribute.BOOL:
			v = protowire.AppendTag(v, fieldValueBool, protowire.VarintType)
			v = protowire.AppendVarint(v, protowire.EncodeBool(value.AsBool()))
		case attribute.INT64:
			v = protowire.AppendTag(v, fieldValueInt, protowire.VarintType)
			v = protowire.AppendVarint(v, uint64(value.AsInt64())) //nolint:gosec // As protobuf encodes int64.
		case attribute.FLOAT64:
			v = protowire.AppendTag(v, fieldValueDouble, protowire.Fixed64Type)
			v = protowire.AppendFixed64(v, math.Float64bits(value.AsFloat64()))
		default:
			return b, false
		}
		e.value = v
		size := protowire.SizeTag(fieldAttributeValue) + protowire.SizeBytes(len(v))
		if key != "" {
			size += protowire.SizeTag(fieldAttributeKey) + protowire.SizeBytes(len(key))
		}
		b = protowire.AppendTag(b, field, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(size)) //nolint:gosec // A size is not negative.
		b = appendText(b, fieldAttributeKey, key)
		b = appendBytes(b, fieldAttributeValue, v)
	}
	return b, true
}

func appendBytes(b []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), value)
}

func appendText(b []byte, field protowire.Number, value string) []byte {
	if value == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), value)
}

// appendNumber appends a number of 32 bits, or an enumeration.
func appendNumber(b []byte, field protowire.Number, value int64) []byte {
	if value <= 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(min(value, math.MaxUint32)))
}

func appendTime(b []byte, field protowire.Number, at time.Time) []byte {
	nanos := at.UnixNano()
	if nanos <= 0 {
		return b
	}
	return protowire.AppendFixed64(protowire.AppendTag(b, field, protowire.Fixed64Type), uint64(nanos))
}

// appendFlags appends the flags of a span, and whether its parent is in another process.
func appendFlags(b []byte, field protowire.Number, identity, parent apitrace.SpanContext) []byte {
	flags := uint32(identity.TraceFlags()) | uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK)
	if parent.IsRemote() {
		flags |= uint32(tracepb.SpanFlags_SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK)
	}
	return protowire.AppendFixed32(protowire.AppendTag(b, field, protowire.Fixed32Type), flags)
}

func statusCode(code codes.Code) tracepb.Status_StatusCode {
	switch code {
	case codes.Ok:
		return tracepb.Status_STATUS_CODE_OK
	case codes.Error:
		return tracepb.Status_STATUS_CODE_ERROR
	default:
		return tracepb.Status_STATUS_CODE_UNSET
	}
}
