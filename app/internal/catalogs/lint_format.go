package catalogs

import (
	"fmt"
	"io"

	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
)

// write writes the findings.
func (l *lintReport) write(out io.Writer, format output.Format) error {
	switch format {
	case output.JSON:
		return output.WriteJSON(out, l)
	case output.YAML:
		return output.WriteYAML(out, l)
	case output.SARIF:
		return output.WriteJSON(out, sarifOf(l))
	default:
		return l.writeText(out)
	}
}

func (l *lintReport) writeText(out io.Writer) error {
	if len(l.Findings) > 0 {
		if _, err := fmt.Fprintln(out, catalog.Errors(l.Findings).Error()); err != nil {
			return err
		}
	}
	if len(l.checked) == 0 {
		return nil
	}
	_, err := fmt.Fprintln(out, l.summary())
	return err
}

// writeRules lists the rules for the platforms, or all rules if no platform is named.
func (f *lintFlags) writeRules(out io.Writer, platforms []lint.Platform) error {
	if len(platforms) == 0 {
		platforms = lint.Platforms()
	}
	rules := []lint.Rule{}
	for _, rule := range lint.Rules() {
		if severity, _ := rule.On(platforms...); severity != "" {
			rule.Summary, rule.Fix = output.Named(f.tool.Name, rule.Summary), output.Named(f.tool.Name, rule.Fix)
			rules = append(rules, rule)
		}
	}
	list := &output.List[lint.Rule]{Out: out, Row: func(r lint.Rule) []string {
		severity, objecting := r.On(platforms...)
		where := "all"
		if len(objecting) > 0 {
			where = platformNames(objecting)
		}
		return []string{r.ID, string(severity), where, r.Summary}
	}}
	switch f.format.Format {
	case output.JSON:
		return output.WriteJSON(out, rules)
	case output.YAML:
		return output.WriteYAML(out, rules)
	default:
		return list.Print(rules)
	}
}
