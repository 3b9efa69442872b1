package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// Counts has the number of results with each outcome.
type Counts struct {
	Failed        int `json:"failed"`
	Errored       int `json:"error"`
	NotEvaluated  int `json:"not_evaluated"`
	Waived        int `json:"waived"`
	Declined      int `json:"declined"`
	Passed        int `json:"passed"`
	NotApplicable int `json:"not_applicable"`
}

// Of returns the number of results with the outcome.
func (c Counts) Of(outcome Outcome) int {
	if count := c.of(outcome); count != nil {
		return *count
	}
	return 0
}

// Total returns the number of all results.
func (c Counts) Total() int {
	return c.Failed + c.Errored + c.NotEvaluated + c.Waived + c.Declined + c.Passed + c.NotApplicable
}

// Conclusive returns the number of results that say something about the broker.
// Results that are not evaluated, not applicable or waived do not count.
func (c Counts) Conclusive() int { return c.Passed + c.Declined + c.Failed + c.Errored }

// of returns a pointer to the count of an outcome, or nil for an unknown
// outcome.
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

// Counts counts the results of the checks of these levels. Without levels, it
// counts all results.
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

// Conforms reports whether the run shows that the broker follows the
// specification, as far as the selected checks cover it: every MUST holds or is
// waived, at least one result is conclusive, the run was not interrupted, and
// everything that it created was deleted.
func (r *Report) Conforms() bool {
	return r.Holds(Must) && r.Counts().Conclusive() > 0 && len(r.Leftovers) == 0
}

// Verdict returns the verdict on the broker with its reason in one sentence.
// Further sentences name what the verdict does not cover.
func (r *Report) Verdict() string {
	return strings.Join(append([]string{r.judgement()}, r.omissions()...), " ")
}

func (r *Report) judgement() string {
	must := r.Counts(Must)
	switch {
	case r.Interrupted:
		return "Inconclusive: the run was interrupted."
	case r.Counts().Conclusive() == 0:
		return "Inconclusive: no selected check applies or could be evaluated."
	case must.Failed+must.Errored > 0:
		return fmt.Sprintf("Not conformant: of %s, %s.", quantity(must.Total(), "MUST"), enumerate(must, Failed, Errored, NotEvaluated))
	case !r.Holds(Must):
		return fmt.Sprintf("Inconclusive: of %s, %s.", quantity(must.Total(), "MUST"), enumerate(must, NotEvaluated))
	case len(r.Leftovers) > 0:
		return fmt.Sprintf("Not conformant: %s could not be deleted.", quantity(len(r.Leftovers), "instance or binding", "instances or bindings"))
	case must.Total() == 0:
		return "No MUST was checked. " + enumerateAll(r.Counts())
	case must.Waived > 0:
		return fmt.Sprintf("Conformant except for %s: all other MUSTs hold (%s).",
			quantity(must.Waived, "waived MUST"), enumerate(must, Passed, NotApplicable))
	default:
		return fmt.Sprintf("Conformant: all MUSTs hold (%s).", enumerate(must, Passed, NotApplicable))
	}
}

// omissions name what the verdict does not cover.
func (r *Report) omissions() []string {
	var sentences []string
	if r.Died != "" {
		sentences = append(sentences, "The broker died: "+visible(r.Died)+".")
	}
	if len(r.PlansLeftOut) > 0 {
		sentences = append(sentences, fmt.Sprintf("Plans left out: %s.", some(r.PlansLeftOut)))
	}
	if len(r.ChecksSkipped) > 0 {
		sentences = append(sentences, fmt.Sprintf("Checks skipped: %s.", some(r.ChecksSkipped)))
	}
	return sentences
}

// maxNamed is how many names a sentence lists at most. The report has all
// names.
const maxNamed = 8

// some lists the first names and counts the rest.
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

// enumerate lists the counts of the outcomes: "2 failed, 1 error". It leaves
// out counts of 0.
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

// quantity returns a number with its noun. The plural has an s unless it is given.
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
