package provider

import (
	"context"
	"iter"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/openbroker/openbroker/durable"
)

var _ durable.Reconciler = (*Dispatcher)(nil)

// Reconcile passes the call on to each provider that is a [durable.Reconciler], with the
// records of its own instances. It returns when all have returned.
func (d *Dispatcher) Reconcile(ctx context.Context, records durable.Records) {
	var running sync.WaitGroup
	for i, p := range d.running {
		reconciler, ok := p.(durable.Reconciler)
		if !ok {
			continue
		}
		running.Go(func() {
			defer func() {
				if value := recover(); value != nil {
					d.logger.LogAttrs(ctx, slog.LevelError, "the provider panicked while it reconciled", slog.String("provider", d.group.members[i].Name),
						slog.Any("panic", value), slog.String("stack", string(debug.Stack())))
				}
			}()
			reconciler.Reconcile(ctx, ownRecords{Records: records, dispatcher: d, index: i})
		})
	}
	running.Wait()
}

// ownRecords are the records of the instances of one provider, with the settings of
// their plans.
type ownRecords struct {
	durable.Records

	dispatcher *Dispatcher
	index      int
}

// owns reports whether the instance belongs to the provider, and settles it then.
func (r ownRecords) owns(instance *durable.Instance) bool {
	i, err := r.dispatcher.index(instance)
	if err != nil || i != r.index {
		return false
	}
	r.dispatcher.settle(instance, i)
	return true
}

// Instances implements [durable.Records].
func (r ownRecords) Instances(ctx context.Context) iter.Seq2[durable.Instance, error] {
	return func(yield func(durable.Instance, error) bool) {
		for instance, err := range r.Records.Instances(ctx) {
			if (err != nil || r.owns(&instance)) && !yield(instance, err) {
				return
			}
		}
	}
}

// Bindings implements [durable.Records].
func (r ownRecords) Bindings(ctx context.Context, of *durable.Instance) iter.Seq2[durable.Binding, error] {
	return func(yield func(durable.Binding, error) bool) {
		for binding, err := range r.Records.Bindings(ctx, of) {
			if (err != nil || r.owns(&binding.Instance)) && !yield(binding, err) {
				return
			}
		}
	}
}
