package conformance

import (
	"fmt"
	"net/http"
	"slices"
)

// answered holds if the last response to a step has one of the statuses.
func answered(step string, statuses ...int) Condition {
	words := fmt.Sprintf("%q is answered with %s", step, list(statuses))
	return Condition{Words: words, holds: func(j *judgement) bool {
		a := j.record.last(step)
		return a != nil && a.is(statuses...)
	}}
}

// inProgress holds if a poll after the judged steps reported "in progress". The
// judged steps were then sent during the operation.
func inProgress(poll string) Condition {
	words := fmt.Sprintf("the operation is still in progress at %q", poll)
	return Condition{Words: words, holds: func(j *judgement) bool {
		a := j.record.last(poll)
		return a != nil && a.state() == "in progress"
	}}
}

// refused holds if the broker refused the last request of a step.
func refused(step string) Condition {
	return Condition{Words: fmt.Sprintf("the broker refuses %q", step), holds: func(j *judgement) bool {
		a := j.record.last(step)
		return a != nil && a.refused()
	}}
}

// refusedAll holds if the broker refused all these steps. If it accepted one,
// the state that the following steps would find is unknown.
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

// reportsMissing holds if the broker answers the deletion of a nonexistent
// resource with 410 or 404. A broker that answers every deletion with 200 does
// not report whether the resource existed. Another check requires 410.
func reportsMissing(step string) Condition {
	condition := answered(step, http.StatusGone, http.StatusNotFound)
	condition.prerequisite = true
	return condition
}

// servesVersion holds if the broker accepts the API version of this run. If it
// does not, it refuses requests because of the version and for no other reason.
func servesVersion(step string) Condition {
	condition := answered(step, http.StatusOK)
	condition.prerequisite = true
	return condition
}

// returned holds if the response to a step has a member that is not null.
func returned(step, path string) Condition {
	words := fmt.Sprintf("the response to %q has %s", step, path)
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

// anyCreated holds if one of the steps was answered with 200, 201 or 202.
// Otherwise the resource does not exist, and the following steps cannot run.
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

// both holds if both conditions hold.
func both(one, two Condition) Condition {
	return Condition{
		Words:        one.Words + ", and " + two.Words,
		prerequisite: one.prerequisite || two.prerequisite,
		holds:        func(j *judgement) bool { return one.holds(j) && two.holds(j) },
	}
}

// when makes a condition on the judged response.
func when(words string, holds func(a *answer) bool) Condition {
	return Condition{Words: words, holds: func(j *judgement) bool { return holds(j.answer) }}
}

// success holds for a response with status 200, 201 or 202.
func success() Condition {
	return when("the status is 200, 201 or 202", (*answer).succeeded)
}

// failure holds for a response with status 400 or above.
func failure() Condition {
	return when("the status is 400 or above", func(a *answer) bool { return a.status >= http.StatusBadRequest })
}

// defined holds for the response to a request that the specification defines.
// For other requests the specification only requires an appropriate status.
func defined() Condition {
	return when("the specification defines the request", func(a *answer) bool { return !a.undefined })
}

// withStatus holds for a response with one of the statuses.
func withStatus(statuses ...int) Condition {
	return when("the status is "+list(statuses), func(a *answer) bool { return a.is(statuses...) })
}

// with holds for a response whose body has a member.
func with(path string) Condition {
	return when("the response has "+path, func(a *answer) bool {
		_, found := lookup(a.json.value, path)
		return found
	})
}

// answeredAny holds if any response to a step that was sent several times has
// one of the statuses.
func answeredAny(step string, statuses ...int) Condition {
	words := fmt.Sprintf("%q is answered with %s", step, list(statuses))
	return Condition{Words: words, holds: func(j *judgement) bool {
		return slices.ContainsFunc(j.record.of(step), func(a *answer) bool { return a.is(statuses...) })
	}}
}
