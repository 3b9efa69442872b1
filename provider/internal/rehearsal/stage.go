package rehearsal

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/message"
)

const (
	// maxAttempts bounds how often a call is repeated because the target asks for it.
	maxAttempts = 20
	// maxPause bounds the pause before that.
	maxPause = 10 * time.Second
	// platform is the platform of the instances.
	platform = "provider-test"
)

// A stage is where a test happens: the target, and what the test has made.
type stage struct {
	target Target
	run    provider.TestRun
	// generation is that of the last call.
	generation int64
	// took is how long operations took.
	took map[message.Operation]time.Duration
	// made are the instances that may exist.
	made []*actor
	// step is the current step.
	step *provider.TestStep
}

// An actor is an instance with its bindings.
type actor struct {
	instance durable.Instance
	bindings map[string]*durable.Binding
	gone     bool
}

// newActor returns an instance that does not exist yet. tail is the end of its id.
func (s *stage) newActor(tail string) *actor {
	organization, space := "organization-"+rand.Text(), "space-"+rand.Text()
	platformContext, err := json.Marshal(map[string]string{
		"platform": "cloudfoundry", "organization_guid": organization, "space_guid": space,
		"organization_name": `the "organization"`, "space_name": "the space", "instance_name": `it's $(a) <test> ` + tail,
	})
	if err != nil {
		platformContext = []byte("{}") // Texts cannot fail.
	}
	i := durable.Instance{
		Platform: platform, ID: platform + "-" + rand.Text()[:10] + tail, ServiceID: s.run.Service.ID, Service: s.run.Service,
		Context:          openbroker.PlatformContext{Platform: "cloudfoundry", Raw: platformContext},
		OrganizationGUID: organization, SpaceGUID: space, Parameters: s.run.Parameters,
	}
	s.setPlan(&i, s.run.Plan)
	return &actor{instance: i, bindings: map[string]*durable.Binding{}}
}

func (s *stage) setPlan(i *durable.Instance, plan *openbroker.Plan) {
	i.PlanID, i.Plan, i.PlanSettings = plan.ID, plan, plan.Extensions[s.run.Kind]
}

// binding returns a binding of the instance, new or existing.
func (s *stage) binding(a *actor, name string) *durable.Binding {
	if a.bindings[name] == nil {
		a.bindings[name] = &durable.Binding{ID: name + "-" + rand.Text()[:10], Parameters: s.run.BindParameters, Context: a.instance.Context}
	}
	a.bindings[name].Instance = a.instance
	return a.bindings[name]
}

// A task is one attempt at an operation.
type task struct {
	id         string
	attempt    int
	generation int64
	checkpoint json.RawMessage
}

// ID returns the id of the operation.
func (t task) ID() string { return t.id }

// Attempt returns the number of the attempt.
func (t task) Attempt() int { return t.attempt }

// Generation returns the generation.
func (t task) Generation() int64 { return t.generation }

// Load reads the checkpoint.
func (t task) Load(v any) (bool, error) {
	if t.checkpoint == nil {
		return false, nil
	}
	return true, json.Unmarshal(t.checkpoint, v)
}

// An operation is one operation of the engine, with all of its attempts.
type operation struct {
	kind message.Operation
	task task
	// build makes the request of an attempt.
	build func(ctx context.Context, t message.Task) (*message.Request, error)
}

func (s *stage) newOperation(kind message.Operation, build func(context.Context, message.Task) (*message.Request, error)) *operation {
	return &operation{kind: kind, task: task{id: "test-" + rand.Text()[:16]}, build: build}
}

// onInstance returns a provision or deprovision.
func (s *stage) onInstance(kind message.Operation, a *actor) *operation {
	return s.newOperation(kind, func(ctx context.Context, t message.Task) (*message.Request, error) {
		return message.ForInstance(ctx, kind, t, a.instance)
	})
}

// onBinding returns a bind or unbind.
func (s *stage) onBinding(kind message.Operation, a *actor, name string) *operation {
	return s.newOperation(kind, func(ctx context.Context, t message.Task) (*message.Request, error) {
		return message.ForBinding(ctx, kind, t, *s.binding(a, name))
	})
}

// attempt makes one attempt.
func (s *stage) attempt(ctx context.Context, o *operation, call Call) Outcome {
	s.generation++
	o.task.attempt++
	o.task.generation = s.generation
	ctx, cancel := context.WithTimeoutCause(ctx, s.run.Timeout, fmt.Errorf("it did not end within %s", s.run.Timeout))
	defer cancel()
	request, err := o.build(ctx, o.task)
	if err != nil {
		return Outcome{Err: err}
	}
	call.Request = request
	begin := time.Now()
	outcome := s.target.Call(ctx, call)
	if call.Ending == Whole && outcome.Err == nil {
		s.took[o.kind] = max(time.Since(begin), time.Millisecond)
	}
	if outcome.Checkpoint != nil {
		o.task.checkpoint = outcome.Checkpoint
	}
	s.note(outcome)
	return outcome
}

