package exporters_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	apitrace "go.opentelemetry.io/otel/trace"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/openbroker/openbroker/app/internal/exporters"
)

// received are the requests that a collector gets.
type received struct {
	t        *testing.T
	requests []*collectortrace.ExportTraceServiceRequest
}

func (*received) Start(context.Context) error { return nil }
func (*received) Stop(context.Context) error  { return nil }

func (r *received) UploadTraces(_ context.Context, spans []*tracepb.ResourceSpans) error {
	encoded, err := proto.Marshal(&collectortrace.ExportTraceServiceRequest{ResourceSpans: spans})
	if err != nil {
		return err
	}
	decoded := &collectortrace.ExportTraceServiceRequest{}
	if err := proto.Unmarshal(encoded, decoded); err != nil {
		return err
	}
	if unknown := decoded.GetResourceSpans()[0].GetScopeSpans()[0].ProtoReflect().GetUnknown(); len(unknown) > 0 {
		r.t.Errorf("unknown fields %x", unknown)
	}
	r.requests = append(r.requests, decoded)
	return nil
}

// randomSpans returns spans with all fields, set or not.
func randomSpans(seed uint64, count int) tracetest.SpanStubs {
	random := rand.New(rand.NewPCG(seed, 1))
	text := func() string { return strings.Repeat("é", random.IntN(3)*random.IntN(100)) }
	attributes := func() (all []attribute.KeyValue) {
		for range random.IntN(5) {
			key := fmt.Sprint(text(), len(all))
			all = append(all, []attribute.KeyValue{
				attribute.String(key, text()), attribute.Bool(key, random.IntN(2) == 0), attribute.Int64(key, random.Int64()-random.Int64()), attribute.Float64(key, random.NormFloat64()),
				attribute.Int(key, 0),
			}[random.IntN(5)])
		}
		return all
	}
	identity := func() apitrace.SpanContext {
		c := apitrace.SpanContextConfig{TraceFlags: apitrace.TraceFlags(random.IntN(2)), Remote: random.IntN(2) == 0}
		if random.IntN(4) > 0 {
			c.TraceID, c.SpanID = apitrace.TraceID{1, byte(random.IntN(256))}, apitrace.SpanID{2, byte(random.IntN(256))}
		}
		if random.IntN(2) == 0 {
			c.TraceState, _ = apitrace.ParseTraceState("a=b")
		}
		return apitrace.NewSpanContext(c)
	}
	at := func() time.Time { return time.Unix(random.Int64N(3)*1_000_000_000, random.Int64N(1000)) }
	identities := resource.NewSchemaless(attribute.String("service.name", "x"), attribute.StringSlice("tags", []string{"a", "b"}))
	spans := make(tracetest.SpanStubs, count)
	for i := range spans {
		s := tracetest.SpanStub{
			Name: text(), SpanContext: identity(), Parent: identity(), SpanKind: apitrace.SpanKind(random.IntN(6)), StartTime: at(), EndTime: at(), Attributes: attributes(),
			DroppedAttributes: random.IntN(2) * 300, DroppedEvents: random.IntN(2) * 300, DroppedLinks: random.IntN(2) * 300, Resource: identities,
			InstrumentationScope: instrumentation.Scope{Name: "scope", Version: "1", SchemaURL: "https://example.com/schema"},
			Status:               trace.Status{Code: codes.Code(random.IntN(3)), Description: text()},
		}
		for range random.IntN(3) {
			s.Events = append(s.Events, trace.Event{Name: text(), Time: at(), Attributes: attributes(), DroppedAttributeCount: random.IntN(2) * 7})
			s.Links = append(s.Links, trace.Link{SpanContext: identity(), Attributes: attributes(), DroppedAttributeCount: random.IntN(2) * 7})
		}
		spans[i] = s
	}
	return spans
}

