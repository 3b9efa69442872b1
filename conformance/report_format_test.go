package conformance_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/openbroker/openbroker/conformance"
)

var updateReports = flag.Bool("update-reports", false, "write the golden reports")

// reportExtensions has the extensions of the golden files.
var reportExtensions = map[conformance.Format]string{
	conformance.FormatText: "txt", conformance.FormatJSON: "json", conformance.FormatJUnit: "xml",
	conformance.FormatMarkdown: "md", conformance.FormatHTML: "html",
}

// hostileAnswer attacks the reader of a report.
const hostileAnswer = "</pre></textarea><script>alert(1)</script>\x1b[2J\x1b]0;owned\a\u009b31m\u202e|cell| `tick` ``` fence\n````\n" +
	"# head ![x](http://127.0.0.1/x) <img src=x onerror=alert(1)> @everyone ]]> &amp; \xff\x00 {{.URL}} %s"

func reportClause(section string) conformance.Clause {
	return conformance.Clause{
		Document: "spec.md", Section: section, Says: "What " + section + " says.",
		URL: "https://github.com/openservicebrokerapi/servicebroker/blob/v2.17/spec.md#" + strings.ToLower(strings.ReplaceAll(section, " ", "-")),
	}
}

func reportCheck(id, section string, level conformance.Level) conformance.Check {
	return conformance.Check{
		ID: id, Title: "The title of " + id + ".", Level: level, Clause: reportClause(section),
		Expect: []conformance.Expectation{{Words: "status 200"}, {Words: "a JSON object"}},
	}
}

// sampleReport returns a report that uses every field.
func sampleReport() *conformance.Report {
	started := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	exchange := conformance.Exchange{
		Step: "provision", Started: started, Duration: 3 * time.Millisecond,
		Method: "PUT", URL: "http://127.0.0.1:8080/v2/service_instances/05bc4ec0-1?accepts_incomplete=true",
		RequestHeader: http.Header{"X-Broker-Api-Version": {"2.17"}, "Authorization": {"***"}},
		RequestBody:   `{"service_id":"s","plan_id":"p"}`,
		Status:        201, ResponseHeader: http.Header{"Content-Type": {"application/json"}}, ResponseBody: "{}\n",
	}
	again := exchange
	again.Step, again.Status, again.ResponseBody = "provision again", 409, hostileAnswer
	again.ResponseHeader = http.Header{"X-\x1b[31m": {"a\r\nb"}, "Content-Type": {"text/html"}}
	broken := exchange
	broken.Status, broken.ResponseHeader, broken.ResponseBody, broken.Error = 0, nil, "", "connection reset by peer"
	finding := conformance.Finding{
		Plan: "database/small", Scenario: "instance", Step: "provision again", Expected: "status 200", Got: "status 409",
		Exchanges: []conformance.Exchange{exchange, again},
	}
	other := finding
	other.Plan, other.Got = hostileAnswer, hostileAnswer
	return &conformance.Report{
		URL: "http://127.0.0.1:8080", SpecVersion: "2.17", Tool: "openbroker v1.2.3",
		Profiles: []conformance.Profile{conformance.CloudFoundry, conformance.Korifi}, Started: started,
		Duration: 3217 * time.Millisecond, Requests: 214,
		Plans: []string{"database/small", hostileAnswer}, PlansLeftOut: []string{"database/large"}, ChecksSkipped: []string{"bind-repeated-200"},
		Results: []conformance.Result{
			{Check: reportCheck("catalog-200", "Catalog Management", conformance.Must), Outcome: conformance.Passed, Judged: 3, Duration: 12 * time.Millisecond, Remarks: []string{"it is late: " + hostileAnswer}},
			{Check: reportCheck("catalog-etag", "Catalog Management", conformance.May), Outcome: conformance.NotApplicable, Reason: "the catalog has no ETag"},
			{
				Check: reportCheck("provision-repeated-200", "Provisioning", conformance.Must), Outcome: conformance.Failed, Judged: 2,
				Reason: "status 409", Plans: []string{"database/small"}, Findings: []conformance.Finding{finding, other}, MoreFindings: 1,
				Duration: 6 * time.Millisecond,
			},
			{
				Check: reportCheck("provision-later", "Provisioning", conformance.Must), Outcome: conformance.Waived, Judged: 1,
				Reason: "status 409", Findings: []conformance.Finding{finding},
				Waiver: &conformance.Waiver{Check: "provision-later", Reason: "ticket 17: " + hostileAnswer, Until: "2026-12-31"},
			},
			{
				Check: reportCheck("provision-again", "Provisioning", conformance.Should), Outcome: conformance.Errored, Judged: 1,
				Reason: "connection reset by peer", Findings: []conformance.Finding{{
					Scenario: "instance", Step: "provision", Expected: "an answer", Got: "connection reset by peer", Exchanges: []conformance.Exchange{broken},
				}},
			},
			{Check: reportCheck("bind-201", "Binding", conformance.Must), Outcome: conformance.NotEvaluated, Reason: `the step "provision" failed: ` + hostileAnswer},
			{
				Check: reportCheck("catalog-modified", "Catalog Management", conformance.May), Outcome: conformance.Declined, Judged: 1,
				Reason: hostileAnswer, Findings: []conformance.Finding{finding},
			},
			{Check: reportCheck("catalog-again", "Catalog Management", conformance.Should), Outcome: conformance.Passed, Judged: 1},
		},
		Leftovers: []conformance.Leftover{
			{InstanceID: "05bc4ec0-1", ServiceID: "s", PlanID: "p", Reason: "status 500"},
			{InstanceID: "05bc4ec0-1", BindingID: "05bc4ec0-2", ServiceID: "s", PlanID: hostileAnswer, Reason: hostileAnswer},
		},
	}
}

