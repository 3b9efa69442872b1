package exporters

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/sdk/trace"
)

const (
	// handful is how many spans are passed on together.
	handful = 128
	// holdTime limits how long a span waits for others.
	holdTime = 200 * time.Millisecond
)

// A gatherer passes ended spans on to the processor of the SDK, a handful at a time. That
// processor has a goroutine, which a span of its own wakes for each request: this costs as
// much as the span itself.
type gatherer struct {
	trace.SpanProcessor

	mu    sync.Mutex
	spans []trace.ReadOnlySpan
	timer *time.Timer
}

func gather(next trace.SpanProcessor) *gatherer {
	g := &gatherer{SpanProcessor: next, spans: make([]trace.ReadOnlySpan, 0, handful)}
	g.timer = time.AfterFunc(holdTime, g.passOn)
	g.timer.Stop()
	return g
}

// OnEnd keeps the span, or passes it on with those that it kept.
func (g *gatherer) OnEnd(span trace.ReadOnlySpan) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.spans = append(g.spans, span)
	switch len(g.spans) {
	case 1:
		g.timer.Reset(holdTime)
	case handful:
		g.timer.Stop()
		g.passOnLocked()
	default:
	}
}

func (g *gatherer) passOn() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.passOnLocked()
}

func (g *gatherer) passOnLocked() {
	for _, span := range g.spans {
		g.SpanProcessor.OnEnd(span)
	}
	clear(g.spans)
	g.spans = g.spans[:0]
}

// ForceFlush passes all spans on.
func (g *gatherer) ForceFlush(ctx context.Context) error {
	g.passOn()
	return g.SpanProcessor.ForceFlush(ctx)
}

// Shutdown passes all spans on.
func (g *gatherer) Shutdown(ctx context.Context) error {
	g.passOn()
	return g.SpanProcessor.Shutdown(ctx)
}
