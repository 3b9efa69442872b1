package servicetest

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/step"
)

// A point is a step in a life. All numbers count from 0, over all attempts: number in the
// life, operation among its operations, and ordinal in the operation.
type point struct {
	stepOf
	number, operation, ordinal int
}

// A stepOf is a step that a provider has completed.
type stepOf struct {
	operationID string
	kind        durable.OperationKind
	name        string
}

// String returns, for example, "provision: create database".
func (s stepOf) String() string { return string(s.kind) + ": " + s.name }

// An order numbers the steps of a life.
type order struct {
	steps      int
	operations map[string]*orderOf
}

// An orderOf numbers the steps of an operation.
type orderOf struct{ operation, steps int }

// next returns the point of the next step.
func (o *order) next(s stepOf) point {
	if o.operations == nil {
		o.operations = map[string]*orderOf{}
	}
	of := o.operations[s.operationID]
	if of == nil {
		of = &orderOf{operation: len(o.operations)}
		o.operations[s.operationID] = of
	}
	p := point{s, o.steps, of.operation, of.steps}
	o.steps++
	of.steps++
	return p
}

// hooks is called after each step of the provider.
type hooks struct {
	mu    sync.Mutex
	after func(ctx context.Context, s stepOf) error
}

func (h *hooks) set(after func(ctx context.Context, s stepOf) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.after = after
}

func (h *hooks) call(ctx context.Context, s stepOf) error {
	h.mu.Lock()
	after := h.after
	h.mu.Unlock()
	if after == nil {
		return nil
	}
	return after(ctx, s)
}

// hooked is the providers with hooks between their steps.
type hooked struct {
	*provider.Dispatcher
	hooks *hooks
}

func (h *hooked) with(ctx context.Context, task *durable.Task) context.Context {
	return step.WithHook(ctx, func(name string) error { return h.hooks.call(ctx, stepOf{task.ID(), task.Kind(), name}) })
}

// Provision has the hooks.
func (h *hooked) Provision(ctx context.Context, task *durable.Task, instance durable.Instance) (durable.ProvisionResult, error) {
	return h.Dispatcher.Provision(h.with(ctx, task), task, instance)
}

// Update has the hooks.
func (h *hooked) Update(ctx context.Context, task *durable.Task, instance, previous durable.Instance) (durable.UpdateResult, error) {
	return h.Dispatcher.Update(h.with(ctx, task), task, instance, previous)
}

// Deprovision has the hooks.
func (h *hooked) Deprovision(ctx context.Context, task *durable.Task, instance durable.Instance) error {
	return h.Dispatcher.Deprovision(h.with(ctx, task), task, instance)
}

// Bind has the hooks.
func (h *hooked) Bind(ctx context.Context, task *durable.Task, binding durable.Binding) (durable.BindResult, error) {
	return h.Dispatcher.Bind(h.with(ctx, task), task, binding)
}

// Unbind has the hooks.
func (h *hooked) Unbind(ctx context.Context, task *durable.Task, binding durable.Binding) error {
	return h.Dispatcher.Unbind(h.with(ctx, task), task, binding)
}

// A logBuffer keeps the log of a broker.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// tail returns the end of the log.
func (l *logBuffer) tail() string {
	text := l.String()
	return text[max(0, len(text)-8<<10):]
}

// count returns how often the log has the text.
func (l *logBuffer) count(text string) int { return strings.Count(l.String(), text) }

// waitFor waits until the log has n more lines with the text.
func (l *logBuffer) waitFor(t *testing.T, text string, n int) {
	t.Helper()
	want := l.count(text) + n
	deadline := time.After(patience)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for l.count(text) < want {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Errorf("the log does not have %q %d more times", text, n)
			return
		}
	}
}
