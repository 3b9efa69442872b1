package exporters

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/trace"
)

// batchLimits are those of the OTEL_BSP_* variables.
type batchLimits struct {
	// delay is how long a span waits at most, and timeout how long sending a batch takes.
	delay, timeout time.Duration
	// batch is how many spans are sent at once, and queue how many wait at most.
	batch, queue int
}

// readBatchLimits returns an error for values that cannot be used.
func readBatchLimits(get func(string) string) (l batchLimits, err error) {
	var milliseconds [2]int
	for _, v := range []struct {
		name, usual string
		value       *int
	}{
		{"OTEL_BSP_SCHEDULE_DELAY", "5000", &milliseconds[0]},
		{"OTEL_BSP_EXPORT_TIMEOUT", "30000", &milliseconds[1]},
		{"OTEL_BSP_MAX_QUEUE_SIZE", "2048", &l.queue},
		{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "512", &l.batch},
	} {
		text := cmp.Or(get(v.name), v.usual)
		if *v.value, err = strconv.Atoi(text); err != nil || *v.value <= 0 {
			return l, fmt.Errorf("%s is %q: it must be a number greater than 0", v.name, text)
		}
	}
	l.delay, l.timeout = time.Duration(milliseconds[0])*time.Millisecond, time.Duration(milliseconds[1])*time.Millisecond
	l.batch = min(l.batch, l.queue)
	return l, nil
}

// spanBatches is a processor that sends spans in batches. That of the SDK wakes its
// goroutine for each span, which costs more than to record the span. This one sleeps until
// a batch is full, or for the delay.
type spanBatches struct {
	exporter trace.SpanExporter
	limits   batchLimits

	lock    sync.Mutex
	waiting []trace.ReadOnlySpan
	dropped int
	closed  bool

	// sending is held while spans are sent.
	sending sync.Mutex
	full    chan struct{}
	quit    chan struct{}
	ended   chan struct{}
}

var _ trace.SpanProcessor = (*spanBatches)(nil)

func newSpanBatches(exporter trace.SpanExporter, limits batchLimits) *spanBatches {
	b := &spanBatches{exporter: exporter, limits: limits, full: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{})}
	go b.run()
	return b
}

func (b *spanBatches) run() {
	defer close(b.ended)
	ctx := context.Background()
	tick := time.NewTicker(b.limits.delay)
	defer tick.Stop()
	for {
		select {
		case <-b.full:
			b.send(ctx, b.limits.batch)
		case <-tick.C:
			b.send(ctx, 1)
		case <-b.quit:
			b.send(ctx, 1)
			return
		}
	}
}

// OnStart does nothing.
func (*spanBatches) OnStart(context.Context, trace.ReadWriteSpan) {}

// OnEnd keeps the span until its batch is full. It does not wait: if too many spans wait
// already, the span is dropped.
func (b *spanBatches) OnEnd(s trace.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return
	}
	b.lock.Lock()
	if b.closed || len(b.waiting) >= b.limits.queue {
		if !b.closed {
			b.dropped++
		}
		b.lock.Unlock()
		return
	}
	b.waiting = append(b.waiting, s)
	full := len(b.waiting)%b.limits.batch == 0
	b.lock.Unlock()
	if full {
		select {
		case b.full <- struct{}{}:
		default: // It has not begun with the one before.
		}
	}
}

// send sends the spans that wait in batches, those of at least so many.
func (b *spanBatches) send(ctx context.Context, least int) {
	b.sending.Lock()
	defer b.sending.Unlock()
	for {
		b.lock.Lock()
		batch := slices.Clone(b.waiting[:min(len(b.waiting), b.limits.batch)])
		if len(batch) < least {
			batch = nil
		}
		left := copy(b.waiting, b.waiting[len(batch):])
		clear(b.waiting[left:])
		b.waiting = b.waiting[:left]
		dropped := b.dropped
		b.dropped = 0
		b.lock.Unlock()
		if dropped > 0 {
			otel.Handle(fmt.Errorf("%d spans are lost: the collector does not take them fast enough", dropped))
		}
		if len(batch) == 0 {
			return
		}
		limited, cancel := context.WithTimeout(ctx, b.limits.timeout)
		if err := b.exporter.ExportSpans(limited, batch); err != nil {
			otel.Handle(err)
		}
		cancel()
	}
}

// ForceFlush sends what waits.
func (b *spanBatches) ForceFlush(ctx context.Context) error {
	b.send(ctx, 1)
	return ctx.Err()
}

// Shutdown sends what waits, until ctx ends.
func (b *spanBatches) Shutdown(ctx context.Context) error {
	b.lock.Lock()
	closed := b.closed
	b.closed = true
	b.lock.Unlock()
	if closed {
		return nil
	}
	close(b.quit)
	select {
	case <-b.ended:
		return b.exporter.Shutdown(ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}
