package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/message"
)

// A Tester is a provider that is not written in Go, and can test what it calls: a program
// or an HTTP service. The command provider test does so.
type Tester interface {
	durable.Provider
	// Test takes instances through their life, with repetitions and interruptions, and
	// reports each step. It deletes what it made. The error says that the test could not
	// be finished.
	Test(ctx context.Context, run TestRun) error
}

// A TestRun says what a [Tester] does.
type TestRun struct {
	// Service and Plan are those of the instances.
	Service *openbroker.Service
	Plan    *openbroker.Plan
	// NewPlan is the plan that instances are updated to, or nil if they cannot be.
	NewPlan *openbroker.Plan
	// Parameters and BindParameters are those of the user, or nil.
	Parameters, BindParameters openbroker.Parameters
	// Timeout limits each attempt.
	Timeout time.Duration
	// Steps are the names of those to take; empty means all. Provision and deprovision are
	// always taken.
	Steps []string
	// Interruptions is how often each operation is interrupted.
	Interruptions int
	// Report gets each step when it has ended.
	Report func(TestStep)
	// Kind is the name of the definition, under which plans have settings.
	Kind string
}

// A TestStep is a step of a [TestRun].
type TestStep struct {
	// Name identifies the step, Doc says what is right.
	Name string `json:"step"`
	Doc  string `json:"doc"`
	// Skipped says why it was left out, if it was.
	Skipped string `json:"skipped,omitempty"`
	// Problems are what is wrong, Notes what may be.
	Problems []string `json:"problems,omitempty"`
	Notes    []string `json:"notes,omitempty"`
	// Log is what the provider wrote for its operator, without secrets.
	Log string `json:"log,omitempty"`
}

// errNoTester says that a provider is written in Go.
var errNoTester = errors.New("it is written in Go, and has tests of its own")

// Test runs the test of a provider. The Kind of the run is that of the provider.
func (d *Dispatcher) Test(ctx context.Context, name string, run TestRun) error {
	for i, p := range d.running {
		if d.group.members[i].Name != name {
			continue
		}
		tester, ok := p.(Tester)
		if !ok {
			return fmt.Errorf("the provider %s cannot be tested: %w", name, errNoTester)
		}
		run.Kind = d.group.members[i].Definition.name
		return tester.Test(ctx, run)
	}
	return fmt.Errorf("there is no provider %s: the configuration has %s", name, d.group.list())
}

// Testers returns the names of the providers that can be tested.
func (d *Dispatcher) Testers() []string {
	var names []string
	for i, p := range d.running {
		if _, ok := p.(Tester); ok {
			names = append(names, d.group.members[i].Name)
		}
	}
	return names
}

// MessageSchema returns the JSON Schema (draft 2020-12) of the messages to and from
// providers that are not written in Go.
func MessageSchema() []byte { return message.Schema() }
