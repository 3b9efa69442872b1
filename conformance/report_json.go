package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
)

// jsonSummary is what the JSON report has beside the fields of Report.
type jsonSummary struct {
	// Conforms and Verdict are those of Report.
	Conforms bool   `json:"conforms"`
	Verdict  string `json:"verdict"`
	// Levels has the counts of each level, All those of all levels.
	Levels map[Level]Counts `json:"levels"`
	All    Counts           `json:"all"`
}

func (r *Report) summary() jsonSummary {
	return jsonSummary{
		Conforms: r.Conforms(), Verdict: r.Verdict(), All: r.Counts(),
		Levels: map[Level]Counts{Must: r.Counts(Must), Should: r.Counts(Should), May: r.Counts(May)},
	}
}

func (r *Report) writeJSON(w io.Writer) error {
	return writeJSON(w, struct {
		Summary jsonSummary `json:"summary"`
		*Report
	}{r.summary(), r})
}

// WriteChecksJSON writes checks, such as those of [Checks], as a JSON array.
func WriteChecksJSON(w io.Writer, checks []Check) error { return writeJSON(w, checks) }

// writeJSON writes indented JSON in which every character that is not printable
// is escaped, so that it can be shown on a terminal.
func writeJSON(w io.Writer, value any) error {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return err
	}
	var out bytes.Buffer
	for _, r := range encoded.String() {
		switch {
		case r == '\n' || unicode.IsPrint(r):
			out.WriteRune(r)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	_, err := w.Write(out.Bytes())
	return err
}
