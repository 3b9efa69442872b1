package conformance

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// each makes an expectation on single responses.
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

// conflict expects 409. Without a schema the valid parameters are unknown, so
// the broker may also refuse the parameters of this run with 400.
func conflict(schema Feature) Expectation {
	return each("status 409 (or 400 if the plan has no schema for these parameters)", func(a *answer) string {
		if a.status == http.StatusConflict || a.status == http.StatusBadRequest && !a.subject.has(schema) {
			return ""
		}
		return a.describe()
	})
}

// refusal expects any 4xx status because the specification does not name one.
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

// missing expects that a deletion finds no resource. Another check requires
// 410.
func missing() Expectation {
	return each("status 410 or 404: the resource does not exist", func(a *answer) string {
		if a.is(http.StatusGone, http.StatusNotFound) {
			return ""
		}
		return a.describe()
	})
}

// statusOf expects the status of an earlier step, or one of the statuses.
func statusOf(step string, statuses ...int) Expectation {
	words := fmt.Sprintf("the status of the response to %q", step)
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

// errorCode expects a value of the member "error" of the body.
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
	return each(fmt.Sprintf("%s is present and is %s", path, k.words), func(a *answer) string {
		value, found := lookup(a.json.value, path)
		if !found {
			return path + " is missing"
		}
		return unless(k, path, value)
	})
}

// maybe expects that a member, if present, is of a kind.
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

// unless returns what is wrong with a value that is not of a kind, or "".
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
			return "the header " + name + " is missing"
		}
		return ""
	})
}

// together makes an expectation on all responses of the steps of a check.
func together(words string, fault func(answers []*answer) string) Expectation {
	return Expectation{Words: words, together: func(j *judgement) string { return fault(j.answers) }}
}

// sameOperation expects that a 202 has the operation of an earlier step.
// Another expectation requires the 202.
func sameOperation(step string) Expectation {
	words := fmt.Sprintf("the operation of step %q", step)
	return Expectation{Words: words, each: func(j *judgement) string {
		first := j.record.last(step)
		if first == nil || !j.answer.accepted() || j.answer.operation() == first.operation() {
			return ""
		}
		return fmt.Sprintf("operation is %s instead of %s", show(j.answer.operation()), show(first.operation()))
	}}.against(step)
}

// sameAs expects that a member has the value of an earlier step.
func sameAs(step, path string) Expectation {
	words := fmt.Sprintf("%s is the same as in the response to %q", path, step)
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
		return fmt.Sprintf("%s is %s instead of %s", path, show(now), show(before))
	}}.against(step)
}

// differsFrom expects that a member differs from the same member of an earlier step.
func differsFrom(step, path string) Expectation {
	return Expectation{Words: fmt.Sprintf("%s differs from that in the response to %q", path, step), each: func(j *judgement) string {
		first := j.record.last(step)
		if first == nil {
			return ""
		}
		before, _ := lookup(first.json.value, path)
		if now, _ := lookup(j.answer.json.value, path); canonical(now) == canonical(before) {
			return path + " is the same"
		}
		return ""
	}}.against(step)
}

// sameIfPresent is like sameAs, if both responses have the member.
func sameIfPresent(step, path string) Expectation {
	same := sameAs(step, path)
	return Expectation{Words: same.Words + ", if both are present", each: func(j *judgement) string {
		if first := j.record.last(step); first == nil || !hasValue(first, path) || !hasValue(j.answer, path) {
			return ""
		}
		return same.each(j)
	}}.against(step)
}

// sentWith expects that the returned parameters have the values of an earlier
// step. Other parameters must be in the schema.
func sentWith(step, schema string) Expectation {
	words := fmt.Sprintf("the returned parameters are those of step %q", step)
	return Expectation{Words: words, each: func(j *judgement) string {
		first := j.record.last(step)
		if first == nil {
			return ""
		}
		sent, _ := first.sent["parameters"].(map[string]any)
		returned, _ := j.answer.object()["parameters"].(map[string]any)
		known, _ := schemaOf(j.answer.subject.plan, schema)["properties"].(map[string]any)
		for _, name := range sorted(returned) {
			_, given := sent[name]
			if _, found := known[name]; !given && !found && known != nil {
				return fmt.Sprintf("the parameter %q was not sent and is not in the schema", clip(name, 60))
			}
		}
		for _, name := range sorted(sent) {
			if value, found := returned[name]; found && canonical(value) != canonical(sent[name]) {
				return fmt.Sprintf("the parameter %q differs from what was sent", clip(name, 60))
			}
		}
		return ""
	}}.against(step)
}

// equals expects that a member, if present, has a known value.
func equals(path, words string, want func(*subject) string) Expectation {
	return Expectation{Words: fmt.Sprintf("%s, if present, is %s", path, words), each: func(j *judgement) string {
		value, found := lookup(j.answer.json.value, path)
		if !found || value == want(j.answer.subject) {
			return ""
		}
		return fmt.Sprintf("%s is %s instead of %q", path, show(value), want(j.answer.subject))
	}}
}

// list joins statuses: "200, 201 or 202".
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
