package conformance_test

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/openbroker/openbroker/conformance"
)

// FuzzReport writes reports with arbitrary texts of a broker. They stay
// well-formed and have only printable characters.
func FuzzReport(f *testing.F) {
	f.Add(hostileAnswer)
	f.Add("")
	f.Add("\r\n\t`\\|]]>\U000e0001\ufffd\xff")
	f.Fuzz(func(t *testing.T, text string) {
		report := sampleReport()
		report.URL, report.Plans = text, []string{text}
		finding := &report.Results[2].Findings[0]
		finding.Plan, finding.Step, finding.Expected, finding.Got = text, text, text, text
		exchange := &finding.Exchanges[1]
		exchange.URL, exchange.ResponseBody, exchange.Error = text, text, text
		exchange.ResponseHeader = http.Header{text: {text}}
		report.Results[1].Reason, report.Leftovers[0].Reason, report.Leftovers[1].BindingID = text, text, text
		for _, format := range conformance.Formats() {
			out := writeReport(t, report, format)
			for _, r := range out {
				if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
					t.Fatalf("%s has the character %U", format, r)
				}
			}
			switch format {
			case conformance.FormatJSON:
				if !json.Valid([]byte(out)) {
					t.Fatal("the JSON is invalid")
				}
			case conformance.FormatJUnit:
				decoder := xml.NewDecoder(strings.NewReader(out))
				for err := error(nil); err != io.EOF; { //nolint:errorlint // The decoder does not wrap it.
					if _, err = decoder.Token(); err != nil && err != io.EOF { //nolint:errorlint // Likewise.
						t.Fatal(err)
					}
				}
			case conformance.FormatHTML:
				if strings.Count(out, "<script") > 0 || strings.Count(out, "<details") != strings.Count(out, "</details>") {
					t.Fatal("the page has markup of the broker")
				}
			default:
			}
		}
	})
}
