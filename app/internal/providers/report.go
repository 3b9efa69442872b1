package providers

import (
	"errors"
	"fmt"
	"strings"

	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/provider"
)

// A report is the result of a test.
type report struct {
	File    string `json:"file"`
	Passed  int    `json:"passed"`
	Failed  int    `json:"failed"`
	Skipped int    `json:"skipped"`
	Steps   []step `json:"steps"`

	flags   *testFlags
	current choice
	// problem is an error of the standard output.
	problem error
}

// A step is a step of one plan.
type step struct {
	Provider string `json:"provider"`
	Service  string `json:"service"`
	Plan     string `json:"plan"`
	Outcome  string `json:"outcome"`
	provider.TestStep
}

// begin begins the test of a plan.
func (r *report) begin(c choice) {
	r.current = c
	r.print("The provider %s, with the plan %s of the service %s:\n", c.provider, c.plan.Name, c.service.Name)
}

// add adds a step that has ended, and prints it.
func (r *report) add(s provider.TestStep) {
	outcome := "passed"
	switch {
	case s.Skipped != "":
		outcome = "skipped"
		r.Skipped++
	case len(s.Problems) > 0:
		outcome = "FAILED"
		r.Failed++
	default:
		r.Passed++
	}
	r.Steps = append(r.Steps, step{r.current.provider, r.current.service.Name, r.current.plan.Name, strings.ToLower(outcome), s})
	doc := s.Doc
	if s.Skipped != "" {
		doc = s.Skipped
	}
	r.print("  %-7s  %-28s  %s\n", outcome, s.Name, doc)
	for _, problem := range s.Problems {
		r.print("           problem  %s\n", output.Printable(problem))
	}
	for _, note := range s.Notes {
		r.print("           note     %s\n", output.Printable(note))
	}
	if s.Log == "" || len(s.Problems) == 0 && !r.flags.verbose {
		return
	}
	for line := range strings.Lines(s.Log) {
		r.print("           log      %s\n", output.Printable(strings.TrimRight(line, "\r\n")))
	}
}

// print prints a part of the text, which appears while the test runs.
func (r *report) print(format string, args ...any) {
	if r.flags.format.Format == output.Text {
		_, err := fmt.Fprintf(r.flags.stdout, format, args...)
		r.problem = errors.Join(r.problem, err)
	}
}

// end prints the sum, or the whole document.
func (r *report) end() error {
	r.print("%s: %d passed, %d failed, %d skipped.\n", r.File, r.Passed, r.Failed, r.Skipped)
	if r.flags.format.Format == output.Text {
		return r.problem
	}
	result := output.Result{Value: r}
	return result.Print(r.flags.stdout, r.flags.format.Format)
}
