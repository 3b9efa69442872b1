package conformance

import (
	"fmt"
	"io"
	"strings"
)

// Format is a form in which a report can be written.
type Format string

// The formats.
const (
	// FormatText is for people at a terminal or in a log.
	FormatText Format = "text"
	// FormatJSON is for programs: the fields of Report, with a summary.
	FormatJSON Format = "json"
	// FormatJUnit is the XML that Jenkins, GitLab and their like read.
	FormatJUnit Format = "junit"
	// FormatMarkdown is for issues, pull requests and job summaries.
	FormatMarkdown Format = "markdown"
	// FormatHTML is one page that needs nothing else.
	FormatHTML Format = "html"
)

// Formats returns all formats.
func Formats() []Format {
	return []Format{FormatText, FormatJSON, FormatJUnit, FormatMarkdown, FormatHTML}
}

// ParseFormat finds a format by its name. An unknown name is an error that
// lists those that there are.
func ParseFormat(name string) (Format, error) {
	for _, format := range Formats() {
		if string(format) == name {
			return format, nil
		}
	}
	return "", fmt.Errorf("unknown format %q: text, json, junit, markdown or html", name)
}

// Write writes the report in a format. What the broker answered cannot break
// out of its place: control characters are shown as escapes, and markup as
// text. An error is that of w, or names an unknown format.
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

// place names the section with its document: "spec.md, Provisioning".
func (c Clause) place() string {
	if c.Section == "" {
		return c.Document
	}
	return c.Document + ", " + c.Section
}

// title is the outcome as a report prints it before a check: "FAILED".
func (o Outcome) title() string { return strings.ToUpper(o.String()) }

// harmless outcomes are no reason to look into a check.
func (o Outcome) harmless() bool { return o == Passed || o == Declined || o == NotApplicable }

// instance and binding of a leftover, in words.
func (l Leftover) what() string {
	if l.BindingID != "" {
		return fmt.Sprintf("binding %s of instance %s", visible(l.BindingID), visible(l.InstanceID))
	}
	return "instance " + visible(l.InstanceID)
}
