package conformance

import (
	_ "embed"
	"html/template"
	"io"
	"strings"
	"time"
)

//go:embed report.html.tmpl
var htmlSource string

// htmlTemplate escapes all values by their context. The policy of the page
// forbids it to load or run anything.
var htmlTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"visible":    visible,
	"transcript": Exchange.transcript,
	"where":      Finding.where,
	"place":      Clause.place,
	"what":       Leftover.what,
	"about":      (*Report).about,
	"sections":   (*Report).sections,
	"class":      func(o Outcome) string { return strings.ReplaceAll(o.String(), " ", "-") },
	"long":       spacious,
	"quantity":   func(count int, noun string) string { return quantity(count, noun) },
	"moment":     func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
}).Parse(htmlSource))

func (r *Report) writeHTML(w io.Writer) error {
	page := struct {
		*Report
		Levels   []Level
		Outcomes []Outcome
		// Amiss are the results that a reader needs first.
		Amiss []Result
	}{Report: r, Levels: []Level{Must, Should, May}, Outcomes: Outcomes()}
	for _, outcome := range []Outcome{Failed, Errored, NotEvaluated} {
		for _, result := range r.Results {
			if result.Outcome == outcome {
				page.Amiss = append(page.Amiss, result)
			}
		}
	}
	return htmlTemplate.Execute(w, page)
}
