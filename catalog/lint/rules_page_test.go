package lint_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
)

const rulesPage = "../../docs/lint-rules.md"

// The page about the rules is what the table says; -update writes it.
func TestRulesPage(t *testing.T) {
	t.Parallel()
	golden(t, rulesPage, rulesMarkdown())
}

func rulesMarkdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Rules of openbroker lint

There are %d, in the order of the objects that they are about. How to use them is
in [catalog.md](catalog.md). **error** and **warning** are what a violation is
wherever the catalog goes; platforms that take more exception stand beside it. A
warning of platforms only is told if %s names one of them.
This page is written by the tests of package lint.

| rule | severity | what it demands | what to do |
|---|---|---|---|
`, len(lint.Rules()), "`--platform`")
	for _, rule := range lint.Rules() {
		fmt.Fprintf(&b, "| <a id=%q></a>`%s` | %s | %s ([%s](%s)) | %s |\n", rule.ID, rule.ID, severities(rule),
			escape(rule.Summary), escape(rule.Clause), rule.Link, escape(rule.Fix))
	}
	return b.String()
}

// severities lists that of the rule, and those of platforms that differ.
func severities(rule lint.Rule) string {
	var parts []string
	if rule.Severity != "" {
		parts = append(parts, "**"+string(rule.Severity)+"**")
	}
	for _, severity := range []catalog.Severity{catalog.SeverityError, catalog.SeverityWarning} {
		var names []string
		for _, platform := range lint.Platforms() {
			if rule.Platforms[platform] == severity {
				names = append(names, platform.Title())
			}
		}
		if len(names) > 0 {
			parts = append(parts, string(severity)+" for "+strings.Join(names, ", "))
		}
	}
	return strings.Join(parts, "; ")
}

func escape(text string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "_", `\_`, "<", "&lt;").Replace(text)
}

// Rules that refer to docs/catalog.md refer to sections that it has.
func TestRulesRefer(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/catalog.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range lint.Rules() {
		section, ok := strings.CutPrefix(rule.Clause, "docs/catalog.md, ")
		if ok && !strings.Contains(string(page), "\n## "+section+"\n") {
			t.Errorf("%s refers to the section %q, which is not there", rule.ID, section)
		}
	}
}
