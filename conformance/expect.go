package conformance

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// each makes an expectation on single answers.
func each(words string, fault func(a *answer) string) Expectation {
	return Expectation{Words: words, each: func(j *judgement) string { return fault(j.answer) }}
}

// status expects one of the statuses.
func status(statuses ...int) Expectation {
	return each("status "+list(statuses), func(a *answer) string {
		if a.is(statuses...) {
			return ""
		}
		return a.describe()
	})
}

// conflict expects 409. Without a schema nobody can know valid parameters, so
// that the broker may refuse those of this run with 400 as well.
func conflict(schema Feature) Expectation {
	return each("status 409 (or 400 if the plan has no schema for these parameters)", func(a *answer) string {
		if a.status == http.StatusConflict || a.status == http.StatusBadRequest && !a.subject.has(schema) {
			return ""
		}
		return a.describe()
	})
}

// refusal expects a status of the 4xx range, as the specification leaves open
// which.
func refusal() Expectation {
	return each("a status from 400 to 499", func(a *answer) string {
		if a.refused() {
			return ""
		}
		return a.describe()
	})
}

// statusOrCode expects one of the statuses, or 422 with the error code.
func statusOrCode(code string, statuses ...int) Expectation {
	words := fmt.Sprintf("status %s, or 422 with error %q", list(statuses), code)
	return each(words, func(a *answer) string {
		if a.is(statuses...) || a.status == http.StatusUnprocessableEntity && a.errorCode() == code {
			return ""
		}
		return a.describe()
	})
}

// missing expects that a deletion finds nothing. That the status is 410 is a
// check of its own.
func missing() Expectation {
	return each("status 410 or 404: it does not exist", func(a *answer) string {
		if a.is(http.StatusGone, http.StatusNotFound) {
			return ""
		}
		return a.describe()
	})
}

// statusOf expects the status of an earlier step, or one of the statuses.
func statusOf(step string, statuses ...int) Expectation {
	words := fmt.Sprintf("the status of the answer to %q", step)
	if len(statuses) > 0 {
		words += ", or " + list(statuses)
	}
	return Expectation{Words: words, each: func(j *judgement) string {
		first := j.record.last(step)
		if first == nil || j.answer.is(append(statuses, first.status)...) {
			return ""
		}
		return j.answer.describe()
	}}.against(step)
}

// errorCode expects the member error of the body.
func errorCode(code string) Expectation {
	return each(fmt.Sprintf("error %q", code), func(a *answer) string {
		if a.errorCode() == code {
			return ""
		}
		return a.describe()
	})
}

// jsonObject expects a body that is a JSON object.
func jsonObject() Expectation {
	return each("a JSON object as body", func(a *answer) string {
		switch {
		case a.cut:
			return fmt.Sprintf("a body of more than %d bytes", maxBody)
		case a.json.fault != "":
			return a.json.fault
		case a.object() == nil:
			return "the body is " + show(a.json.value)
		default:
			return ""
		}
	})
}

// has expects a member of a kind.
func has(path string, k kind) Expectation {
	return each(fmt.Sprintf("%s is present, and %s", path, k.words), func(a *answer) string {
		value, found := lookup(a.json.value, path)
		if !found {
			return path + " is missing"
		}
		return unless(k, path, value)
	})
}

// maybe expects that a member, if it is present, is of a kind.
func maybe(path string, k kind) Expectation {
	return each(fmt.Sprintf("%s, if present, is %s", path, k.words), func(a *answer) string {
		if value, found := lookup(a.json.value, path); found {
			return unless(k, path, value)
		}
		return ""
	})
}

// lacks expects that none of the members is present.
func lacks(names ...string) Expectation {
	return each("no "+strings.Join(names, ", "), func(a *answer) string {
		for _, name := range names {
			if _, found := lookup(a.json.value, name); found {
				return name + " is present"
			}
		}
		return ""
	})
}

// unless says that a value is not of a kind.
func unless(k kind, name string, value any) string {
	if k.is(value) {
		return ""
	}
	return fmt.Sprintf("%s is %s", name, show(value))
}

// headerSet expects a header that is not empty.
func headerSet(name string) Expectation {
	return each("the header "+name, func(a *answer) string {
		if a.header.Get(name) == "" {
			return "there is no header " + name
		}
		return ""
	})
}

