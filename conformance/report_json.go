package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
)

// jsonSummary is the part of a JSON report that Report does not have.
type jsonSummary struct {
	// Conforms and Verdict are the results of the methods of Report.
	Conforms bool   `json:"conforms"`
	Verdict  string `json:"verdict"`
	// Levels has the counts of each level. All has the counts of all levels.
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

// WriteChecksJSON writes checks, such as those of [Checks], as a JSON array. It
// returns the error of w.
func WriteChecksJSON(w io.Writer, checks []Check) error { return writeJSON(w, checks) }

// writeJSON writes indented JSON. It escapes characters that are not printable,
// so that a terminal can show the output.
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
