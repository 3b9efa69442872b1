package conformance

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A job is one run of a scenario.
type job struct {
	run       *run
	scenario  *Scenario
	subject   *subject
	record    *record
	instances map[string]*instance
	// bindingIDs has the ids of bindings by their names in the scenario.
	bindingIDs map[string]string
	// unpollable is true if a deletion of the clean-up could not be polled.
	unpollable bool
}

// An instance is a service instance that a job uses or has tried to create.
type instance struct {
	name, id string
	// plan is the id of the current plan of the instance.
	plan string
	// mayExist is true from the first attempt to create it until it is deleted.
	mayExist bool
	bindings map[string]*binding
}

// A binding is a service binding that a job uses or has tried to create.
type binding struct {
	name, id string
	mayExist bool
}

func (j *job) instance(name string) *instance {
	if name == "" {
		name = "instance"
	}
	found := j.instances[name]
	if found == nil {
		found = &instance{name: name, id: j.run.idFor(name), plan: j.subject.planID(), bindings: map[string]*binding{}}
		j.instances[name] = found
	}
	return found
}

func (j *job) binding(instanceName, name string) *binding {
	if name == "" {
		name = "binding"
	}
	in := j.instance(instanceName)
	found := in.bindings[name]
	if found == nil {
		// A name stands for the same id on every instance.
		if j.bindingIDs[name] == "" {
			j.bindingIDs[name] = j.run.idFor(name)
		}
		found = &binding{name: name, id: j.bindingIDs[name]}
		in.bindings[name] = found
	}
	return found
}

// ruledOut returns the reason why the scenario does not run at all, or nil.
func (j *job) ruledOut() *absence {
	if feature, lacks := j.subject.lacking(j.scenario.Needs); lacks {
		return &absence{NotApplicable, "it requires " + string(feature)}
	}
	switch j.scenario.Name {
	case "catalog", "authentication", "version", "identity":
		return nil
	default:
		return j.subject.none
	}
}

// do runs the scenario. It never returns early: the record has the reason of
// each step that is not sent.
func (j *job) do(ctx context.Context) {
	var stopped *absence
	for i := range j.scenario.Steps {
		step := &j.scenario.Steps[i]
		if ctx.Err() != nil && stopped == nil {
			stopped = interrupted()
		}
		if died := j.run.client.life.died(); died != "" && stopped == nil {
			stopped = &absence{NotEvaluated, "the broker died: " + died}
		}
		if feature, lacks := j.subject.lacking(step.Needs); lacks {
			j.record.missing[step.Name] = absence{NotApplicable, "it requires " + string(feature)}
			continue
		}
		if stopped != nil {
			j.record.missing[step.Name] = *stopped
			continue
		}
		if reason := j.absent(step); reason != nil {
			j.record.missing[step.Name] = *reason
			continue
		}
		if step.WaitFor != "" {
			stopped = j.wait(ctx, step)
			continue
		}
		if j.send(ctx, step); ctx.Err() != nil && len(j.record.of(step.Name)) == 0 {
			j.record.missing[step.Name] = *interrupted()
			continue
		}
		if last := j.record.last(step.Name); len(step.Essential) > 0 && !last.is(step.Essential...) {
			stopped = &absence{NotEvaluated, fmt.Sprintf(
				"step %q of scenario %q was answered with %s instead of %s",
				step.Name, j.scenario.Name, last.describe(), list(step.Essential),
			)}
			if last.plain && last.unwilling() || last.is(http.StatusTooManyRequests) {
				stopped.reason = last.hint()
			}
		}
	}
}

func interrupted() *absence { return &absence{NotEvaluated, "the run was interrupted"} }

// absent returns the reason why earlier responses prevent a step, or nil.
func (j *job) absent(step *Step) *absence {
	if step.WaitFor != "" {
		first := j.record.last(step.WaitFor)
		if first == nil {
			reason := j.record.missing[step.WaitFor]
			return &reason
		}
		if !slices.ContainsFunc(j.record.of(step.WaitFor), (*answer).accepted) {
			return &absence{NotApplicable, fmt.Sprintf("%q was answered with %s instead of 202", step.WaitFor, first.describe())}
		}
	}
	if step.If.IsZero() || step.If.holds(&judgement{record: j.record}) {
		return nil
	}
	if step.If.prerequisite {
		return &absence{NotEvaluated, "it requires that " + step.If.Words}
	}
	return &absence{NotApplicable, "it requires that " + step.If.Words}
}

