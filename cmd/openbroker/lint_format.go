package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/openbroker/openbroker/catalog"
)

// write writes the findings in the format of the flags.
func (f *lintFlags) write(out io.Writer, found *linted) error {
	switch f.format {
	case "json":
		return writeIndented(out, found)
	case "sarif":
		return writeIndented(out, sarifOf(found))
	}
	if len(found.Findings) > 0 {
		if _, err := fmt.Fprintln(out, catalog.Errors(found.Findings).Error()); err != nil {
			return err
		}
	}
	if len(found.checked) == 0 {
		return nil
	}
	_, err := fmt.Fprintln(out, found.summary())
	return err
}

// writeRules lists the rules that the platforms care about, if none are named
// those of all.
func (f *lintFlags) writeRules(out io.Writer, platforms []catalog.Platform) error {
	if len(platforms) == 0 {
		platforms = catalog.Platforms()
	}
	rules := []catalog.Rule{}
	for _, rule := range catalog.Rules() {
		if severity, _ := rule.On(platforms...); severity != "" {
			rules = append(rules, rule)
		}
	}
	if f.format != "text" {
		return writeIndented(out, rules)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for i := range rules {
		severity, objecting := rules[i].On(platforms...)
		where := "all"
		if len(objecting) > 0 {
			where = platformNames(objecting)
		}
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", rules[i].ID, severity, where, rules[i].Summary); err != nil {
			return err
		}
	}
	return table.Flush()
}

func writeIndented(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
