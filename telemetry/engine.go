package telemetry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/audit"
)

const (
	// countTimeout limits the count of open operations, which a scrape waits for.
	countTimeout = 5 * time.Second
	// fresh is how long a count of open operations serves further scrapes.
	fresh = time.Second
	// patience is how long a scrape waits for a count of instances and bindings, unless
	// the last one took longer.
	patience = 250 * time.Millisecond
	// share is the part of the time that counts of instances and bindings may take.
	share = 20
)

// WatchEngine adds the metrics that are read at each scrape: the workers and the catalog
// of an engine, and the numbers of operations, instances and bindings in its store,
// which is not counted if it is no [durable.Counter]. Call stop, which removes the
// metrics, before the store is closed.
func (t *Telemetry) WatchEngine(engine *durable.Engine, store durable.Store) (stop func(), err error) {
	i := instruments{meter: t.meter}
	w := &watch{
		engine: engine, stores: &t.stores, interval: t.config.CountInterval,
		workers:   i.gauge("openbroker.workers", "How many operations this replica works on at most."),
		busy:      i.gauge("openbroker.workers.busy", "How many operations this replica works on."),
		catalog:   i.gauge("openbroker.catalog.info", "The revision of the catalog: replicas with the same catalog have the same."),
		open:      i.gauge("openbroker.operations", "Operations that have not ended, in the whole store."),
		instances: i.gauge("openbroker.instances", "Instances in the whole store."),
		bindings:  i.gauge("openbroker.bindings", "Bindings in the whole store."),
		heads:     i.gauge("openbroker.audit.head", "The number of the last batch of a chain of the audit trail that this replica writes."),
	}
	seconds := func(name, description string) metric.Float64ObservableGauge {
		g, err := t.meter.Float64ObservableGauge(name, metric.WithDescription(description), metric.WithUnit("s"))
		i.problems = append(i.problems, err)
		return g
	}
	w.oldest = seconds("openbroker.operation.oldest.age", "Age of the oldest operation that has not ended, in the whole store.")
	w.counted = seconds("openbroker.records.age", "How long ago the instances and bindings were counted.")
	w.counter, _ = store.(durable.Counter)
	w.chains, _ = store.(interface{ AuditHeads() []audit.Head })
	ctx, cancel := context.WithCancel(context.Background())
	w.ctx = ctx
	registration, err := t.meter.RegisterCallback(w.observe, w.workers, w.busy, w.catalog, w.open, w.oldest, w.instances, w.bindings, w.counted, w.heads)
	if err = errors.Join(append(i.problems, err)...); err != nil {
		cancel()
		return nil, err
	}
	return sync.OnceFunc(func() {
		_ = registration.Unregister()
		cancel()
		w.lock.Lock()
		w.stopped = true
		w.lock.Unlock()
		w.running.Wait()
	}), nil
}

// A watch reads the state of an engine and its store.
type watch struct {
	engine   *durable.Engine
	counter  durable.Counter // nil if the store does not count
	stores   *storeMetrics
	interval time.Duration
	ctx      context.Context //nolint:containedctx // It ends counts in the background.

	workers, busy, catalog, open, instances, bindings, heads metric.Int64ObservableGauge
	oldest, counted                                          metric.Float64ObservableGauge

	chains interface{ AuditHeads() []audit.Head } // nil if the store has none

	// scrape is held by the scrape that counts operations. Others wait, and use its
	// result.
	scrape   sync.Mutex
	opened   []durable.OpenCount
	openedAt time.Time

	lock    sync.Mutex
	running sync.WaitGroup
	stopped bool
	// current is closed when the count in progress ends; nil without one.
	current chan struct{}
	next    time.Time
	took    time.Duration
	records *recordCounts

	revised  *openbroker.Catalog
	revision string
}

// recordCounts are the results of a count. They do not change.
type recordCounts struct {
	instances, bindings []durable.RecordCount
	at                  time.Time
}

// observe is called at each scrape.
func (w *watch) observe(ctx context.Context, o metric.Observer) error {
	busy, limit := w.engine.Workers()
	o.ObserveInt64(w.busy, int64(busy))
	o.ObserveInt64(w.workers, int64(limit))
	catalog, err := w.engine.Catalog(ctx)
	if err != nil {
		return err
	}
	o.ObserveInt64(w.catalog, 1, metric.WithAttributes(attribute.String("revision", w.revisionOf(catalog))))
	if w.chains != nil {
		for _, head := range w.chains.AuditHeads() {
			o.ObserveInt64(w.heads, head.Seq, metric.WithAttributes(attribute.String("chain", head.Chain)))
		}
	}
	if w.counter == nil {
		return nil
	}
	w.observeOpen(ctx, o)
	if counts := w.recordCounts(); counts != nil {
		observeRecords(o, w.instances, counts.instances, catalog)
		observeRecords(o, w.bindings, counts.bindings, catalog)
		o.ObserveFloat64(w.counted, time.Since(counts.at).Seconds())
	}
	return nil
}