// together makes an expectation on all answers of the check's steps.
func together(words string, fault func(answers []*answer) string) Expectation {
	return Expectation{Words: words, together: func(j *judgement) string { return fault(j.answers) }}
}

// sameOperation expects the operation that an earlier step was given, if the
// status is 202. That it is 202 is another expectation.
func sameOperation(step string) Expectation {
	words := fmt.Sprintf("the operation of the step %q", step)
	return Expectation{Words: words, each: func(j *judgement) string {
		first := j.record.last(step)
		if first == nil || !j.answer.accepted() || j.answer.operation() == first.operation() {
			return ""
		}
		return fmt.Sprintf("operation %s, while it was %s", show(j.answer.operation()), show(first.operation()))
	}}.against(step)
}

// sameAs expects a member to be what it is in the answer of an earlier step.
func sameAs(step, path string) Expectation {
	words := fmt.Sprintf("%s is as in the answer to %q", path, step)
	return Expectation{Words: words, each: func(j *judgement) string {
		first := j.record.last(step)
		if first == nil {
			return ""
		}
		before, _ := lookup(first.json.value, path)
		now, _ := lookup(j.answer.json.value, path)
		if canonical(before) == canonical(now) {
			return ""
		}
		return fmt.Sprintf("%s is %s, and was %s", path, show(now), show(before))
	}}.against(step)
}

// differsFrom expects a member to be another one than in the answer of an earlier
// step.
func differsFrom(step, path string) Expectation {
	return Expectation{Words: fmt.Sprintf("another %s than in the answer to %q", path, step), each: func(j *judgement) string {
		first := j.record.last(step)
		if first == nil {
			return ""
		}
		before, _ := lookup(first.json.value, path)
		if now, _ := lookup(j.answer.json.value, path); canonical(now) == canonical(before) {
			return "the same " + path
		}
		return ""
	}}.against(step)
}

// sameIfPresent is sameAs, unless one of both answers does not have the member.
func sameIfPresent(step, path string) Expectation {
	same := sameAs(step, path)
	return Expectation{Words: same.Words + ", if both have it", each: func(j *judgement) string {
		if first := j.record.last(step); first == nil || !hasValue(first, path) || !hasValue(j.answer, path) {
			return ""
		}
		return same.each(j)
	}}.against(step)
}

// sentWith expects the parameters that were sent with an earlier step, as far
// as they are told, and others only if the schema knows them.
func sentWith(step, schema string) Expectation {
	words := fmt.Sprintf("the parameters of the step %q, as far as they are told", step)
	return Expectation{Words: words, each: func(j *judgement) string {
		first := j.record.last(step)
		if first == nil {
			return ""
		}
		sent, _ := first.sent["parameters"].(map[string]any)
		told, _ := j.answer.object()["parameters"].(map[string]any)
		known, _ := schemaOf(j.answer.subject.plan, schema)["properties"].(map[string]any)
		for _, name := range sorted(told) {
			_, given := sent[name]
			if _, found := known[name]; !given && !found && known != nil {
				return fmt.Sprintf("the parameter %q was not sent, and the schema does not know it", clip(name, 60))
			}
		}
		for _, name := range sorted(sent) {
			if value, found := told[name]; found && canonical(value) != canonical(sent[name]) {
				return fmt.Sprintf("the parameter %q is not what was sent", clip(name, 60))
			}
		}
		return ""
	}}.against(step)
}

// equals expects a member, if it is present, to be what the run knows.
func equals(path, words string, want func(*subject) string) Expectation {
	return Expectation{Words: fmt.Sprintf("%s, if present, is %s", path, words), each: func(j *judgement) string {
		value, found := lookup(j.answer.json.value, path)
		if !found || value == want(j.answer.subject) {
			return ""
		}
		return fmt.Sprintf("%s is %s and not %q", path, show(value), want(j.answer.subject))
	}}
}

// list joins statuses for people: "200, 201 or 202".
func list(statuses []int) string {
	words := make([]string, len(statuses))
	for i, status := range statuses {
		words[i] = strconv.Itoa(status)
	}
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
