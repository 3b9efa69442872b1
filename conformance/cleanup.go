package conformance

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// cleanUp deletes what a job has created and not deleted: bindings first. It
// has a context of its own, as that of the run may have ended.
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

// maxDeleteAttempts bounds how often a deletion is tried that fails. One that is
// refused because of another operation is tried until the time is over.
const maxDeleteAttempts = 10

// unpollable is why a deletion is not tried again: a broker whose polls do not
// tell a state would keep the clean-up busy for each instance.
const unpollable = "the deletion could not be polled"

// delete deletes an instance or binding and waits for it. It returns why that
// failed, or "".
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
			// The creation may still be on its way.
			reason = "its creation was not answered"
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
			// The plan may have changed, although the broker did not say so.
			reason = "the deletion was answered with " + a.describe()
			if in := j.instance(r.Instance); in.plan == j.subject.planID() && j.subject.other != nil {
				in.plan = j.subject.otherPlanID()
			} else {
				in.plan = j.subject.planID()
			}
		case a.failure != "" && ctx.Err() != nil && reason == "":
			return "the time for the clean-up is over"
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
			return reason + ", and the time for the clean-up is over"
		}
	}
	return reason
}

// unanswered reports whether a request to create what is to be deleted got no
// answer.
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
	// A name of its own, since a job has several deletions to wait for.
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
			return "the time for the clean-up is over"
		}
	}
	return unpollable
}

// pollRunning polls the operations of an instance once: a deletion may have to
// wait for one of them, and some brokers go on only if they are polled.
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
