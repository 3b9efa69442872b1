package telemetry

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/openbroker/openbroker/durable"
)

type storeMetrics struct {
	duration metric.Float64Histogram
	options  cache[storeKey, options]
}

type storeKey struct{ method, outcome string }

func (k storeKey) attributes() []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("method", k.method), attribute.String("outcome", k.outcome)}
}

// observe records a call. A refusal, such as a conflict, is an answer of a store that
// works.
func (m *storeMetrics) observe(ctx context.Context, method string, began time.Time, err error) {
	outcome := "ok"
	switch {
	case err == nil:
	case errors.Is(err, durable.ErrConflict), errors.Is(err, durable.ErrFenced), errors.Is(err, durable.ErrCancelling), errors.Is(err, durable.ErrNotFound):
		outcome = "refused"
	case errors.Is(ctx.Err(), context.Canceled):
		outcome = "abandoned"
	default:
		outcome = "failed"
	}
	// Without the context there is no exemplar: a store is called several times for each
	// request, and the request has one.
	//nolint:contextcheck // See above.
	m.duration.Record(context.Background(), time.Since(began).Seconds(), m.options.get(storeKey{method, outcome}, optionsOf[storeKey]).record...)
}

// Store returns a store that measures the calls of next. Pass it to the engine. It has
// the methods of [durable.Store] only.
func (t *Telemetry) Store(next durable.Store) durable.Store {
	return &measuredStore{Store: next, metrics: &t.stores}
}

// A measuredStore measures a store. Hints and Close are those of the store.
type measuredStore struct {
	durable.Store
	metrics *storeMetrics
}

var _ durable.Store = (*measuredStore)(nil)

// measure measures a call with a result.
func measure[T any](ctx context.Context, s *measuredStore, method string, call func() (T, error)) (T, error) {
	began := time.Now()
	result, err := call()
	s.metrics.observe(ctx, method, began, err)
	return result, err
}

// change measures a call without a result.
func (s *measuredStore) change(ctx context.Context, method string, call func() error) error {
	began := time.Now()
	err := call()
	s.metrics.observe(ctx, method, began, err)
	return err
}

// Load implements [durable.Store].
func (s *measuredStore) Load(ctx context.Context, key durable.Key) (*durable.Snapshot, error) {
	return measure(ctx, s, "load", func() (*durable.Snapshot, error) { return s.Store.Load(ctx, key) })
}

// Operation implements [durable.Store].
func (s *measuredStore) Operation(ctx context.Context, key durable.Key, id string) (*durable.OperationRecord, error) {
	return measure(ctx, s, "operation", func() (*durable.OperationRecord, error) { return s.Store.Operation(ctx, key, id) })
}

// OperationByID implements [durable.Store].
func (s *measuredStore) OperationByID(ctx context.Context, id string) (*durable.OperationRecord, error) {
	return measure(ctx, s, "operation", func() (*durable.OperationRecord, error) { return s.Store.OperationByID(ctx, id) })
}

// MarkDelivered implements [durable.Store].
func (s *measuredStore) MarkDelivered(ctx context.Context, id string) error {
	return s.change(ctx, "mark_delivered", func() error { return s.Store.MarkDelivered(ctx, id) })
}

// Accept implements [durable.Store].
func (s *measuredStore) Accept(ctx context.Context, a *durable.Acceptance) error {
	return s.change(ctx, "accept", func() error { return s.Store.Accept(ctx, a) })
}

// Advance implements [durable.Store].
func (s *measuredStore) Advance(ctx context.Context, a *durable.Advance) error {
	return s.change(ctx, "advance", func() error { return s.Store.Advance(ctx, a) })
}

// Claim implements [durable.Store].
func (s *measuredStore) Claim(ctx context.Context, owner string, lease time.Duration, limit int, leave durable.ClaimExclusion) ([]durable.OperationRecord, error) {
	return measure(ctx, s, "claim", func() ([]durable.OperationRecord, error) {
		return s.Store.Claim(ctx, owner, lease, limit, leave)
	})
}

// Renew implements [durable.Store].
func (s *measuredStore) Renew(ctx context.Context, owner string, lease time.Duration, fences []durable.Fence) (map[durable.Fence]durable.OperationState, error) {
	return measure(ctx, s, "renew", func() (map[durable.Fence]durable.OperationState, error) {
		return s.Store.Renew(ctx, owner, lease, fences)
	})
}

// Held implements [durable.Store].
func (s *measuredStore) Held(ctx context.Context, owner string, fences []durable.Fence) (map[durable.Fence]durable.OperationState, error) {
	return measure(ctx, s, "held", func() (map[durable.Fence]durable.OperationState, error) { return s.Store.Held(ctx, owner, fences) })
}

// Expired implements [durable.Store].
func (s *measuredStore) Expired(ctx context.Context, limit int) ([]durable.BindingRecord, error) {
	return measure(ctx, s, "expired", func() ([]durable.BindingRecord, error) { return s.Store.Expired(ctx, limit) })
}

// Prune implements [durable.Store].
func (s *measuredStore) Prune(ctx context.Context, retention time.Duration, limit int) (int, error) {
	return measure(ctx, s, "prune", func() (int, error) { return s.Store.Prune(ctx, retention, limit) })
}

// Instances implements [durable.Store].
func (s *measuredStore) Instances(ctx context.Context, f durable.Filter) ([]durable.InstanceRecord, error) {
	return measure(ctx, s, "list", func() ([]durable.InstanceRecord, error) { return s.Store.Instances(ctx, f) })
}

// Bindings implements [durable.Store].
func (s *measuredStore) Bindings(ctx context.Context, f durable.Filter) ([]durable.BindingRecord, error) {
	return measure(ctx, s, "list", func() ([]durable.BindingRecord, error) { return s.Store.Bindings(ctx, f) })
}

// Operations implements [durable.Store].
func (s *measuredStore) Operations(ctx context.Context, f durable.Filter) ([]durable.OperationRecord, error) {
	return measure(ctx, s, "list", func() ([]durable.OperationRecord, error) { return s.Store.Operations(ctx, f) })
}

// Setting implements [durable.Store].
func (s *measuredStore) Setting(ctx context.Context, name string) ([]byte, error) {
	return measure(ctx, s, "setting", func() ([]byte, error) { return s.Store.Setting(ctx, name) })
}

// Ping implements [durable.Store].
func (s *measuredStore) Ping(ctx context.Context) error {
	return s.change(ctx, "ping", func() error { return s.Store.Ping(ctx) })
}
