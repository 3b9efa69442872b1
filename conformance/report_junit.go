package conformance

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// These are the elements of JUnit's XML that Jenkins and GitLab read. The
// fields are in the order of the schema of Jenkins.
type (
	junitReport struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Time     string       `xml:"time,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Skipped *junitSkipped `xml:"skipped"`
		Error   *junitProblem `xml:"error"`
		Failure *junitProblem `xml:"failure"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
	junitProblem struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",cdata"`
	}
)

// writeJUnit writes a suite for each section of the specification. A failed
// check of any level is a failure. A check that is in error or not evaluated is
// an error, because systems count skipped tests as passed. A check that is
// waived, declined or not applicable is skipped. The time of a check is the
// time of the responses that it judged. Several checks may judge the same
// response, so the sum may exceed the duration of the run.
func (r *Report) writeJUnit(w io.Writer) error {
	program, _, _ := strings.Cut(visible(r.Tool), " ")
	out := junitReport{Name: cmp.Or(program, "openbroker") + " check", Time: junitTime(r.Duration)}
	for _, section := range r.sections() {
		cases := make([]junitCase, len(section.Results))
		var took time.Duration
		for i, result := range section.Results {
			cases[i] = junitResult(result)
			took += result.Duration
		}
		out.add(r, section.Title, took, cases)
	}
	if cases := r.junitRun(); len(cases) > 0 {
		out.add(r, "The run", 0, cases)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// add adds a suite of cases and counts them.
func (j *junitReport) add(r *Report, title string, took time.Duration, cases []junitCase) {
	suite := junitSuite{
		Name: title, Tests: len(cases), Cases: cases, Time: junitTime(took),
		Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05"),
		Properties: []junitProperty{
			{"url", visible(r.URL)},
			{"spec_version", r.SpecVersion},
			{"tool", visible(r.Tool)},
			{"profiles", joinProfiles(r.Profiles)},
			{"plans", visible(strings.Join(r.Plans, ", "))},
			{"plans_left_out", visible(strings.Join(r.PlansLeftOut, ", "))},
			{"checks_skipped", strings.Join(r.ChecksSkipped, ", ")},
			{"verdict", r.Verdict()},
			{"requests", fmt.Sprint(r.Requests)},
		},
	}
	for _, testcase := range cases {
		switch {
		case testcase.Failure != nil:
			suite.Failures++
		case testcase.Error != nil:
			suite.Errors++
		case testcase.Skipped != nil:
			suite.Skipped++
		}
	}
	j.Tests += suite.Tests
	j.Failures += suite.Failures
	j.Errors += suite.Errors
	j.Suites = append(j.Suites, suite)
}

func junitTime(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

func junitResult(result Result) junitCase {
	check := result.Check
	testcase := junitCase{Name: check.ID, Class: "osb." + check.Level.String(), Time: junitTime(result.Duration)}
	problem := &junitProblem{
		Type:    check.Level.String() + " " + result.Outcome.String(),
		Message: fmt.Sprintf("%s %s", check.Level, check.Title),
		Text:    "\n" + result.Text(),
	}
	switch result.Outcome {
	case Passed:
	case Waived:
		testcase.Skipped = &junitSkipped{Message: fmt.Sprintf("waived until %s (%s): %s", result.Waiver.Until, visible(result.Waiver.Reason), visible(result.Reason))}
	case NotApplicable, Declined:
		testcase.Skipped = &junitSkipped{Message: result.Outcome.String() + ": " + visible(result.Reason)}
	case Failed:
		testcase.Failure = problem
	default:
		testcase.Error = problem
	}
	return testcase
}

// junitRun returns the problems of the run itself: an interruption, the death
// of the broker, and leftovers.
func (r *Report) junitRun() []junitCase {
	var cases []junitCase
	broken := func(name, problem, text string) {
		cases = append(cases, junitCase{
			Name: name, Class: "osb.run", Time: junitTime(0),
			Error: &junitProblem{Type: problem, Message: problem, Text: text},
		})
	}
	if r.Interrupted {
		broken("interrupted", "the run was interrupted", "")
	}
	if r.Died != "" {
		broken("died", "the broker died", visible(r.Died))
	}
	for _, leftover := range r.Leftovers {
		broken("left over: "+leftover.what(), "the run could not delete it: delete it by hand",
			fmt.Sprintf("service %s, plan %s: %s", visible(leftover.ServiceID), visible(leftover.PlanID), visible(leftover.Reason)))
	}
	return cases
}
