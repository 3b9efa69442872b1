package exporters

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/sdk/trace"
)

const (
	// groupSize is how many spans are passed on at once.
	groupSize = 64
	// groupDelay is how long a span waits for others at most.
	groupDelay = 100 * time.Millisecond
)

// spanGroups passes spans on in groups. The batch processor of the SDK, which is next,
// wakes its goroutine for each span, and that costs about as much as recording the span.
type spanGroups struct {
	next trace.SpanProcessor

	lock    sync.Mutex
	waiting []trace.ReadOnlySpan
	// timer passes on what waits. due says that it runs.
	timer *time.Timer
	due   bool
}

var _ trace.SpanProcessor = (*spanGroups)(nil)

func newSpanGroups(next trace.SpanProcessor) *spanGroups {
	return &spanGroups{next: next}
}

// OnStart does nothing.
func (*spanGroups) OnStart(context.Context, trace.ReadWriteSpan) {}

// OnEnd keeps the span until its group is complete.
func (g *spanGroups) OnEnd(s trace.ReadOnlySpan) {
	g.lock.Lock()
	if g.waiting == nil {
		g.waiting = make([]trace.ReadOnlySpan, 0, groupSize)
	}
	g.waiting = append(g.waiting, s)
	if len(g.waiting) == groupSize {
		group := g.take()
		g.lock.Unlock()
		g.pass(group)
		return
	}
	defer g.lock.Unlock()
	if g.due {
		return
	}
	g.due = true
	if g.timer == nil {
		g.timer = time.AfterFunc(groupDelay, g.flush)
	} else {
		g.timer.Reset(groupDelay)
	}
}

// take returns the spans that wait. The lock is held.
func (g *spanGroups) take() []trace.ReadOnlySpan {
	group := g.waiting
	g.waiting = nil
	return group
}

func (g *spanGroups) pass(group []trace.ReadOnlySpan) {
	for _, s := range group {
		g.next.OnEnd(s)
	}
}

func (g *spanGroups) flush() {
	g.lock.Lock()
	g.due = false
	group := g.take()
	g.lock.Unlock()
	g.pass(group)
}

// Shutdown passes on what waits, and shuts the next processor down.
func (g *spanGroups) Shutdown(ctx context.Context) error {
	g.flush()
	return g.next.Shutdown(ctx)
}

// ForceFlush passes on what waits, and flushes the next processor.
func (g *spanGroups) ForceFlush(ctx context.Context) error {
	g.flush()
	return g.next.ForceFlush(ctx)
}