// perform makes attempts until the operation has ended, as the engine does.
func (s *stage) perform(ctx context.Context, o *operation, call Call) Outcome {
	for {
		outcome := s.attempt(ctx, o, call)
		if outcome.Answer == nil || outcome.Answer.RetryAfter == nil {
			return outcome
		}
		if o.task.attempt >= maxAttempts {
			outcome.Err = fmt.Errorf("it asks for another attempt after %d attempts", maxAttempts)
			return outcome
		}
		timer := time.NewTimer(min(time.Duration(*outcome.Answer.RetryAfter*float64(time.Second)), maxPause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			outcome.Err = context.Cause(ctx)
		}
		timer.Stop()
		if outcome.Err != nil {
			return outcome
		}
	}
}

// note adds what the target did besides its answer to the current step.
func (s *stage) note(outcome Outcome) {
	for _, fault := range outcome.Faults {
		s.problem("%s", fault)
	}
	for _, note := range outcome.Notes {
		if !contains(s.step.Notes, note) {
			s.step.Notes = append(s.step.Notes, note)
		}
	}
	if outcome.Log != "" {
		s.step.Log = strings.TrimPrefix(s.step.Log+"\n"+outcome.Log, "\n")
	}
}

// problem adds a problem to the current step, once.
func (s *stage) problem(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !contains(s.step.Problems, text) {
		s.step.Problems = append(s.step.Problems, text)
	}
}

func contains(list []string, text string) bool {
	for _, entry := range list {
		if entry == text {
			return true
		}
	}
	return false
}

// succeed performs an operation that must succeed, and reports whether it did. what
// describes the call.
func (s *stage) succeed(ctx context.Context, what string, o *operation) (*message.Answer, bool) {
	return s.check(what, s.perform(ctx, o, Call{}))
}

func (s *stage) check(what string, outcome Outcome) (*message.Answer, bool) {
	switch {
	case outcome.Err != nil:
		s.problem("%s failed: %v", what, outcome.Err)
	case outcome.Answer.Error != nil:
		e := outcome.Answer.Error
		s.problem("%s was refused with the error %d %s: %s", what, e.Status, e.Code, e.Description)
	default:
		return outcome.Answer, true
	}
	return nil, false
}

// deleted is succeed for a deletion: the engine counts 404 and 410 as success.
func (s *stage) deleted(ctx context.Context, what string, o *operation) bool {
	outcome := s.perform(ctx, o, Call{})
	if outcome.Err == nil && outcome.Answer.Error != nil && (outcome.Answer.Error.Status == 404 || outcome.Answer.Error.Status == 410) {
		return true
	}
	_, ok := s.check(what, outcome)
	return ok
}

// provision creates the instance.
func (s *stage) provision(ctx context.Context, what string, a *actor) (*message.Answer, bool) {
	return s.provisionBy(ctx, what, a, s.onInstance(message.Provision, a))
}

func (s *stage) provisionBy(ctx context.Context, what string, a *actor, o *operation) (*message.Answer, bool) {
	s.made = append(s.made, a)
	answer, ok := s.succeed(ctx, what, o)
	if ok {
		a.instance.State = answer.Provisioned().State
	}
	return answer, ok
}

// deprovision deletes the instance.
func (s *stage) deprovision(ctx context.Context, what string, a *actor) bool {
	a.gone = s.deleted(ctx, what, s.onInstance(message.Deprovision, a))
	return a.gone
}

// bind creates a binding.
func (s *stage) bind(ctx context.Context, what string, a *actor, name string, o *operation) (*message.Answer, bool) {
	answer, ok := s.succeed(ctx, what, o)
	if !ok {
		return nil, false
	}
	bound, err := answer.Bound(s.run.Service)
	if err != nil {
		s.problem("%s: %v", what, err)
		return nil, false
	}
	s.binding(a, name).State = bound.State
	return answer, true
}

// list returns what the target lists. ok is false if it cannot.
func (s *stage) list(ctx context.Context) (names []string, ok bool) {
	if !s.target.Has(message.List) {
		return nil, false
	}
	outcome := s.target.Call(ctx, Call{Request: &message.Request{Version: message.Version, Operation: message.List}})
	s.note(outcome)
	answer, ok := s.check("list", outcome)
	if !ok {
		return nil, false
	}
	return answer.Resources, true
}
