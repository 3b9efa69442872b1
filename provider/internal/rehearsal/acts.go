package rehearsal

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"sync"

	"github.com/openbroker/openbroker/provider/internal/message"
)

// acts returns the steps in their order. main is the instance that most of them are about.
func (s *stage) acts(main *actor) []act {
	const bind, update = message.Bind, message.Update
	unbindable, unchangeable := "", ""
	if !s.run.Service.PlanBindable(s.run.Plan) {
		unbindable = "the plan is not bindable"
	}
	if s.run.NewPlan == nil {
		unchangeable = "instances of the plan cannot move to another plan"
	}
	return slices.Concat([]act{
		{"unknown-operation", "an operation that does not exist yet fails", "", "", s.unknownOperation},
		{"deprovision-of-nothing", "the deletion of an instance that was never made succeeds", "", "", s.deprovisionOfNothing},
		{"unbind-of-nothing", "the deletion of a binding that was never made succeeds", bind, unbindable, s.unbindOfNothing},
		{"check", "a provision with valid parameters is not refused", message.Check, "", func(ctx context.Context) { s.checkProvision(ctx, main) }},
		{"provision", "it makes an instance", "", "", func(ctx context.Context) { s.provision(ctx, "provision", main) }},
		{"provision-repeated", "a repeated provision succeeds, because the first answer may be lost", "", "", func(ctx context.Context) { s.provision(ctx, "the second provision", main) }},
		{"unknown-members", "members of a request that do not exist yet are ignored", "", "", func(ctx context.Context) {
			s.check("provision with an unknown member", s.perform(ctx, s.onInstance(message.Provision, main), Call{Unknown: true}))
		}},
		{"list", "the instance is in the list, by its resource_name", message.List, "", func(ctx context.Context) { s.listed(ctx, main, true) }},
		{"bind", "it makes a binding, with credentials", bind, unbindable, func(ctx context.Context) { s.bindOnce(ctx, main) }},
		{"bind-repeated", "a repeated bind succeeds", bind, unbindable, func(ctx context.Context) {
			s.bind(ctx, "the second bind", main, "binding", s.onBinding(message.Bind, main, "binding"))
		}},
		{"bind-parallel", "bindings of one instance can be made and deleted at the same time", bind, unbindable, func(ctx context.Context) { s.bindParallel(ctx, main) }},
		{"update", "it changes the plan", update, unchangeable, func(ctx context.Context) { s.update(ctx, "update", main, Call{}) }},
		{"update-repeated", "a repeated update succeeds", update, unchangeable, func(ctx context.Context) { s.update(ctx, "the second update", main, Call{}) }},
		{"unbind", "it deletes a binding", bind, unbindable, func(ctx context.Context) {
			s.deleted(ctx, "unbind", s.onBinding(message.Unbind, main, "binding"))
		}},
		{"unbind-repeated", "a repeated unbind succeeds", bind, unbindable, func(ctx context.Context) {
			s.deleted(ctx, "the second unbind", s.onBinding(message.Unbind, main, "binding"))
		}},
		{"deprovision", "it deletes the instance", "", "", func(ctx context.Context) { s.deprovision(ctx, "deprovision", main) }},
		{"deprovision-repeated", "a repeated deprovision succeeds", "", "", func(ctx context.Context) { s.deprovision(ctx, "the second deprovision", main) }},
		{"unbind-after-deprovision", "an unbind succeeds when its instance is gone", bind, unbindable, func(ctx context.Context) {
			s.deleted(ctx, "unbind after deprovision", s.onBinding(message.Unbind, main, "binding"))
		}},
		{"list-after-deprovision", "the list no longer has the instance", message.List, "", func(ctx context.Context) { s.listed(ctx, main, false) }},
		{"odd-ids", "ids with quotes, spaces and slashes are only texts", "", "", s.oddIDs},
		{"provision-cancelled", "a provision ends when it is cancelled, and what it made can be deleted", "", "", s.provisionCancelled},
	}, s.crashes(unbindable, unchangeable))
}

func (s *stage) unknownOperation(ctx context.Context) {
	const unknown message.Operation = "provider-test"
	o := s.newOperation(unknown, func(ctx context.Context, t message.Task) (*message.Request, error) {
		return message.ForInstance(ctx, unknown, t, s.newActor("").instance)
	})
	if outcome := s.attempt(ctx, o, Call{}); outcome.Err == nil && outcome.Answer.Error == nil && outcome.Answer.RetryAfter == nil {
		s.problem("the operation %q succeeded: refuse operations that you do not know", unknown)
	}
	s.step.Log = "" // It explains what is right.
}

func (s *stage) deprovisionOfNothing(ctx context.Context) {
	s.deprovision(ctx, "deprovision", s.newActor(""))
}

