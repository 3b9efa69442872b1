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

// htmlTemplate escapes all values by where they stand. The page has a policy
// that forbids it to load or run anything.
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
	return htmlTemplate.Execute(w, struct {
		*Report
		Levels   []Level
		Outcomes []Outcome
	}{r, []Level{Must, Should, May}, Outcomes()})
}
