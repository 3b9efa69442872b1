package conformance_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/conformance"
)

var update = flag.Bool("update", false, "write the table of docs/conformance.md")

const (
	page  = "../docs/conformance.md"
	begin = "<!-- The tables below are written by `go test ./conformance -run TestDocs -update`. -->\n"
)

// TestDocs compares the page with the tables of checks and scenarios.
func TestDocs(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(string(data), begin)
	if !found {
		t.Fatalf("%s does not have the line %s", page, begin)
	}
	want := head + begin + tables()
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(data) {
		t.Errorf("%s differs from the tables: run go test ./conformance -run TestDocs -update", page)
	}
	if count := fmt.Sprintf("%d checks", len(conformance.Checks())); !strings.Contains(head, count) {
		t.Errorf("%s does not say %q: correct the number", page, count)
	}
}

// tables returns a table of checks for the specification and each platform, and
// a table of scenarios.
func tables() string {
	var b strings.Builder
	cell := func(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
	document := ""
	for _, check := range conformance.Checks() {
		group := "The specification"
		if check.Profile != "" {
			group = "The platform `" + string(check.Profile) + "`"
		}
		if group != document {
			document = group
			fmt.Fprintf(&b, "\n### %s\n\n| Check | Level | What holds | Expected | Clause |\n|---|---|---|---|---|\n", group)
		}
		section := check.Clause.Section
		if check.Clause.Document != "spec.md" {
			section = check.Clause.Document + ", " + section
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | [%s](%s): %s |\n", check.ID, check.Level, cell(check.Title), cell(check.Expected()),
			section, check.Clause.URL, cell(check.Clause.Says))
	}
	b.WriteString("\n### Scenarios\n\n| Scenario | What happens | Runs | Steps |\n|---|---|---|---|\n")
	for _, scenario := range conformance.Scenarios() {
		runs := "once"
		if scenario.PerPlan {
			runs = "on each plan"
		}
		if scenario.Profile != "" {
			runs += ", with the profile `" + string(scenario.Profile) + "`"
		}
		names := make([]string, len(scenario.Steps))
		for i, step := range scenario.Steps {
			names[i] = step.Name
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", scenario.Name, cell(scenario.Title), runs, cell(strings.Join(names, "; ")))
	}
	return b.String()
}

// TestDocsNameChecks tests that the ids of checks in hand-written pages exist.
func TestDocsNameChecks(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, check := range conformance.Checks() {
		known[check.ID] = true
	}
	option := regexp.MustCompile(`(?:--only|--skip|\bid:|FAILED|Waive\(")\s*'?([a-z][a-z0-9.*-]+)`)
	for _, page := range []string{"../docs/check.md", "../docs/mutants.md"} {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, match := range option.FindAllStringSubmatch(string(data), -1) {
			found++
			if !strings.Contains(match[1], "*") && !known[match[1]] {
				t.Errorf("%s names the check %s, which does not exist", page, match[1])
			}
		}
		if page == "../docs/check.md" && found < 4 {
			t.Errorf("%s names only %d checks: correct the pattern of this test", page, found)
		}
	}
}