func writeReport(t *testing.T, report *conformance.Report, format conformance.Format) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.Write(&out, format); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func goldenReport(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *updateReports {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func TestReportFormats(t *testing.T) {
	t.Parallel()
	for _, format := range conformance.Formats() {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			goldenReport(t, "report."+reportExtensions[format], writeReport(t, sampleReport(), format))
		})
	}
}

func TestReportTextOptions(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := sampleReport().WriteText(&out, conformance.TextOptions{Color: true, All: true}); err != nil {
		t.Fatal(err)
	}
	goldenReport(t, "report_all_color.txt", out.String())
}

// Texts of a broker do not move the cursor of a terminal and are not markup.
func TestReportsEscapeTextsOfBrokers(t *testing.T) {
	t.Parallel()
	for _, format := range conformance.Formats() {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			text := writeReport(t, sampleReport(), format)
			for _, r := range text {
				if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
					t.Fatalf("the report has the character %U", r)
				}
			}
			if format == conformance.FormatHTML {
				for _, markup := range []string{"<script", "<img", "</textarea"} {
					if strings.Contains(text, markup) {
						t.Errorf("the report has %s", markup)
					}
				}
			}
			if !strings.Contains(text, "alert(1)") {
				t.Error("the report does not show the response")
			}
		})
	}
}

// In Markdown, texts of a broker stand only in code.
func TestReportMarkdownQuotes(t *testing.T) {
	t.Parallel()
	fence := ""
	for line := range strings.Lines(writeReport(t, sampleReport(), conformance.FormatMarkdown)) {
		line = strings.TrimSuffix(line, "\n")
		ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		switch {
		case fence == "" && len(ticks) >= 3 && strings.HasSuffix(line, "text"):
			fence = ticks
		case fence != "" && line == fence:
			fence = ""
		case fence == "":
			for i, outside := range strings.Split(line, "`````") {
				// The code spans of hostileAnswer have five backticks because the text has
				// four.
				if i%2 == 0 && strings.Contains(outside, "everyone") {
					t.Errorf("outside of code: %s", outside)
				}
			}
		}
	}
	if fence != "" {
		t.Error("a fence is not closed")
	}
}

