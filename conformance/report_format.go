package conformance

import (
	"fmt"
	"io"
	"strings"
)

// Format is a format of reports.
type Format string

// The formats.
const (
	// FormatText is for terminals and logs.
	FormatText Format = "text"
	// FormatJSON is for programs: the fields of Report, with a summary.
	FormatJSON Format = "json"
	// FormatJUnit is JUnit's XML, for Jenkins, GitLab and similar systems.
	FormatJUnit Format = "junit"
	// FormatMarkdown is for issues, pull requests and job summaries.
	FormatMarkdown Format = "markdown"
	// FormatHTML is a self-contained page.
	FormatHTML Format = "html"
)

// Formats returns all formats.
func Formats() []Format {
	return []Format{FormatText, FormatJSON, FormatJUnit, FormatMarkdown, FormatHTML}
}

// ParseFormat returns the format with the name. The error for an unknown name
// lists the known ones.
func ParseFormat(name string) (Format, error) {
	for _, format := range Formats() {
		if string(format) == name {
			return format, nil
		}
	}
	return "", fmt.Errorf("unknown format %q: text, json, junit, markdown or html", name)
}

// Write writes the report in a format. Texts of the broker cannot inject
// anything: control characters are escaped, and markup is shown as text. Write
// returns the error of w, or an error for an unknown format.
func (r *Report) Write(w io.Writer, format Format) error {
	switch format {
	case FormatText:
		return r.WriteText(w, TextOptions{})
	case FormatJSON:
		return r.writeJSON(w)
	case FormatJUnit:
		return r.writeJUnit(w)
	case FormatMarkdown:
		return r.writeMarkdown(w)
	case FormatHTML:
		return r.writeHTML(w)
	default:
		_, err := ParseFormat(string(format))
		return err
	}
}

// A reportSection is the part of a report about one section of a document.
type reportSection struct {
	Title   string
	Results []Result
}

// sections groups the results by the section of their clause, in the order of
// the results.
func (r *Report) sections() []reportSection {
	var sections []reportSection
	at := map[string]int{}
	for _, result := range r.Results {
		title := result.Check.Clause.place()
		i, found := at[title]
		if !found {
			i = len(sections)
			at[title] = i
			sections = append(sections, reportSection{Title: title})
		}
		sections[i].Results = append(sections[i].Results, result)
	}
	return sections
}

// place names the document and the section: "spec.md, Provisioning".
func (c Clause) place() string {
	if c.Section == "" {
		return c.Document
	}
	return c.Document + ", " + c.Section
}

// title returns the outcome as the text report prints it before a check: "FAILED".
func (o Outcome) title() string { return strings.ToUpper(o.String()) }

// harmless reports whether a check with the outcome needs no attention.
func (o Outcome) harmless() bool { return o == Passed || o == Declined || o == NotApplicable }

// what names the instance or binding of a leftover.
func (l Leftover) what() string {
	if l.BindingID != "" {
		return fmt.Sprintf("binding %s of instance %s", visible(l.BindingID), visible(l.InstanceID))
	}
	return "instance " + visible(l.InstanceID)
}
