package durable

import (
	"context"
	"iter"
	"log/slog"
	"runtime/debug"
	"slices"
)

// A Reconciler is a [Provider] whose service can lose what the provider made, although
// nobody deleted it: a server that keeps its users in memory and was restarted, or one
// that was replaced. It makes again what is missing.
type Reconciler interface {
	Provider
	// Reconcile compares the service with the records until ctx ends, and then returns.
	// [Engine.Start] calls it once, beside the operations, which need not wait for it;
	// each replica does. If it returns early or panics, it is not called again.
	Reconcile(ctx context.Context, records Records)
}

// Records are what the store has, for a [Reconciler]. They change while they are read. The
// store and the sealer can fail: an iteration ends after an error.
type Records interface {
	// Instances yields the instances that are to have a resource: those whose creation has
	// begun, and whose deletion has not. One that is being created has no State.
	Instances(ctx context.Context) iter.Seq2[Instance, error]
	// Bindings yields the bindings that applications may use: those whose creation has
	// succeeded, and whose deletion, or that of the instance, has not begun. Unless
	// instance is nil, they are those of this instance.
	Bindings(ctx context.Context, instance *Instance) iter.Seq2[Binding, error]
	// Exists reports whether Instances would yield the instance now, and InUse whether
	// Bindings would yield the binding. Ask after making again what belongs to it, and
	// delete that if the answer is no: a Deprovision or an Unbind may have deleted it just
	// before.
	Exists(ctx context.Context, instance Instance) (bool, error)
	InUse(ctx context.Context, binding Binding) (bool, error)
}

// reconcile calls a Reconciler. It ends with ctx even if the Reconciler does not.
func (e *Engine) reconcile(ctx context.Context, r Reconciler) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer func() {
			if value := recover(); value != nil {
				e.logger.LogAttrs(ctx, slog.LevelError, "the provider panicked while it reconciled", slog.Any("panic", value), slog.String("stack", string(debug.Stack())))
			}
		}()
		r.Reconcile(ctx, records{e})
	}()
	<-ctx.Done()
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
	defer cancel()
	select {
	case <-ended:
	case <-patience.Done():
		e.logger.LogAttrs(ctx, slog.LevelError, "provider ignores its context and is abandoned while it reconciles")
	}
}

// records implements Records.
type records struct{ engine *Engine }

// Instances implements Records.
func (r records) Instances(ctx context.Context) iter.Seq2[Instance, error] {
	return func(yield func(Instance, error) bool) {
		filter := Filter{Limit: 1000}
		for {
			found, err := r.engine.store.Instances(ctx, filter)
			if err != nil {
				yield(Instance{}, err)
				return
			}
			for i := range found {
				if !exists(found[i].Status) {
					continue
				}
				details, err := r.engine.openInstance(&found[i])
				if !yield(r.engine.instance(&found[i], details), err) || err != nil {
					return
				}
			}
			if len(found) == 0 {
				return
			}
			filter.After = found[len(found)-1].Key
		}
	}
}

// Bindings implements Records.
func (r records) Bindings(ctx context.Context, instance *Instance) iter.Seq2[Binding, error] {
	return func(yield func(Binding, error) bool) {
		filter := Filter{Status: StatusReady, Limit: 1000}
		if instance != nil {
			filter.Platform, filter.InstanceID = instance.Platform, instance.ID
		}
		for {
			found, err := r.engine.store.Bindings(ctx, filter)
			if err != nil {
				yield(Binding{}, err)
				return
			}
			for i := range found {
				// The snapshot shows the instance and the binding at one time.
				binding, used, err := r.load(ctx, found[i].Key)
				if (used || err != nil) && !yield(binding, err) || err != nil {
					return
				}
			}
			if len(found) == 0 {
				return
			}
			filter.After = found[len(found)-1].Key
		}
	}
}

// Exists implements Records.
func (r records) Exists(ctx context.Context, instance Instance) (bool, error) {
	snapshot, err := r.engine.load(ctx, Key{Platform: instance.Platform, InstanceID: instance.ID})
	return err == nil && snapshot.Instance != nil && exists(snapshot.Instance.Status), err
}

// exists reports whether an instance with the status is to have a resource.
func exists(status RecordStatus) bool {
	return slices.Contains([]RecordStatus{StatusCreating, StatusReady, StatusUpdating}, status)
}

// InUse implements Records.
func (r records) InUse(ctx context.Context, binding Binding) (bool, error) {
	snapshot, err := r.engine.load(ctx, Key{Platform: binding.Instance.Platform, InstanceID: binding.Instance.ID, BindingID: binding.ID})
	return err == nil && inUse(snapshot), err
}

// load returns a binding if applications may use it.
func (r records) load(ctx context.Context, key Key) (binding Binding, used bool, err error) {
	snapshot, err := r.engine.load(ctx, key)
	if err != nil || !inUse(snapshot) {
		return Binding{}, false, err
	}
	instance, err := r.engine.openInstance(snapshot.Instance)
	if err != nil {
		return Binding{}, false, err
	}
	details, err := r.engine.openBinding(snapshot.Binding)
	if err != nil {
		return Binding{}, false, err
	}
	return r.engine.binding(r.engine.instance(snapshot.Instance, instance), snapshot.Binding, details), true, nil
}

// inUse reports whether applications may use the binding of a snapshot. A deletion of the
// instance deletes bindings one by one, whose records stay ready until then.
func inUse(s *Snapshot) bool {
	return s.Instance != nil && s.Binding != nil && s.Binding.Status == StatusReady &&
		slices.Contains([]RecordStatus{StatusReady, StatusUpdating}, s.Instance.Status)
}
