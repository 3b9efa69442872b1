package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// Counts are how many results have each outcome.
type Counts struct {
	Failed        int `json:"failed"`
	Errored       int `json:"error"`
	NotEvaluated  int `json:"not_evaluated"`
	Waived        int `json:"waived"`
	Declined      int `json:"declined"`
	Passed        int `json:"passed"`
	NotApplicable int `json:"not_applicable"`
}

// Of returns the count of an outcome.
func (c Counts) Of(outcome Outcome) int {
	if count := c.of(outcome); count != nil {
		return *count
	}
	return 0
}

// Total returns how many results were counted.
func (c Counts) Total() int {
	return c.Failed + c.Errored + c.NotEvaluated + c.Waived + c.Declined + c.Passed + c.NotApplicable
}

// Conclusive returns how many results say how the broker behaves. The others say
// only that nobody knows, or that there is nothing to know. What is waived does
// not count here, whatever it would be.
func (c Counts) Conclusive() int { return c.Passed + c.Declined + c.Failed + c.Errored }

// of returns the place of a count, nil for an unknown outcome.
func (c *Counts) of(outcome Outcome) *int {
	switch outcome {
	case Failed:
		return &c.Failed
	case Errored:
		return &c.Errored
	case NotEvaluated:
		return &c.NotEvaluated
	case Waived:
		return &c.Waived
	case Declined:
		return &c.Declined
	case Passed:
		return &c.Passed
	case NotApplicable:
		return &c.NotApplicable
	default:
		return nil
	}
}

// Counts counts the results of the checks of these levels; without levels, of all checks.
func (r *Report) Counts(levels ...Level) Counts {
	var counts Counts
	for _, result := range r.Results {
		if len(levels) > 0 && !slices.Contains(levels, result.Check.Level) {
			continue
		}
		if count := counts.of(result.Outcome); count != nil {
			*count++
		}
	}
	return counts
}

// Conforms reports whether the broker was shown to follow the specification as
// far as it was asked about: every MUST holds or is waived, at least one check was
// judged, the run was not interrupted, and nothing that it created is left over.
func (r *Report) Conforms() bool {
	return r.Holds(Must) && r.Counts().Conclusive() > 0 && len(r.Leftovers) == 0
}

// Verdict says in a sentence what the report as a whole says of the broker, and
// why; then what is not covered by it.
func (r *Report) Verdict() string {
	return strings.Join(append([]string{r.judgement()}, r.omissions()...), " ")
}

func (r *Report) judgement() string {
	must := r.Counts(Must)
	switch {
	case r.Interrupted:
		return "Not known: the run was interrupted."
	case r.Counts().Conclusive() == 0:
		return "Not known: none of the checks that were asked for applies, or could be evaluated."
	case must.Failed+must.Errored > 0:
		return fmt.Sprintf("Not conformant: of %s, %s.", quantity(must.Total(), "MUST"), enumerate(must, Failed, Errored, NotEvaluated))
	case !r.Holds(Must):
		return fmt.Sprintf("Not known: of %s, %s.", quantity(must.Total(), "MUST"), enumerate(must, NotEvaluated))
	case len(r.Leftovers) > 0:
		return fmt.Sprintf("Not conformant: %s could not be deleted.", quantity(len(r.Leftovers), "instance or binding", "instances or bindings"))
	case must.Total() == 0:
		return "No MUST was checked. " + enumerateAll(r.Counts())
	case must.Waived > 0:
		return fmt.Sprintf("Conformant but for %s: all other MUSTs hold (%s).",
			quantity(must.Waived, "waived MUST"), enumerate(must, Passed, NotApplicable))
	default:
		return fmt.Sprintf("Conformant: all MUSTs hold (%s).", enumerate(must, Passed, NotApplicable))
	}
}

// omissions name what the judgement does not cover.
func (r *Report) omissions() []string {
	var sentences []string
	if r.Died != "" {
		sentences = append(sentences, "The broker died: "+visible(r.Died)+".")
	}
	if len(r.PlansLeftOut) > 0 {
		sentences = append(sentences, fmt.Sprintf("Left out: %s %s.", plural(len(r.PlansLeftOut), "the plan"), some(r.PlansLeftOut)))
	}
	if len(r.ChecksSkipped) > 0 {
		sentences = append(sentences, fmt.Sprintf("Skipped: %s %s.", plural(len(r.ChecksSkipped), "the check"), some(r.ChecksSkipped)))
	}
	return sentences
}

// maxNamed is how many names a sentence lists; the report has all.
const maxNamed = 8

// some lists names, the first ones if there are many.
func some(names []string) string {
	if len(names) <= maxNamed {
		return visible(strings.Join(names, ", "))
	}
	return fmt.Sprintf("%s and %d more", visible(strings.Join(names[:maxNamed], ", ")), len(names)-maxNamed)
}

func plural(count int, noun string) string {
	if count == 1 {
		return noun
	}
	return noun + "s"
}

// enumerate says how many results have the outcomes: "2 failed and 1 error".
// Outcomes that no result has are left out.
func enumerate(counts Counts, outcomes ...Outcome) string {
	var words []string
	for _, outcome := range outcomes {
		if count := counts.Of(outcome); count > 0 {
			words = append(words, fmt.Sprintf("%d %s", count, outcome))
		}
	}
	return strings.Join(words, ", ")
}

func enumerateAll(counts Counts) string {
	return "Of " + quantity(counts.Total(), "check") + ": " + enumerate(counts, Outcomes()...) + "."
}

// quantity is a number with its noun, whose plural has an s unless it is given.
func quantity(count int, noun string, plural ...string) string {
	switch {
	case count == 1:
	case len(plural) > 0:
		noun = plural[0]
	default:
		noun += "s"
	}
	return fmt.Sprintf("%d %s", count, noun)
}