func TestReportJSON(t *testing.T) {
	t.Parallel()
	var got struct {
		Summary struct {
			Conforms bool                          `json:"conforms"`
			Verdict  string                        `json:"verdict"`
			Levels   map[string]conformance.Counts `json:"levels"`
			All      conformance.Counts            `json:"all"`
		} `json:"summary"`
		conformance.Report
	}
	if err := json.Unmarshal([]byte(writeReport(t, sampleReport(), conformance.FormatJSON)), &got); err != nil {
		t.Fatal(err)
	}
	want := sampleReport()
	if got.Summary.Conforms || got.Summary.Verdict != want.Verdict() || got.Summary.All != want.Counts() ||
		got.Summary.Levels["MUST"] != (conformance.Counts{Failed: 1, NotEvaluated: 1, Waived: 1, Passed: 1}) {
		t.Errorf("the summary is %+v", got.Summary)
	}
	if len(got.Results) != len(want.Results) || got.Results[2].Outcome != conformance.Failed || got.Results[2].Check.Level != conformance.Must ||
		got.Results[2].Findings[1].Exchanges[1].ResponseBody != strings.ToValidUTF8(hostileAnswer, "\ufffd") || len(got.Leftovers) != 2 {
		t.Errorf("the report is %+v", got.Report)
	}
}

// The suites of JUnit have the name of the program that made the report.
func TestReportJUnitNamesProgram(t *testing.T) {
	t.Parallel()
	for tool, want := range map[string]string{"acme-broker 1.2.3": "acme-broker check", "": "openbroker check"} {
		got := writeReport(t, &conformance.Report{Tool: tool}, conformance.FormatJUnit)
		if !strings.Contains(got, `<testsuites name="`+want+`"`) {
			t.Errorf("of %q: %s", tool, got)
		}
	}
}