// send sends the request of a step. If the step asks for it, it sends several
// requests at the same time.
func (j *job) send(ctx context.Context, step *Step) {
	times := max(step.Times, 1)
	answers := make([]*answer, times)
	messages := make([]message, times)
	requests := make([]Request, times)
	for i := range times {
		requests[i] = step.Request
		if step.SeparateBindings {
			requests[i] = step.Request.as(fmt.Sprintf("%s %d", step.Request.Binding, i+1))
		}
		answers[i] = j.newAnswer(step.Name, requests[i])
		messages[i] = j.message(requests[i], answers[i])
		j.before(requests[i])
	}
	sending := ctx
	if step.Request.Endpoint.mutates() {
		// The broker may process the request after the connection breaks, and even
		// after a later deletion. So an interruption waits for the response, at most
		// for RequestTimeout.
		sending = context.WithoutCancel(ctx)
	}
	var group sync.WaitGroup
	for i := range times {
		group.Go(func() { j.run.client.send(sending, messages[i], answers[i]) })
	}
	group.Wait()
	for _, a := range answers {
		// A response that the interruption cut off shows nothing about the broker.
		if a.failure == "" || ctx.Err() == nil {
			j.record.answers = append(j.record.answers, a)
		}
	}
	if !step.SeparateBindings {
		j.after(step.Request, answers)
		return
	}
	for i, r := range requests {
		j.after(r, answers[i:i+1])
	}
}

func (j *job) newAnswer(step string, r Request) *answer {
	a := &answer{scenario: j.scenario.Name, step: step, subject: j.subject, endpoint: r.Endpoint, undefined: r.Undefined}
	a.exchange.Step, a.plain, a.binding = step, r.plain(), r.Binding
	a.instanceID = j.instance(r.Instance).id
	if r.Endpoint == Bind {
		a.bindingID = j.binding(r.Instance, r.Binding).id
	}
	if r.OperationOf != "" {
		if first := j.record.last(r.OperationOf); first != nil {
			a.of = first.endpoint
		}
	}
	return a
}

// before records what a request may create. It is called before sending.
func (j *job) before(r Request) {
	switch {
	case r.Path != "":
	case r.Endpoint == Provision:
		j.instance(r.Instance).mayExist = true
	case r.Endpoint == Bind:
		j.binding(r.Instance, r.Binding).mayExist = true
	}
}

// after records the effect of a request.
func (j *job) after(r Request, answers []*answer) {
	if r.Path != "" {
		return
	}
	in := j.instance(r.Instance)
	some := func(statuses ...int) bool {
		return slices.ContainsFunc(answers, func(a *answer) bool { return a.is(statuses...) })
	}
	refused := !slices.ContainsFunc(answers, func(a *answer) bool { return !a.refused() })
	switch r.Endpoint {
	case Provision:
		if refused && !j.created(Provision, in.id) {
			in.mayExist = false
		}
	case Bind:
		b := j.binding(r.Instance, r.Binding)
		if refused && !j.created(Bind, b.id) {
			b.mayExist = false
		}
	case Update:
		if some(http.StatusOK) {
			in.plan = planAfter(answers[0], in.plan)
		}
	case Deprovision:
		if some(http.StatusOK, http.StatusGone) && !some(http.StatusAccepted) {
			in.mayExist = false
		}
	case Unbind:
		if some(http.StatusOK, http.StatusGone) && !some(http.StatusAccepted) {
			j.binding(r.Instance, r.Binding).mayExist = false
		}
	default:
	}
}

// created reports whether this job has created an id before. If so, the id may
// exist although the last request was refused.
func (j *job) created(endpoint Endpoint, id string) bool {
	for _, a := range j.record.answers {
		if a.endpoint == endpoint && !a.refused() && (a.instanceID == id || a.bindingID == id) {
			return true
		}
	}
	return false
}

// planAfter returns the plan of an instance after a successful update. The broker
// ignored a plan that the service does not have.
func planAfter(a *answer, otherwise string) string {
	if plan, _ := a.sent["plan_id"].(string); plan != "" && (plan == a.subject.planID() || plan == a.subject.otherPlanID()) {
		return plan
	}
	return otherwise
}