func (s *stage) unbindOfNothing(ctx context.Context) {
	s.deleted(ctx, "unbind", s.onBinding(message.Unbind, s.newActor(""), "binding"))
}

func (s *stage) checkProvision(ctx context.Context, a *actor) {
	r, err := message.ForInstance(ctx, message.Check, nil, a.instance)
	if err != nil {
		s.problem("check: %v", err)
		return
	}
	outcome := s.target.Call(ctx, Call{Request: r})
	s.note(outcome)
	s.check("check", outcome)
}

// listed checks whether the list has the instance.
func (s *stage) listed(ctx context.Context, a *actor, want bool) {
	names, ok := s.list(ctx)
	name := a.instance.ResourceName()
	switch {
	case !ok || slices.Contains(names, name) == want:
	case want:
		s.problem("the list has %d names, but not %s", len(names), name)
	default:
		s.problem("the list still has %s", name)
	}
}

func (s *stage) bindOnce(ctx context.Context, a *actor) {
	answer, ok := s.bind(ctx, "bind", a, "binding", s.onBinding(message.Bind, a, "binding"))
	if ok && len(answer.Credentials) == 0 && answer.SyslogDrainURL == "" && answer.RouteServiceURL == "" && len(answer.VolumeMounts) == 0 {
		s.problem("bind answers without credentials")
	}
}

// parallel is how many bindings are made at the same time.
const parallel = 4

func (s *stage) bindParallel(ctx context.Context, a *actor) {
	for _, kind := range []message.Operation{message.Bind, message.Unbind} {
		var calls [parallel]*message.Request
		for i := range calls {
			s.generation++
			t := task{id: "test-" + rand.Text()[:16], attempt: 1, generation: s.generation}
			r, err := message.ForBinding(ctx, kind, t, *s.binding(a, "parallel-"+string(rune('a'+i))))
			if err != nil {
				s.problem("%s: %v", kind, err)
				return
			}
			calls[i] = r
		}
		var outcomes [parallel]Outcome
		var group sync.WaitGroup
		for i, r := range calls {
			group.Go(func() { outcomes[i] = s.target.Call(ctx, Call{Request: r}) })
		}
		group.Wait()
		for _, outcome := range outcomes {
			s.note(outcome)
			if outcome.Answer == nil || outcome.Answer.RetryAfter == nil {
				s.check(string(kind)+" at the same time as others", outcome)
			}
		}
	}
	for i := range parallel {
		name := "parallel-" + string(rune('a'+i))
		s.deleted(ctx, "unbind", s.onBinding(message.Unbind, a, name))
		delete(a.bindings, name)
	}
}

// update moves the instance to the other plan.
func (s *stage) update(ctx context.Context, what string, a *actor, call Call) Outcome {
	previous, next := a.instance, a.instance
	s.setPlan(&previous, s.run.Plan)
	s.setPlan(&next, s.run.NewPlan)
	outcome := s.perform(ctx, s.newOperation(message.Update, func(ctx context.Context, t message.Task) (*message.Request, error) {
		return message.ForUpdate(ctx, message.Update, t, next, previous)
	}), call)
	if outcome.Interrupted {
		return outcome
	}
	if answer, ok := s.check(what, outcome); ok {
		a.instance = next
		if state := answer.Updated().State; state != nil {
			a.instance.State = state
		}
	}
	return outcome
}

// oddIDs takes an instance with odd ids through its life. Platforms may choose any text.
func (s *stage) oddIDs(ctx context.Context) {
	a := s.newActor(` "it's" $(touch x) ; ../..%2F é` + "`")
	if _, ok := s.provision(ctx, "provision", a); !ok {
		return
	}
	if s.target.Has(message.Bind) && s.run.Service.PlanBindable(s.run.Plan) {
		s.binding(a, `"bind" && $(exit 1) /`)
		for _, name := range slices.Sorted(maps.Keys(a.bindings)) {
			if _, ok := s.bind(ctx, "bind", a, name, s.onBinding(message.Bind, a, name)); ok {
				s.deleted(ctx, "unbind", s.onBinding(message.Unbind, a, name))
			}
		}
	}
	s.deprovision(ctx, "deprovision", a)
}

func (s *stage) provisionCancelled(ctx context.Context) {
	s.measureProvision(ctx)
	a := s.newActor("")
	s.made = append(s.made, a)
	outcome := s.attempt(ctx, s.onInstance(message.Provision, a), Call{Ending: Cancelled, After: s.after(message.Provision, 0.5)})
	if !outcome.Interrupted && outcome.Err != nil {
		s.problem("provision failed: %v", outcome.Err)
	}
	if !outcome.Interrupted {
		s.step.Notes = append(s.step.Notes, "provision ended before it could be cancelled")
	}
	if s.deprovision(ctx, "deprovision after a cancelled provision", a) && s.target.Has(message.List) {
		s.listed(ctx, a, false)
	}
}