// A collector gets the same spans as from the exporter of the SDK.
func TestSpansAreThoseOfTheSDK(t *testing.T) {
	t.Parallel()
	usualClient, ownClient := &received{t: t}, &received{t: t}
	usual, err := otlptrace.New(t.Context(), usualClient)
	if err != nil {
		t.Fatal(err)
	}
	own, err := exporters.NewSpanExporter(t.Context(), ownClient)
	if err != nil {
		t.Fatal(err)
	}
	batches := []tracetest.SpanStubs{randomSpans(1, 1), randomSpans(2, 60), nil, randomSpans(3, 20)}
	// These are left to the usual exporter.
	for i, change := range []func(*tracetest.SpanStub){
		func(s *tracetest.SpanStub) { s.Attributes = []attribute.KeyValue{attribute.IntSlice("a", []int{1, 2})} },
		func(s *tracetest.SpanStub) { s.InstrumentationScope.Name = "another" },
		func(s *tracetest.SpanStub) {
			s.Resource = resource.NewSchemaless(attribute.String("service.name", "y"))
		},
		func(s *tracetest.SpanStub) {
			s.Links = []trace.Link{{Attributes: []attribute.KeyValue{attribute.BoolSlice("a", []bool{true})}}}
		},
		func(s *tracetest.SpanStub) {
			s.Events = []trace.Event{{Attributes: []attribute.KeyValue{attribute.Float64Slice("a", []float64{1})}}}
		},
	} {
		unusual := randomSpans(uint64(i), 3)
		change(&unusual[1])
		batches = append(batches, unusual, randomSpans(uint64(10+i), 3))
	}
	for i, batch := range batches {
		for _, e := range []trace.SpanExporter{usual, own} {
			if err := e.ExportSpans(t.Context(), batch.Snapshots()); err != nil {
				t.Fatal(err)
			}
		}
		if i > 0 && len(ownClient.requests) != len(usualClient.requests) {
			t.Fatalf("%d requests, want %d", len(ownClient.requests), len(usualClient.requests))
		}
	}
	for i, want := range usualClient.requests {
		unordered := protocmp.SortRepeated(func(a, b *tracepb.ResourceSpans) bool { return a.String() < b.String() })
		if diff := cmp.Diff(want, ownClient.requests[i], protocmp.Transform(), unordered); diff != "" {
			t.Errorf("request %d (-want +got):\n%s", i, diff)
		}
	}
}

// sent is an exporter that keeps the sizes of the batches that it gets.
type sent struct {
	mu      sync.Mutex
	batches []int
	block   chan struct{}
	ended   bool
}

func (s *sent) ExportSpans(ctx context.Context, spans []trace.ReadOnlySpan) error {
	s.mu.Lock()
	block := s.block
	s.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches = append(s.batches, len(spans))
	return nil
}

// take returns the sizes since the last call.
func (s *sent) take() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	batches := s.batches
	s.batches = nil
	return batches
}

// blockOn makes ExportSpans wait until the channel is closed.
func (s *sent) blockOn(block chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.block = block
}

func (s *sent) Shutdown(context.Context) error { s.ended = true; return nil }

// Spans are sent in batches, after the delay, when asked to, and at the end. None waits
// for a collector, and too many are dropped.
func TestSpanBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		collector := &sent{}
		variables := map[string]string{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "10", "OTEL_BSP_MAX_QUEUE_SIZE": "25", "OTEL_BSP_SCHEDULE_DELAY": "1000", "OTEL_BSP_EXPORT_TIMEOUT": "60000"}
		batches, err := exporters.NewSpanBatches(collector, func(name string) string { return variables[name] })
		if err != nil {
			t.Fatal(err)
		}
		stubs := tracetest.SpanStubs{
			{SpanContext: apitrace.NewSpanContext(apitrace.SpanContextConfig{TraceID: apitrace.TraceID{1}, SpanID: apitrace.SpanID{1}, TraceFlags: apitrace.FlagsSampled})},
			{SpanContext: apitrace.NewSpanContext(apitrace.SpanContextConfig{TraceID: apitrace.TraceID{1}, SpanID: apitrace.SpanID{1}})},
		}.Snapshots()
		end := func(count int, want ...int) {
			t.Helper()
			for range count {
				batches.OnEnd(stubs[0])
				batches.OnEnd(stubs[1]) // Not sampled.
			}
			synctest.Wait()
			if got := collector.take(); !slices.Equal(got, want) {
				t.Errorf("batches %v, want %v", got, want)
			}
		}
		end(9)
		end(1, 10)
		end(23, 10, 10)
		time.Sleep(time.Second)
		end(0, 3)
		end(2)
		if err := batches.ForceFlush(t.Context()); err != nil {
			t.Error(err)
		}
		end(0, 2)
		block := make(chan struct{})
		collector.blockOn(block)
		end(10) // These are being sent.
		end(30) // Of these, 25 wait.
		close(block)
		end(0, 10, 10, 10)
		end(1)
		if err := batches.Shutdown(t.Context()); err != nil || !collector.ended {
			t.Errorf("the end: %v, %v", err, collector.ended)
		}
		end(1, 6)
		if err := batches.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
	for name, value := range map[string]string{"OTEL_BSP_SCHEDULE_DELAY": "5s", "OTEL_BSP_MAX_QUEUE_SIZE": "0"} {
		_, err := exporters.NewSpanBatches(nil, func(asked string) string { return map[string]string{name: value}[asked] })
		if err == nil || !strings.Contains(err.Error(), name+" is ") {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}
