package rehearsal

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/message"
)

// Run tests a target, and takes its own steps in the end. It deletes what it made, also when ctx ends; the error says that the
// test is not finished.
func Run(ctx context.Context, target Target, run provider.TestRun, more ...Step) error {
	s := &stage{target: target, run: run, took: map[message.Operation]time.Duration{}}
	defer s.cleanUp(context.WithoutCancel(ctx))
	main := s.newActor("")
	usable := true
	acts := s.acts(main)
	for _, m := range more {
		acts = append(acts, act{name: m.Name, doc: m.Doc, play: func(ctx context.Context) {
			for _, problem := range m.Play(ctx) {
				s.problem("%s", problem)
			}
		}})
	}
	if err := checkNames(acts, run.Steps); err != nil {
		return err
	}
	for _, act := range acts {
		if !act.wanted(run.Steps) {
			continue
		}
		step := provider.TestStep{Name: act.name, Doc: act.doc}
		s.step = &step
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !usable:
			step.Skipped = "provision does not work"
		case act.needs != "" && !s.target.Has(act.needs):
			step.Skipped = "the provider has no " + string(act.needs)
		case act.unless != "":
			step.Skipped = act.unless
		default:
			act.play(ctx)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if act.name == "provision" && len(step.Problems) > 0 {
			usable = false
		}
		run.Report(step)
	}
	return nil
}

// A Step is one of the target's own, which [Run] takes after the others.
type Step struct {
	Name, Doc string
	// Play returns what is wrong.
	Play func(ctx context.Context) []string
}

// An act is a step of the test.
type act struct {
	name, doc string
	// needs is the operation without which it is skipped.
	needs message.Operation
	// unless says why it is skipped, if it is.
	unless string
	play   func(ctx context.Context)
}

// wanted reports whether the step is one of those to take.
func (a act) wanted(names []string) bool {
	return len(names) == 0 || slices.Contains(names, a.name) || a.name == string(message.Provision) || a.name == string(message.Deprovision)
}

func checkNames(acts []act, names []string) error {
	known := make([]string, len(acts))
	for i := range acts {
		known[i] = acts[i].name
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return fmt.Errorf("there is no step %q: the steps are %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// cleanUp deletes the instances that a failed or interrupted step has left.
func (s *stage) cleanUp(ctx context.Context) {
	step := provider.TestStep{Name: "clean-up", Doc: "what a failed step left can be deleted"}
	s.step = &step
	left := false
	for _, a := range s.made {
		if a.gone {
			continue
		}
		left = true
		for name := range maps.Clone(a.bindings) {
			if s.target.Has(message.Unbind) {
				s.deleted(ctx, "unbind of "+a.bindings[name].ID, s.onBinding(message.Unbind, a, name))
			}
		}
		if !s.deprovision(ctx, "deprovision of "+a.instance.ID, a) {
			s.problem("the instance %s (%s) may be left: delete it by hand", a.instance.ID, a.instance.ResourceName())
		}
	}
	if left {
		s.run.Report(step)
	}
}
