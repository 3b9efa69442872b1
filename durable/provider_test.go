package durable_test

import (
	"context"
	"encoding/json"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

var _ durable.Provider = (*scripted)(nil)

// A hook runs at the start of a call of a scripted provider.
type hook func(ctx context.Context, task *durable.Task) error

// A call is one call of a scripted provider.
type call struct {
	kind     durable.OperationKind
	task     string
	attempt  int
	instance durable.Instance
	previous durable.Instance
	binding  durable.Binding
}

// A scripted provider runs the hooks of a test. It keeps its own list of the
// resources that exist.
type scripted struct {
	// bound, if not nil, returns the result of Bind.
	bound func(durable.Binding) durable.BindResult
	// updated and provisioned, if not nil, return the results of Update and Provision.
	updated     func() durable.UpdateResult
	provisioned func() durable.ProvisionResult

	mu     sync.Mutex
	hooks  map[string]hook
	exists map[string]bool
	calls  []call
}

func newScripted() *scripted {
	return &scripted{hooks: map[string]hook{}, exists: map[string]bool{}}
}

// on makes calls of a kind for the instance, or "instance/binding", call f first.
// An empty name selects all calls without a hook of their own.
func (p *scripted) on(kind durable.OperationKind, name string, f hook) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hooks[string(kind)+" "+name] = f
}

// fail makes calls return err.
func (p *scripted) fail(kind durable.OperationKind, name string, err error) {
	p.on(kind, name, func(context.Context, *durable.Task) error { return err })
}

// A gate holds calls of a provider until it is opened or their context ends.
type gate struct {
	entered, opened chan struct{}
	open            func()
}

// hold makes calls wait at a gate.
func (p *scripted) hold(kind durable.OperationKind, name string) *gate {
	g := &gate{entered: make(chan struct{}, 1000), opened: make(chan struct{})}
	g.open = sync.OnceFunc(func() { close(g.opened) })
	p.on(kind, name, func(ctx context.Context, _ *durable.Task) error {
		g.entered <- struct{}{}
		select {
		case <-g.opened:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return g
}

// stall makes calls wait at a gate and ignore their context.
func (p *scripted) stall(kind durable.OperationKind, name string) *gate {
	g := p.hold(kind, name)
	p.on(kind, name, func(context.Context, *durable.Task) error {
		g.entered <- struct{}{}
		<-g.opened
		return nil
	})
	return g
}

func (p *scripted) do(ctx context.Context, task *durable.Task, c call, name string, exists bool) error {
	c.kind, c.task, c.attempt = task.Kind(), task.ID(), task.Attempt()
	p.mu.Lock()
	do := p.hooks[string(c.kind)+" "+name]
	if do == nil {
		do = p.hooks[string(c.kind)+" "]
	}
	p.calls = append(p.calls, c)
	p.mu.Unlock()
	if do != nil {
		if err := do(ctx, task); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.exists[name] = exists
	return nil
}

// set creates or deletes the resource of an instance or binding without the engine.
func (p *scripted) set(name string, exists bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.exists[name] = exists
}

func (p *scripted) has(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exists[name]
}

// called returns the calls of a kind for an instance.
func (p *scripted) called(kind durable.OperationKind, instanceID string) []call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.calls), func(c call) bool {
		return c.kind != kind || c.instance.ID != instanceID && c.binding.Instance.ID != instanceID
	})
}

func (p *scripted) Provision(ctx context.Context, task *durable.Task, i durable.Instance) (durable.ProvisionResult, error) {
	result := durable.ProvisionResult{DashboardURL: "https://dashboard.example.com/" + i.ID, State: json.RawMessage(`{"node":"n1"}`)}
	if p.provisioned != nil {
		result = p.provisioned()
	}
	return result, p.do(ctx, task, call{instance: i}, i.ID, true)
}

func (p *scripted) Update(ctx context.Context, task *durable.Task, i, previous durable.Instance) (durable.UpdateResult, error) {
	var result durable.UpdateResult
	if p.updated != nil {
		result = p.updated()
	}
	return result, p.do(ctx, task, call{instance: i, previous: previous}, i.ID, true)
}

func (p *scripted) Deprovision(ctx context.Context, task *durable.Task, i durable.Instance) error {
	return p.do(ctx, task, call{instance: i}, i.ID, false)
}

func (p *scripted) Bind(ctx context.Context, task *durable.Task, b durable.Binding) (durable.BindResult, error) {
	result := durable.BindResult{Credentials: openbroker.Credentials{"password": "s3cret-" + b.ID, "port": json.Number("12345678901234567890")}}
	if p.bound != nil {
		result = p.bound(b)
	}
	return result, p.do(ctx, task, call{binding: b}, b.Instance.ID+"/"+b.ID, true)
}

func (p *scripted) Unbind(ctx context.Context, task *durable.Task, b durable.Binding) error {
	return p.do(ctx, task, call{binding: b}, b.Instance.ID+"/"+b.ID, false)
}

// receive waits for a value. It fails the test after a timeout.
func receive[T any](tb testing.TB, what string, c <-chan T) T {
	tb.Helper()
	timeout := newTimeout(tb)
	select {
	case v := <-c:
		return v
	case <-timeout:
		tb.Fatalf("timed out waiting for: %s", what)
		panic("unreachable")
	}
}

// reporting returns a hook that reports and then waits at the gate.
func reporting(g *gate, description string) hook {
	return func(ctx context.Context, task *durable.Task) error {
		if err := task.Report(ctx, description); err != nil {
			return err
		}
		g.entered <- struct{}{}
		select {
		case <-g.opened:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// exit ends the goroutine.
func exit() error {
	runtime.Goexit()
	return nil
}
