package conformance

// An Expectation is what must hold of an answer. Words says it for people:
// "status 200 or 202".
type Expectation struct {
	Words string `json:"words"`

	// each returns what is wrong with one answer, "" if nothing is.
	each func(*judgement) string
	// together returns what is wrong with the answers of all steps taken
	// together, for what one of them alone cannot tell.
	together func(*judgement) string
	// beside returns the earlier answers that an answer is compared with, so that
	// a finding shows both. Nil if it is judged alone.
	beside func(*judgement) []*answer
}

// against adds the steps whose answers the judged one is compared with.
func (e Expectation) against(steps ...string) Expectation {
	e.beside = func(j *judgement) []*answer {
		var found []*answer
		for _, step := range steps {
			if a := j.record.last(step); a != nil {
				found = append(found, a)
			}
		}
		return found
	}
	return e
}

// A Remark is worth saying of an answer that is not at fault.
type Remark struct {
	// Words are what is said: "412 is what older checkers demand".
	Words string `json:"words"`

	holds func(*answer) bool
}

// IsZero reports whether there is no remark.
func (r Remark) IsZero() bool { return r.holds == nil }

// A Condition is something that only the answers of the broker tell. Words
// says it for people: "the provision was answered with 202".
type Condition struct {
	Words string `json:"words"`

	holds func(*judgement) bool
	// prerequisite conditions leave a check unevaluated if they do not hold;
	// others make it not applicable.
	prerequisite bool
}

// IsZero reports whether there is no condition.
func (c Condition) IsZero() bool { return c.holds == nil }
