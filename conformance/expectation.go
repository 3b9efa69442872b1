package conformance

// An Expectation is what a response must meet. Words describes it for reports:
// "status 200 or 202".
type Expectation struct {
	Words string `json:"words"`

	// each returns what is wrong with one response, or "".
	each func(*judgement) string
	// together returns what is wrong with the responses of all steps taken
	// together, or "". It is for expectations that no single response can show.
	together func(*judgement) string
	// beside returns the earlier responses that a response is compared with. A
	// finding shows them, too. Nil if the response is judged alone.
	beside func(*judgement) []*answer
}

// against adds the steps whose responses the judged response is compared with.
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

// A Remark is a note on a response that meets the expectations.
type Remark struct {
	// Words is the note: "older checkers require 412".
	Words string `json:"words"`

	holds func(*answer) bool
}

// IsZero reports whether there is no remark.
func (r Remark) IsZero() bool { return r.holds == nil }

// A Condition is a condition on the broker's responses. Words describes it for
// reports: "the provision was answered with 202".
type Condition struct {
	Words string `json:"words"`

	holds func(*judgement) bool
	// prerequisite makes a check not evaluated if the condition does not hold.
	// Without it, the check is not applicable.
	prerequisite bool
}

// IsZero reports whether there is no condition.
func (c Condition) IsZero() bool { return c.holds == nil }
