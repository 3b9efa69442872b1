package rehearsal

import (
	"context"
	"fmt"
	"time"

	"github.com/openbroker/openbroker/provider/internal/message"
)

// crashes returns the steps that interrupt each operation in the middle.
func (s *stage) crashes(unbindable, unchangeable string) []act {
	const bind = message.Bind
	return []act{
		{"provision-killed", "after a crash in provision, the next attempt completes the instance", "", "", s.each(s.provisionKilled)},
		{"provision-killed-deprovision", "after a crash in provision, deprovision deletes what there is", "", "", s.each(s.provisionKilledDeleted)},
		{"bind-killed", "after a crash in bind, the next attempt completes the binding", bind, unbindable, s.each(s.bindKilled)},
		{"bind-killed-unbind", "after a crash in bind, unbind deletes what there is", bind, unbindable, s.each(s.bindKilledDeleted)},
		{"update-killed", "after a crash in update, the next attempt completes the update", message.Update, unchangeable, s.each(s.updateKilled)},
		{"unbind-killed", "after a crash in unbind, the next attempt completes it", bind, unbindable, s.each(s.unbindKilled)},
		{"deprovision-killed", "after a crash in deprovision, the next attempt completes it", "", "", s.each(s.deprovisionKilled)},
	}
}

// each plays an act with crashes at several moments of the operation.
func (s *stage) each(play func(ctx context.Context, moment float64) bool) func(context.Context) {
	return func(ctx context.Context) {
		late := 0
		for i := range s.run.Interruptions {
			if ctx.Err() != nil {
				return
			}
			if !play(ctx, (float64(i)+0.5)/float64(s.run.Interruptions)) {
				late++
			}
		}
		if late > 0 {
			s.step.Notes = append(s.step.Notes, fmt.Sprintf("%d of %d times, the operation ended before it could be interrupted", late, s.run.Interruptions))
		}
	}
}

// kill begins an operation and kills it at a moment of it. It reports whether the
// operation had not ended before.
func (s *stage) kill(ctx context.Context, o *operation, moment float64) bool {
	outcome := s.attempt(ctx, o, Call{Ending: Killed, After: s.after(o.kind, moment)})
	s.step.Log = "" // It was in the middle of its work.
	if !outcome.Interrupted && outcome.Err != nil {
		s.problem("%s failed: %v", o.kind, outcome.Err)
	}
	return outcome.Interrupted
}

// after returns when a moment of an operation is.
func (s *stage) after(kind message.Operation, moment float64) time.Duration {
	took, known := s.took[kind]
	if !known {
		took = 200 * time.Millisecond
	}
	return time.Duration(moment * float64(took))
}

// measureProvision makes and deletes an instance, unless it is known how long that takes:
// without other steps, the step that asks would never find out, because it interrupts
// each provision.
func (s *stage) measureProvision(ctx context.Context) {
	if _, known := s.took[message.Provision]; !known {
		s.withInstance(ctx, func(*actor) bool { return true })
	}
}

func (s *stage) provisionKilled(ctx context.Context, moment float64) bool {
	a := s.newActor("")
	o := s.onInstance(message.Provision, a)
	s.made = append(s.made, a)
	interrupted := s.kill(ctx, o, moment)
	if _, ok := s.provisionBy(ctx, "provision after a crash", a, o); ok && s.target.Has(message.List) {
		s.listed(ctx, a, true)
	}
	s.deprovision(ctx, "deprovision", a)
	return interrupted
}

func (s *stage) provisionKilledDeleted(ctx context.Context, moment float64) bool {
	s.measureProvision(ctx)
	a := s.newActor("")
	s.made = append(s.made, a)
	interrupted := s.kill(ctx, s.onInstance(message.Provision, a), moment)
	if s.deprovision(ctx, "deprovision after a crash in provision", a) && s.target.Has(message.List) {
		s.listed(ctx, a, false)
	}
	return interrupted
}

// withInstance plays with an instance that exists.
func (s *stage) withInstance(ctx context.Context, play func(a *actor) bool) bool {
	a := s.newActor("")
	if _, ok := s.provision(ctx, "provision", a); !ok {
		return true
	}
	defer s.deprovision(ctx, "deprovision", a)
	return play(a)
}

func (s *stage) bindKilled(ctx context.Context, moment float64) bool {
	return s.withInstance(ctx, func(a *actor) bool {
		o := s.onBinding(message.Bind, a, "binding")
		interrupted := s.kill(ctx, o, moment)
		s.bind(ctx, "bind after a crash", a, "binding", o)
		s.deleted(ctx, "unbind", s.onBinding(message.Unbind, a, "binding"))
		return interrupted
	})
}

func (s *stage) bindKilledDeleted(ctx context.Context, moment float64) bool {
	return s.withInstance(ctx, func(a *actor) bool {
		if _, known := s.took[message.Bind]; !known { // As in measureProvision.
			s.bind(ctx, "bind", a, "measured", s.onBinding(message.Bind, a, "measured"))
			s.deleted(ctx, "unbind", s.onBinding(message.Unbind, a, "measured"))
		}
		interrupted := s.kill(ctx, s.onBinding(message.Bind, a, "binding"), moment)
		s.deleted(ctx, "unbind after a crash in bind", s.onBinding(message.Unbind, a, "binding"))
		return interrupted
	})
}

func (s *stage) updateKilled(ctx context.Context, moment float64) bool {
	return s.withInstance(ctx, func(a *actor) bool {
		call := Call{Ending: Killed, After: s.after(message.Update, moment)}
		interrupted := s.update(ctx, "update", a, call).Interrupted
		s.update(ctx, "update after a crash", a, Call{})
		return interrupted
	})
}

func (s *stage) unbindKilled(ctx context.Context, moment float64) bool {
	return s.withInstance(ctx, func(a *actor) bool {
		if _, ok := s.bind(ctx, "bind", a, "binding", s.onBinding(message.Bind, a, "binding")); !ok {
			return true
		}
		o := s.onBinding(message.Unbind, a, "binding")
		interrupted := s.kill(ctx, o, moment)
		s.deleted(ctx, "unbind after a crash", o)
		return interrupted
	})
}

func (s *stage) deprovisionKilled(ctx context.Context, moment float64) bool {
	a := s.newActor("")
	if _, ok := s.provision(ctx, "provision", a); !ok {
		return true
	}
	o := s.onInstance(message.Deprovision, a)
	interrupted := s.kill(ctx, o, moment)
	a.gone = s.deleted(ctx, "deprovision after a crash", o)
	if a.gone && s.target.Has(message.List) {
		s.listed(ctx, a, false)
	}
	return interrupted
}