// wait polls the operation of an earlier step until it ends.
func (j *job) wait(ctx context.Context, step *Step) *absence {
	at := slices.IndexFunc(j.scenario.Steps, func(s Step) bool { return s.Name == step.WaitFor })
	first := &j.scenario.Steps[at]
	accepted := slices.IndexFunc(j.record.answers, func(a *answer) bool { return a.step == first.Name && a.accepted() })
	r := Request{
		Endpoint: lastOperationOf(first.Request.Endpoint), OperationOf: first.Name,
		Instance: first.Request.Instance, Binding: first.Request.Binding, Header: first.Request.Header,
	}
	deadline := time.Now().Add(j.run.operationTimeout(j.subject))
	ended := ""
	for bad := 0; ended == ""; {
		if step.Resend && len(j.record.of(step.Name)) > 0 {
			again := j.resend(ctx, first)
			switch deletes := first.Request.Endpoint.isDelete(); {
			case again.is(http.StatusOK, http.StatusCreated) || deletes && again.is(http.StatusGone):
				j.ended(first.Request, j.record.answers[accepted])
				return nil
			case !again.accepted():
				ended = "was answered with " + again.describe() + " when the request was sent again"
				continue
			case again.operation() != j.record.answers[accepted].operation():
				ended = "started again when the request was sent again"
				continue
			}
		}
		a := j.newAnswer(step.Name, r)
		j.run.client.send(ctx, j.message(r, a), a)
		if ctx.Err() != nil {
			j.record.missing[step.Name] = *interrupted()
			return interrupted()
		}
		j.record.answers = append(j.record.answers, a)
		switch {
		case a.state() == "succeeded":
			j.ended(first.Request, j.record.answers[accepted])
			return nil
		case a.state() == "failed":
			ended = "failed"
		case a.of.isDelete() && a.is(http.StatusGone, http.StatusNotFound):
			j.ended(first.Request, j.record.answers[accepted])
			return nil
		case a.state() == "in progress":
			bad = 0
		default:
			if bad++; bad == maxBadPolls {
				ended = "could not be polled: " + a.describe()
				if a.is(http.StatusOK) {
					ended += " without a state"
				}
			}
		}
		if ended == "" && time.Now().After(deadline) {
			ended = "did not end within " + j.run.operationTimeout(j.subject).String()
		}
		if ended == "" {
			_ = pause(ctx, j.run.pollInterval(a.header)) // The next poll returns the error of ctx.
		}
	}
	if len(first.Essential) == 0 {
		return nil
	}
	return &absence{NotEvaluated, fmt.Sprintf("the operation of step %q of scenario %q %s", first.Name, j.scenario.Name, ended)}
}

// resend sends the request of a step again, as a platform without state does.
func (j *job) resend(ctx context.Context, first *Step) *answer {
	a := j.newAnswer(first.Name, first.Request)
	j.run.client.send(ctx, j.message(first.Request, a), a)
	j.record.answers = append(j.record.answers, a)
	return a
}

// maxBadPolls is how many failed polls in a row end the wait.
const maxBadPolls = 5

// ended records the effect of an operation that succeeded.
func (j *job) ended(r Request, a *answer) {
	switch r.Endpoint {
	case Update:
		in := j.instance(r.Instance)
		in.plan = planAfter(a, in.plan)
	case Deprovision:
		in := j.instance(r.Instance)
		in.mayExist = j.createdAfter(a, Provision, in.id)
	case Unbind:
		b := j.binding(r.Instance, r.Binding)
		b.mayExist = j.createdAfter(a, Bind, b.id)
	default:
	}
}

// createdAfter reports whether an id may have been created again after an
// answer. The deletion may have ended before a request that followed it.
func (j *job) createdAfter(a *answer, endpoint Endpoint, id string) bool {
	later := j.record.answers[slices.Index(j.record.answers, a)+1:]
	return slices.ContainsFunc(later, func(a *answer) bool {
		return a.endpoint == endpoint && !a.refused() && (a.instanceID == id || a.bindingID == id)
	})
}

func lastOperationOf(endpoint Endpoint) Endpoint {
	if endpoint == Bind || endpoint == Unbind {
		return LastBindingOperation
	}
	return LastOperation
}