// kinds and states are those of open operations. All of them have a value, so that a
// graph shows zero rather than nothing.
var (
	kinds  = []durable.OperationKind{durable.KindProvision, durable.KindUpdate, durable.KindDeprovision, durable.KindBind, durable.KindUnbind}
	states = []durable.OperationState{durable.OperationActive, durable.OperationCancelling}
)

// observeOpen observes the open operations. If the store fails, they have no value.
func (w *watch) observeOpen(ctx context.Context, o metric.Observer) {
	w.scrape.Lock()
	defer w.scrape.Unlock()
	if time.Since(w.openedAt) > fresh {
		ctx, cancel := context.WithTimeout(ctx, countTimeout)
		defer cancel()
		began := time.Now()
		opened, err := w.counter.CountOpen(ctx)
		w.stores.observe(ctx, "count_open", began, err)
		if err != nil {
			return // The store's own metrics show it.
		}
		w.opened, w.openedAt = opened, time.Now()
	}
	for _, kind := range kinds {
		var oldest time.Duration
		for _, state := range states {
			var count int64
			for i := range w.opened {
				if c := &w.opened[i]; c.Kind == kind && c.State == state {
					count, oldest = c.Count, max(oldest, c.Oldest)
				}
			}
			o.ObserveInt64(w.open, count, metric.WithAttributes(attribute.String("kind", string(kind)), attribute.String("state", string(state))))
		}
		o.ObserveFloat64(w.oldest, oldest.Seconds(), metric.WithAttributes(attribute.String("kind", string(kind))))
	}
}

// recordCounts returns the last count of instances and bindings, and begins another one
// if that is due. It does not wait long for it. It returns nil before the first count has
// ended.
func (w *watch) recordCounts() *recordCounts {
	w.lock.Lock()
	if w.current == nil && !w.stopped && !time.Now().Before(w.next) {
		w.current = make(chan struct{})
		w.running.Go(w.count)
	}
	current, took := w.current, w.took
	w.lock.Unlock()
	if current != nil && took < patience {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		select {
		case <-current:
		case <-timer.C:
		}
	}
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.records
}

// count counts the instances and bindings.
func (w *watch) count() {
	began := time.Now()
	instances, bindings, err := w.counter.CountRecords(w.ctx)
	w.stores.observe(w.ctx, "count_records", began, err)
	w.lock.Lock()
	defer w.lock.Unlock()
	if err == nil {
		w.records = &recordCounts{instances, bindings, time.Now()}
	}
	w.took = time.Since(began)
	w.next = time.Now().Add(max(w.interval, share*w.took))
	close(w.current)
	w.current = nil
}

// observeRecords observes the counts under the names of the catalog. Plans that the
// catalog does not have are one.
func observeRecords(o metric.Observer, gauge metric.Int64ObservableGauge, counts []durable.RecordCount, catalog *openbroker.Catalog) {
	type series struct{ service, plan, status string }
	sums := map[series]int64{}
	for _, c := range counts {
		s := series{unknown, unknown, string(c.Status)}
		if service := catalog.Service(c.ServiceID); service != nil {
			s.service = service.Name
			if plan := service.Plan(c.PlanID); plan != nil {
				s.plan = plan.Name
			}
		}
		sums[s] += c.Count
	}
	for s, count := range sums {
		o.ObserveInt64(gauge, count, metric.WithAttributes(
			attribute.String("service", s.service), attribute.String("plan", s.plan), attribute.String("status", s.status)))
	}
}

// revisionOf returns a short digest of a catalog.
func (w *watch) revisionOf(catalog *openbroker.Catalog) string {
	w.lock.Lock()
	defer w.lock.Unlock()
	if catalog == w.revised {
		return w.revision
	}
	encoded, err := json.Marshal(catalog)
	if err != nil {
		return unknown
	}
	digest := sha256.Sum256(encoded)
	w.revised, w.revision = catalog, hex.EncodeToString(digest[:6])
	return w.revision
}
