package conformance

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// TextOptions change the form of a text report.
type TextOptions struct {
	// Color prints outcomes in the colours of ANSI terminals.
	Color bool
	// All also lists the checks that passed, were declined or do not apply, and
	// shows the exchanges of all findings. Without it, the report shows the
	// exchanges of the first finding of each check.
	All bool
}

// WriteText writes the report as text. It lists the failed checks with their
// clause, the expectation and the exchanges, then the checks that were not
// evaluated, the remarks, the leftovers, the counts and the verdict. It returns
// the error of w.
func (r *Report) WriteText(w io.Writer, options TextOptions) error {
	t := textReport{options: options}
	for _, outcome := range Outcomes() {
		t.outcome(r, outcome)
	}
	t.remarks(r)
	t.leftovers(r.Leftovers)
	t.end(r)
	_, err := io.WriteString(w, t.out.String())
	return err
}

// Text returns the result as a text report shows it, with all findings and the
// clause.
func (r Result) Text() string {
	t := textReport{options: TextOptions{All: true}}
	t.result(r)
	if !spacious(r.Outcome) {
		t.line("  clause    %s", r.Check.Clause.place())
		t.line("            %s", r.Check.Clause.URL)
	}
	return strings.TrimSuffix(t.out.String(), "\n")
}

type textReport struct {
	options TextOptions
	out     strings.Builder
}

func (t *textReport) line(format string, arguments ...any) {
	fmt.Fprintf(&t.out, format+"\n", arguments...)
}

// outcome writes the results that have the outcome.
func (t *textReport) outcome(r *Report, outcome Outcome) {
	if !t.options.All && outcome.harmless() {
		return
	}
	if !t.options.All && outcome == NotEvaluated {
		t.notEvaluated(r)
		return
	}
	some := false
	for _, result := range r.Results {
		if result.Outcome != outcome {
			continue
		}
		some = true
		t.result(result)
	}
	if some && !spacious(outcome) {
		t.line("")
	}
}

// notEvaluated groups the checks that were not evaluated by their reason. Many
// checks share one if a provision fails or the run is interrupted.
func (t *textReport) notEvaluated(r *Report) {
	var reasons []string
	checks := map[string][]string{}
	for _, result := range r.Results {
		if result.Outcome != NotEvaluated {
			continue
		}
		if len(checks[result.Reason]) == 0 {
			reasons = append(reasons, result.Reason)
		}
		checks[result.Reason] = append(checks[result.Reason], fmt.Sprintf("%s (%s)", result.Check.ID, result.Check.Level))
	}
	for _, reason := range reasons {
		t.line("%s: %s", t.paint(NotEvaluated, NotEvaluated.title()), visible(reason))
		t.wrap(checks[reason])
		t.line("")
	}
}

// textWidth is the width of lists.
const textWidth = 100

// wrap writes words as an indented, comma-separated list.
func (t *textReport) wrap(words []string) {
	line := " "
	for i, word := range words {
		if i < len(words)-1 {
			word += ","
		}
		if line != " " && len(line)+1+len(word) > textWidth {
			t.line("%s", line)
			line = " "
		}
		line += " " + word
	}
	t.line("%s", line)
}

// remarks lists the remarks of all results.
func (t *textReport) remarks(r *Report) {
	some := false
	for _, result := range r.Results {
		for _, remark := range result.Remarks {
			t.line("REMARK %s (%s): %s", result.Check.ID, result.Check.Level, visible(remark))
			some = true
		}
	}
	if some {
		t.line("")
	}
}

// spacious reports whether results with the outcome take several lines and an
// empty one.
func spacious(outcome Outcome) bool { return outcome == Failed || outcome == Errored }

func (t *textReport) result(result Result) {
	check := result.Check
	reason := ""
	if result.Reason != "" && !spacious(result.Outcome) {
		reason = ": " + visible(result.Reason)
	}
	t.line("%s %s (%s)%s", t.paint(result.Outcome, result.Outcome.title()), check.ID, check.Level, reason)
	if w := result.Waiver; w != nil && result.Outcome == Waived {
		t.line("  waived    until %s: %s", w.Until, visible(w.Reason))
	}
	if !spacious(result.Outcome) {
		return
	}
	t.line("  %s", check.Title)
	t.line("  clause    %s: %s", check.Clause.place(), check.Clause.Says)
	t.line("            %s", check.Clause.URL)
	if len(result.Findings) == 0 {
		t.line("  expected  %s", check.Expected())
		t.line("  got       %s", visible(result.Reason))
	}
	for i, finding := range result.Findings {
		if i > 0 {
			t.line("")
		}
		t.finding(finding, i == 0 || t.options.All)
	}
	if result.MoreFindings > 0 {
		t.line("\n  %s more", quantity(result.MoreFindings, "finding"))
	}
	t.line("")
}

