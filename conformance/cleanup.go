package conformance

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// cleanUp deletes what a job created and did not delete, bindings first. It has
// its own context because the context of the run may have ended.
func (j *job) cleanUp(ctx context.Context) []Leftover {
	var left []Leftover
	for _, name := range sorted(j.instances) {
		in := j.instances[name]
		for _, bindingName := range sorted(in.bindings) {
			b := in.bindings[bindingName]
			if !b.mayExist {
				continue
			}
			r := to(Unbind).on(in.name).as(b.name)
			if reason := j.delete(ctx, r); reason != "" {
				left = append(left, Leftover{
					InstanceID: in.id, BindingID: b.id, ServiceID: j.subject.serviceID(), PlanID: in.plan, Reason: reason,
				})
			}
		}
		if !in.mayExist {
			continue
		}
		if reason := j.delete(ctx, to(Deprovision).on(in.name)); reason != "" {
			left = append(left, Leftover{
				InstanceID: in.id, ServiceID: j.subject.serviceID(), PlanID: in.plan, Reason: reason,
			})
		}
	}
	return left
}

// maxDeleteAttempts is how often a failing deletion is tried. A deletion that
// is refused with ConcurrencyError is tried until the clean-up timeout.
const maxDeleteAttempts = 10

// unpollable is the reason not to retry a deletion. A broker whose polls have
// no state would otherwise delay the clean-up of each instance.
const unpollable = "the deletion could not be polled"

// delete deletes an instance or binding and waits for the end. It returns why
// that failed, or "".
func (j *job) delete(ctx context.Context, r Request) string {
	reason := ""
	for attempt := 0; attempt < maxDeleteAttempts; attempt++ {
		if j.run.client.life.died() != "" {
			return "the broker died"
		}
		a := j.newAnswer("clean-up", r)
		j.run.client.send(ctx, j.message(r, a), a)
		switch {
		case a.is(http.StatusGone, http.StatusNotFound) && attempt < 2 && j.unanswered(r):
			// The creation may still arrive.
			reason = "its creation got no response"
		case a.is(http.StatusOK, http.StatusGone, http.StatusNotFound):
			return ""
		case a.accepted():
			reason = j.awaitDeletion(ctx, r, a)
			if reason == "" || reason == unpollable && (attempt > 0 || j.unpollable) {
				return reason
			}
			j.unpollable = reason == unpollable
		case a.status == http.StatusBadRequest && attempt > 1:
			return "the deletion was answered with " + a.describe()
		case a.status == http.StatusBadRequest:
			// The plan may have changed although the broker did not report it.
			reason = "the deletion was answered with " + a.describe()
			if in := j.instance(r.Instance); in.plan == j.subject.planID() && j.subject.other != nil {
				in.plan = j.subject.otherPlanID()
			} else {
				in.plan = j.subject.planID()
			}
		case a.failure != "" && ctx.Err() != nil && reason == "":
			return "the clean-up timed out"
		case a.failure != "":
			reason = "the deletion got " + a.failure
			j.pollRunning(ctx, a.instanceID)
		default:
			reason = "the deletion was answered with " + a.describe()
			if a.errorCode() == "ConcurrencyError" {
				attempt--
			}
			j.pollRunning(ctx, a.instanceID)
		}
		if pause(ctx, j.run.pollInterval(a.header)) != nil {
			return reason + ", and then the clean-up timed out"
		}
	}
	return reason
}

// unanswered reports whether a request that creates the resource to delete got
// no response.
func (j *job) unanswered(deletion Request) bool {
	created, id := Provision, j.instance(deletion.Instance).id
	if deletion.Endpoint == Unbind {
		created, id = Bind, j.binding(deletion.Instance, deletion.Binding).id
	}
	return slices.ContainsFunc(j.record.answers, func(a *answer) bool {
		return a.endpoint == created && a.failure != "" && (a.instanceID == id || a.bindingID == id)
	})
}

// awaitDeletion polls an accepted deletion.
func (j *job) awaitDeletion(ctx context.Context, deletion Request, accepted *answer) string {
	// The name is unique because a job waits for several deletions.
	step := fmt.Sprintf("clean-up %d", len(j.record.answers))
	accepted.step = step
	j.record.answers = append(j.record.answers, accepted)
	r := poll(lastOperationOf(deletion.Endpoint), step).on(deletion.Instance).as(deletion.Binding)
	deadline := time.Now().Add(j.run.operationTimeout(j.subject))
	for bad := 0; bad < maxBadPolls; {
		a := j.newAnswer("clean-up", r)
		j.run.client.send(ctx, j.message(r, a), a)
		switch {
		case a.state() == "succeeded" || a.is(http.StatusGone, http.StatusNotFound):
			return ""
		case a.state() == "failed":
			return "the deletion failed"
		case a.state() == "in progress":
			bad = 0
		default:
			bad++
		}
		if time.Now().After(deadline) {
			return fmt.Sprintf("the deletion did not end within %s", j.run.operationTimeout(j.subject))
		}
		if pause(ctx, j.run.pollInterval(a.header)) != nil {
			return "the clean-up timed out"
		}
	}
	return unpollable
}

// pollRunning polls the operations of an instance once. A deletion may have to
// wait for one of them, and some brokers only continue an operation when it is
// polled.
func (j *job) pollRunning(ctx context.Context, instanceID string) {
	for _, running := range j.record.answers {
		at := slices.IndexFunc(j.scenario.Steps, func(s Step) bool { return s.Name == running.step })
		if at < 0 || !running.accepted() || running.instanceID != instanceID {
			continue
		}
		started := j.scenario.Steps[at].Request
		r := poll(lastOperationOf(started.Endpoint), running.step).on(started.Instance).as(running.binding)
		a := j.newAnswer("clean-up", r)
		j.run.client.send(ctx, j.message(r, a), a)
		if a.state() == "succeeded" && started.Endpoint == Update {
			j.ended(started, running)
		}
	}
}
