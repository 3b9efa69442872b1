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

// The page about the rules is generated from them; -update writes it.
func TestRulesPage(t *testing.T) {
	t.Parallel()
	golden(t, rulesPage, rulesMarkdown())
}

func rulesMarkdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Rules of openbroker lint

The %d rules are listed in the order of the objects in the specification.
[catalog.md](catalog.md) describes how to use them. The severity, **error** or
**warning**, applies on every platform; platforms with another severity follow it. A
warning for some platforms only is reported if %s names one of them. The tests of
package lint write this page.

| rule | severity | requirement | fix |
|---|---|---|---|
`, len(lint.Rules()), "`--platform`")
	for _, rule := range lint.Rules() {
		fmt.Fprintf(&b, "| <a id=%q></a>`%s` | %s | %s ([%s](%s)) | %s |\n", rule.ID, rule.ID, severities(rule),
			escape(rule.Summary), escape(rule.Clause), rule.Link, escape(rule.Fix))
	}
	return b.String()
}

// severities lists the severity of the rule, and those of platforms that differ.
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

// Rules refer to existing sections of the documentation.
func TestRulesRefer(t *testing.T) {
	t.Parallel()
	for _, rule := range lint.Rules() {
		document, section, ok := strings.Cut(rule.Clause, ", ")
		if !ok || !strings.HasPrefix(document, "docs/") {
			continue
		}
		page, err := os.ReadFile("../../" + document)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), "\n## "+section+"\n") {
			t.Errorf("%s refers to a missing section %q", rule.ID, section)
		}
	}
}