func (t *textReport) finding(finding Finding, whole bool) {
	t.line("  in        %s", finding.where())
	t.line("  expected  %s", visible(finding.Expected))
	t.line("  got       %s", visible(finding.Got))
	if !whole {
		return
	}
	for _, exchange := range finding.Exchanges {
		t.line("")
		for line := range strings.Lines(exchange.transcript()) {
			t.out.WriteString("    " + line)
		}
	}
}

// where names the request and the plan.
func (f Finding) where() string {
	where := fmt.Sprintf("scenario %q, step %q", f.Scenario, f.Step)
	if f.Plan != "" {
		where += ", plan " + visible(f.Plan)
	}
	return where
}

// transcript shows the request and its response in the style of curl -v.
func (e Exchange) transcript() string {
	var out strings.Builder
	fmt.Fprintf(&out, "> %s %s\n", e.Method, visible(e.URL))
	transcribe(&out, "> ", e.RequestHeader, e.RequestBody)
	if e.Status == 0 {
		fmt.Fprintf(&out, "< no response: %s\n", visible(e.Error))
		return out.String()
	}
	fmt.Fprintf(&out, "< %s\n", e.statusLine())
	transcribe(&out, "< ", e.ResponseHeader, e.ResponseBody)
	if e.Error != "" {
		fmt.Fprintf(&out, "< incomplete: %s\n", visible(e.Error))
	}
	return out.String()
}

// statusLine returns a text such as "404 Not Found".
func (e Exchange) statusLine() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status)))
}

func transcribe(out *strings.Builder, prefix string, header http.Header, body string) {
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			fmt.Fprintf(out, "%s%s: %s\n", prefix, visible(name), visible(value))
		}
	}
	if body == "" {
		return
	}
	out.WriteString(strings.TrimSpace(prefix) + "\n")
	for line := range strings.SplitSeq(strings.TrimSuffix(visibleLines(body), "\n"), "\n") {
		out.WriteString(prefix + line + "\n")
	}
}

func (t *textReport) leftovers(leftovers []Leftover) {
	if len(leftovers) == 0 {
		return
	}
	t.line("%s", t.paint(Failed, "LEFT OVER: the run created these and could not delete them. Delete them by hand:"))
	for _, leftover := range leftovers {
		t.line("  %s", leftover.what())
		t.line("    service   %s, plan %s", visible(leftover.ServiceID), visible(leftover.PlanID))
		t.line("    reason    %s", visible(leftover.Reason))
	}
	t.line("")
}

// end writes the counts and the verdict, which stay on the screen.
func (t *textReport) end(r *Report) {
	table := tabwriter.NewWriter(&t.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := []string{""}
	for _, outcome := range Outcomes() {
		row = append(row, outcome.String())
	}
	_, _ = fmt.Fprintln(table, strings.Join(row, "\t")+"\t")
	for _, level := range []Level{Must, Should, May} {
		counts := r.Counts(level)
		if counts.Total() == 0 {
			continue
		}
		row := []string{level.String()}
		for _, outcome := range Outcomes() {
			row = append(row, fmt.Sprint(counts.Of(outcome)))
		}
		_, _ = fmt.Fprintln(table, strings.Join(row, "\t")+"\t")
	}
	_ = table.Flush() // A strings.Builder returns no errors.
	t.line("")
	t.line("%s: %s", visible(r.URL), r.about())
	if len(r.PlansLeftOut) > maxNamed {
		t.line("Plans left out: %s", visible(strings.Join(r.PlansLeftOut, ", ")))
	}
	outcome := Failed
	if r.Conforms() {
		outcome = Passed
	}
	t.line("%s", t.paint(outcome, r.Verdict()))
}

// about summarizes the run: "OSB 2.17, profile cloudfoundry, 3 plans, 214 requests in
// 3.2s, by openbroker v1.0.0".
func (r *Report) about() string {
	profile := ""
	if len(r.Profiles) > 0 {
		profile = fmt.Sprintf(", %s %s", plural(len(r.Profiles), "profile"), joinProfiles(r.Profiles))
	}
	tool := ""
	if r.Tool != "" {
		tool = ", by " + visible(r.Tool)
	}
	return fmt.Sprintf("OSB %s%s, %s, %s in %v%s", r.SpecVersion, profile,
		quantity(len(r.Plans), "plan"), quantity(r.Requests, "request"), r.Duration.Round(time.Millisecond), tool)
}

// paint colours a text by an outcome if the options ask for colours.
func (t *textReport) paint(outcome Outcome, text string) string {
	if !t.options.Color {
		return text
	}
	color := "31" // red
	switch outcome {
	case Passed:
		color = "32" // green
	case NotApplicable, Declined:
		color = "2" // faint
	case NotEvaluated, Waived:
		color = "33" // yellow
	default:
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}