func TestReportJUnit(t *testing.T) {
	t.Parallel()
	type problem struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	type suite struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Cases    []struct {
			Name    string   `xml:"name,attr"`
			Failure *problem `xml:"failure"`
			Error   *problem `xml:"error"`
			Skipped *problem `xml:"skipped"`
		} `xml:"testcase"`
	}
	var got struct {
		Tests    int     `xml:"tests,attr"`
		Failures int     `xml:"failures,attr"`
		Errors   int     `xml:"errors,attr"`
		Suites   []suite `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(writeReport(t, sampleReport(), conformance.FormatJUnit)), &got); err != nil {
		t.Fatal(err)
	}
	// The errors are one check that was not evaluated, one in error, and two
	// leftovers.
	if got.Tests != 10 || got.Failures != 1 || got.Errors != 4 || len(got.Suites) != 4 {
		t.Errorf("%d tests, %d failures and %d errors in %d suites", got.Tests, got.Failures, got.Errors, len(got.Suites))
	}
	names := map[string]bool{}
	for _, suite := range got.Suites {
		failures, broken, skipped := 0, 0, 0
		for _, testcase := range suite.Cases {
			if names[testcase.Name] {
				t.Errorf("%s occurs twice", testcase.Name)
			}
			names[testcase.Name] = true
			switch {
			case testcase.Failure != nil:
				failures++
				for _, part := range []string{"status 409", "PUT http://", "spec.md, Provisioning"} {
					if !strings.Contains(testcase.Failure.Text, part) {
						t.Errorf("%s does not show %q", testcase.Name, part)
					}
				}
			case testcase.Error != nil:
				broken++
			case testcase.Skipped != nil:
				skipped++
			}
		}
		if suite.Tests != len(suite.Cases) || suite.Failures != failures || suite.Errors != broken || suite.Skipped != skipped {
			t.Errorf("the counts of the suite %s are wrong", suite.Name)
		}
	}
}

// A result that is not evaluated never counts as a pass.
func TestReportVerdict(t *testing.T) {
	t.Parallel()
	result := func(level conformance.Level, outcome conformance.Outcome) conformance.Result {
		return conformance.Result{Check: reportCheck("c", "S", level), Outcome: outcome}
	}
	must, should := conformance.Must, conformance.Should
	pass := result(must, conformance.Passed)
	for name, c := range map[string]struct {
		report   conformance.Report
		conforms bool
		verdict  string
	}{
		"conformant":    {conformance.Report{Results: []conformance.Result{pass, result(must, conformance.NotApplicable), result(should, conformance.Failed)}}, true, "Conformant: all MUSTs hold (1 passed, 1 not applicable)."},
		"failed":        {conformance.Report{Results: []conformance.Result{pass, result(must, conformance.Failed)}}, false, "Not conformant: of 2 MUSTs, 1 failed."},
		"not evaluated": {conformance.Report{Results: []conformance.Result{pass, result(must, conformance.NotEvaluated)}}, false, "Inconclusive: of 2 MUSTs, 1 not evaluated."},
		"error":         {conformance.Report{Results: []conformance.Result{pass, result(must, conformance.Errored)}}, false, "Not conformant: of 2 MUSTs, 1 error."},
		"waived":        {conformance.Report{Results: []conformance.Result{pass, result(must, conformance.Waived)}}, true, "Conformant except for 1 waived MUST: all other MUSTs hold (1 passed)."},
		"left out": {
			conformance.Report{Results: []conformance.Result{pass}, PlansLeftOut: []string{"a/b"}, ChecksSkipped: []string{"x", "y"}},
			true, "Conformant: all MUSTs hold (1 passed). Plans left out: a/b. Checks skipped: x, y.",
		},
		"many left out": {
			conformance.Report{Results: []conformance.Result{pass}, PlansLeftOut: strings.Split("a/a a/b a/c a/d a/e a/f a/g a/h a/i a/j", " ")},
			true, "Conformant: all MUSTs hold (1 passed). Plans left out: a/a, a/b, a/c, a/d, a/e, a/f, a/g, a/h and 2 more.",
		},
		"died":           {conformance.Report{Results: []conformance.Result{pass, result(must, conformance.Errored)}, Died: "after PUT"}, false, "Not conformant: of 2 MUSTs, 1 error. The broker died: after PUT."},
		"empty":          {conformance.Report{}, false, "Inconclusive: no selected check applies or could be evaluated."},
		"not applicable": {conformance.Report{Results: []conformance.Result{result(must, conformance.NotApplicable)}}, false, "Inconclusive: no selected check applies or could be evaluated."},
		"interrupted":    {conformance.Report{Results: []conformance.Result{pass}, Interrupted: true}, false, "Inconclusive: the run was interrupted."},
		"left over":      {conformance.Report{Results: []conformance.Result{pass}, Leftovers: make([]conformance.Leftover, 2)}, false, "Not conformant: 2 instances or bindings could not be deleted."},
		"no MUST":        {conformance.Report{Results: []conformance.Result{result(should, conformance.Passed), result(should, conformance.Failed)}}, true, "No MUST was checked. Of 2 checks: 1 failed, 1 passed."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.report.Conforms() != c.conforms || c.report.Verdict() != c.verdict {
				t.Errorf("%v, %q", c.report.Conforms(), c.report.Verdict())
			}
		})
	}
}

var errFull = errors.New("no space left on device")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestReportWriteErrors(t *testing.T) {
	t.Parallel()
	for _, format := range conformance.Formats() {
		if err := sampleReport().Write(full{}, format); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", format, err)
		}
	}
	if err := sampleReport().Write(&bytes.Buffer{}, "pdf"); err == nil || !strings.Contains(err.Error(), `unknown format "pdf": text, json, junit, markdown or html`) {
		t.Errorf("unknown format: %v", err)
	}
}
