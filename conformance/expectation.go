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
}

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
