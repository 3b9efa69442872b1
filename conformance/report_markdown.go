package conformance

import (
	"fmt"
	"io"
	"strings"
)

// writeMarkdown writes GitHub Flavored Markdown. Texts that may come from the
// broker stand only in code spans and fences, which have no links, mentions or
// HTML.
func (r *Report) writeMarkdown(w io.Writer) error {
	var out strings.Builder
	m := markdown{&out}
	m.head(r)
	m.leftovers(r.Leftovers)
	for _, outcome := range Outcomes() {
		m.outcome(r, outcome)
	}
	_, err := io.WriteString(w, strings.TrimSuffix(out.String(), "\n"))
	return err
}

type markdown struct{ out *strings.Builder }

func (m markdown) line(format string, arguments ...any) {
	fmt.Fprintf(m.out, format+"\n", arguments...)
}

func (m markdown) head(r *Report) {
	m.line("# Conformance of %s\n", span(r.URL))
	m.line("**%s**\n", r.Verdict())
	m.line("%s, started %s.\n", strings.ToUpper(r.about()[:1])+r.about()[1:], r.Started.UTC().Format("2006-01-02 15:04:05 UTC"))
	fmt.Fprint(m.out, "| level")
	for _, outcome := range Outcomes() {
		fmt.Fprintf(m.out, " | %s", outcome)
	}
	m.line(" |\n|---%s|", strings.Repeat("|--:", len(Outcomes())))
	for _, level := range []Level{Must, Should, May} {
		counts := r.Counts(level)
		if counts.Total() == 0 {
			continue
		}
		fmt.Fprintf(m.out, "| %s", level)
		for _, outcome := range Outcomes() {
			fmt.Fprintf(m.out, " | %d", counts.Of(outcome))
		}
		m.line(" |")
	}
	m.line("")
	m.list("Plans", r.Plans)
	m.list("Plans left out", r.PlansLeftOut)
	m.list("Checks skipped", r.ChecksSkipped)
	m.remarks(r)
}

func (m markdown) list(title string, names []string) {
	if len(names) == 0 {
		return
	}
	spans := make([]string, len(names))
	for i, name := range names {
		spans[i] = span(name)
	}
	m.line("%s: %s\n", title, strings.Join(spans, ", "))
}

// remarks lists the remarks of all results.
func (m markdown) remarks(r *Report) {
	some := false
	for _, result := range r.Results {
		for _, remark := range result.Remarks {
			m.line("- %s: %s", result.Check.ID, span(remark))
			some = true
		}
	}
	if some {
		m.line("")
	}
}

func (m markdown) leftovers(leftovers []Leftover) {
	if len(leftovers) == 0 {
		return
	}
	m.line("## Left over\n")
	m.line("The run created these and could not delete them. **Delete them by hand.**\n")
	m.line("| what | service | plan | reason |")
	m.line("|---|---|---|---|")
	for _, l := range leftovers {
		m.line("| %s | %s | %s | %s |", cellSpan(l.what()), cellSpan(l.ServiceID), cellSpan(l.PlanID), cellSpan(l.Reason))
	}
	m.line("")
}

// outcome lists the results with the outcome: failures and errors at length,
// others in a folded table.
func (m markdown) outcome(r *Report, outcome Outcome) {
	var results []Result
	for _, result := range r.Results {
		if result.Outcome == outcome {
			results = append(results, result)
		}
	}
	if len(results) == 0 {
		return
	}
	title := strings.ToUpper(outcome.String()[:1]) + outcome.String()[1:]
	if spacious(outcome) {
		m.line("## %s\n", title)
		for _, result := range results {
			m.result(result)
		}
		return
	}
	m.line("<details%s><summary>%s (%d)</summary>\n", unfold(outcome), title, len(results))
	m.line("| check | level | clause | reason |")
	m.line("|---|---|---|---|")
	for _, result := range results {
		why := result.Check.Title
		if result.Reason != "" {
			why = cellSpan(result.Reason)
		}
		if result.Outcome == Waived {
			why = fmt.Sprintf("until %s: %s; %s", result.Waiver.Until, cellSpan(result.Waiver.Reason), why)
		}
		m.line("| %s | %s | [%s](%s) | %s |", result.Check.ID, result.Check.Level, result.Check.Clause.place(), result.Check.Clause.URL, why)
	}
	m.line("\n</details>\n")
}

func unfold(outcome Outcome) string {
	if outcome == NotEvaluated || outcome == Waived {
		return " open"
	}
	return ""
}

func (m markdown) result(result Result) {
	check := result.Check
	m.line("### %s (%s)\n", check.ID, check.Level)
	m.line("%s\n", check.Title)
	m.line("[%s](%s): %s\n", check.Clause.place(), check.Clause.URL, check.Clause.Says)
	if len(result.Findings) == 0 {
		m.line("- expected: %s", check.Expected())
		m.line("- got: %s\n", span(result.Reason))
	}
	for _, finding := range result.Findings {
		m.line("- in: %s", span(finding.where()))
		m.line("- expected: %s", span(finding.Expected))
		m.line("- got: %s\n", span(finding.Got))
		if len(finding.Exchanges) == 0 {
			continue
		}
		m.line("<details><summary>Requests and responses</summary>\n")
		for _, exchange := range finding.Exchanges {
			m.fence(exchange.transcript())
		}
		m.line("</details>\n")
	}
	if result.MoreFindings > 0 {
		m.line("%s more.\n", quantity(result.MoreFindings, "finding"))
	}
}

// fence shows a transcript unchanged. Its lines cannot end the fence because
// each begins with > or <.
func (m markdown) fence(transcript string) {
	m.line("```text\n%s\n```\n", strings.TrimSuffix(transcript, "\n"))
}

// span returns a code span of one line for any text.
func span(text string) string {
	text = visible(text)
	if strings.TrimSpace(text) == "" {
		return "(empty)"
	}
	mark := strings.Repeat("`", longestTicks(text)+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return mark + text + mark
}

// cellSpan returns a code span for a table, where an unescaped vertical bar
// ends the cell even in code.
func cellSpan(text string) string { return strings.ReplaceAll(span(text), "|", `\|`) }

// longestTicks returns the length of the longest run of backticks.
func longestTicks(text string) int {
	longest, run := 0, 0
	for i := range len(text) {
		if text[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
