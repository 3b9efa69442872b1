package conformance

import (
	"fmt"
	"net/http"
	"slices"
)

// answered holds if a step was sent and answered with one of the statuses.
func answered(step string, statuses ...int) Condition {
	words := fmt.Sprintf("%q is answered with %s", step, list(statuses))
	return Condition{Words: words, holds: func(j *judgement) bool {
		a := j.record.last(step)
		return a != nil && a.is(statuses...)
	}}
}

// inProgress holds if a poll that came after the judged steps still found the
// operation in progress, so that they were sent while it was.
func inProgress(poll string) Condition {
	words := fmt.Sprintf("the operation still runs at %q", poll)
	return Condition{Words: words, holds: func(j *judgement) bool {
		a := j.record.last(poll)
		return a != nil && a.state() == "in progress"
	}}
}

// refused holds if the broker refused a step.
func refused(step string) Condition {
	return Condition{Words: fmt.Sprintf("the broker refuses %q", step), holds: func(j *judgement) bool {
		a := j.record.last(step)
		return a != nil && a.refused()
	}}
}

// refusedAll holds if the broker refused all these steps. Otherwise nobody can
// say what state the following steps would find.
func refusedAll(steps ...string) Condition {
	words := "the broker refuses " + quoted(steps)
	return Condition{Words: words, prerequisite: true, holds: func(j *judgement) bool {
		for _, step := range steps {
			if a := j.record.last(step); a != nil && !a.refused() {
				return false
			}
		}
		return true
	}}
}

// reportsMissing holds if a step that deletes what never was is answered with 410
// or 404. That it is 410 is a check of its own: a broker that answers every
// deletion with 200 does not say with it that something was there.
func reportsMissing(step string) Condition {
	condition := answered(step, http.StatusGone, http.StatusNotFound)
	condition.prerequisite = true
	return condition
}

// servesVersion holds if the broker serves the version of this run at all: what
// it refuses because of the version, it does not refuse for another reason.
func servesVersion(step string) Condition {
	condition := answered(step, http.StatusOK)
	condition.prerequisite = true
	return condition
}

// returned holds if the answer to a step has a member that is not null.
func returned(step, path string) Condition {
	words := fmt.Sprintf("the answer to %q has %s", step, path)
	return Condition{Words: words, holds: func(j *judgement) bool {
		a := j.record.last(step)
		if a == nil {
			return false
		}
		value, found := lookup(a.json.value, path)
		return found && value != nil
	}}
}

// sentWithout holds if the request of a step was sent without a member.
func sentWithout(step, name string) Condition {
	return Condition{Words: fmt.Sprintf("%q was sent without %s", step, name), holds: func(j *judgement) bool {
		a := j.record.last(step)
		if a == nil {
			return false
		}
		_, found := a.sent[name]
		return !found
	}}
}

// catalogHas holds if the catalog came with a header.
func catalogHas(name string) Condition {
	return Condition{Words: "the catalog comes with " + name, holds: func(j *judgement) bool {
		a := j.record.last("catalog")
		return a != nil && a.header.Get(name) != ""
	}}
}

// anyCreated holds if one of the steps was answered with 200, 201 or 202. Otherwise
// there is nothing to go on with.
func anyCreated(steps ...string) Condition {
	return Condition{
		Words:        "one of " + quoted(steps) + " is answered with 200, 201 or 202",
		prerequisite: true,
		holds: func(j *judgement) bool {
			return slices.ContainsFunc(steps, func(step string) bool {
				return slices.ContainsFunc(j.record.of(step), (*answer).succeeded)
			})
		},
	}
}

// both holds if both conditions do.
func both(one, two Condition) Condition {
	return Condition{
		Words:        one.Words + ", and " + two.Words,
		prerequisite: one.prerequisite || two.prerequisite,
		holds:        func(j *judgement) bool { return one.holds(j) && two.holds(j) },
	}
}

// when makes a condition on the judged answer itself.
func when(words string, holds func(a *answer) bool) Condition {
	return Condition{Words: words, holds: func(j *judgement) bool { return holds(j.answer) }}
}

// success is an answer with status 200, 201 or 202.
func success() Condition {
	return when("the status is 200, 201 or 202", (*answer).succeeded)
}

// failure is an answer with a status of 400 or more.
func failure() Condition {
	return when("the status is 400 or more", func(a *answer) bool { return a.status >= http.StatusBadRequest })
}

// defined is the answer to a request of the specification: of others it says
// nothing but that they fail.
func defined() Condition {
	return when("the specification defines the request", func(a *answer) bool { return !a.undefined })
}

// withStatus is an answer with one of the statuses.
func withStatus(statuses ...int) Condition {
	return when("the status is "+list(statuses), func(a *answer) bool { return a.is(statuses...) })
}

// with is an answer with a member in its body.
func with(path string) Condition {
	return when("the answer has "+path, func(a *answer) bool {
		_, found := lookup(a.json.value, path)
		return found
	})
}

// answeredAny holds if any of the answers to a step that was sent several times
// has one of the statuses.
func answeredAny(step string, statuses ...int) Condition {
	words := fmt.Sprintf("%q is answered with %s", step, list(statuses))
	return Condition{Words: words, holds: func(j *judgement) bool {
		return slices.ContainsFunc(j.record.of(step), func(a *answer) bool { return a.is(statuses...) })
	}}
}
