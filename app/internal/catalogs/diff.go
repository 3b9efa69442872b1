package catalogs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/app/internal/remote"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/internal/markdown"
	"github.com/openbroker/openbroker/provider"
)

// Exit codes of diff, except 0.
const (
	exitBreaking = 1
	exitNoDiff   = 2
)

// NewDiff returns the command diff.
func NewDiff(providers *provider.Set, stdout io.Writer) *cobra.Command {
	var flags remote.CatalogFlags
	var format output.Flag
	var reports output.Reports
	command := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Compare two catalogs, and find changes that break existing instances",
		Long: `Compare two catalogs, and find changes that break existing instances and bindings. Each
catalog is a file, a directory, or the URL of a running broker. A file without services
is not a catalog.

A change is breaking, needs attention (costs, upgrades, requirements of new instances),
or is compatible. The exit code is 0 without breaking changes, 1 with breaking
changes, and 2 if the catalogs cannot be compared.`,
		Args: cobra.ExactArgs(2), //nolint:mnd // OLD and NEW.
		RunE: func(command *cobra.Command, args []string) error {
			defer reports.Close()
			changes, err := compare(command.Context(), providers, &flags, &reports, args[0], args[1])
			if err == nil {
				write := func(w io.Writer, format output.Format) error { return writeDiff(w, format, changes) }
				err = errors.Join(write(stdout, format.Format), reports.Write(write))
			}
			if err != nil {
				return &exit.Error{Err: err, Code: exitNoDiff}
			}
			for _, change := range changes {
				if change.Breaking() {
					return &exit.SilentError{Code: exitBreaking}
				}
			}
			return nil
		},
	}
	format.Add(command, output.Text, output.JSON, output.YAML, output.Markdown)
	reports.Add(command, &format)
	flags.Add(command.Flags())
	flags.AddAt(command.Flags())
	return command
}

func compare(ctx context.Context, providers *provider.Set, flags *remote.CatalogFlags, reports *output.Reports, old, next string) ([]catalog.Change, error) {
	if err := reports.Open(); err != nil {
		return nil, err
	}
	before, err := flags.Catalog(ctx, old)
	after, failed := flags.Catalog(ctx, next)
	var wrong, also catalog.Errors
	switch {
	case errors.As(err, &wrong) && errors.As(failed, &also):
		return nil, append(wrong, also...)
	case err != nil:
		return nil, err
	case failed != nil:
		return nil, failed
	}
	if remote.IsURL(old) || remote.IsURL(next) {
		// A running broker does not serve the fields for providers.
		before, after = providers.Public(before), providers.Public(after)
	}
	return catalog.Diff(before, after), nil
}

func writeDiff(w io.Writer, format output.Format, changes []catalog.Change) error {
	switch format {
	case output.JSON:
		return output.WriteJSON(w, diffDocument(changes))
	case output.YAML:
		return output.WriteYAML(w, diffDocument(changes))
	case output.Markdown:
		return diffMarkdown(w, changes)
	default:
		return diffText(w, changes)
	}
}

// impacts are the groups of changes, worst first.
var impacts = []struct {
	impact       catalog.Impact
	title, count string
}{
	{catalog.ImpactBreaking, "Breaking", "breaking"},
	{catalog.ImpactAttention, "Needs attention", "needing attention"},
	{catalog.ImpactCompatible, "Compatible", "compatible"},
}

func ofImpact(changes []catalog.Change, impact catalog.Impact) []catalog.Change {
	var found []catalog.Change
	for _, change := range changes {
		if change.Impact == impact {
			found = append(found, change)
		}
	}
	return found
}

func diffSummary(changes []catalog.Change) string {
	if len(changes) == 0 {
		return "no changes"
	}
	counts := make([]string, len(impacts))
	for i, group := range impacts {
		counts[i] = fmt.Sprintf("%d %s", len(ofImpact(changes, group.impact)), group.count)
	}
	return fmt.Sprintf("%s: %s", plural(len(changes), "change"), strings.Join(counts, ", "))
}

// subject returns the service or plan of a change.
func subject(c *catalog.Change) string {
	switch {
	case c.PlanID != "":
		return c.ServiceName + "/" + c.PlanName
	case c.ServiceID != "":
		return c.ServiceName
	default:
		return "catalog"
	}
}

func diffText(w io.Writer, changes []catalog.Change) error {
	var text strings.Builder
	for _, group := range impacts {
		found := ofImpact(changes, group.impact)
		if len(found) == 0 {
			continue
		}
		fmt.Fprintf(&text, "%s:\n", group.title)
		for i := range found {
			fmt.Fprintf(&text, "  %s: %s\n    at %s\n", output.Cell(subject(&found[i])), output.Cell(found[i].Message), output.Cell(found[i].Pointer))
		}
		text.WriteByte('\n')
	}
	fmt.Fprintln(&text, diffSummary(changes))
	_, err := io.WriteString(w, text.String())
	return err
}

func diffDocument(changes []catalog.Change) map[string]any {
	counts := map[catalog.Impact]int{}
	for _, group := range impacts {
		counts[group.impact] = len(ofImpact(changes, group.impact))
	}
	if changes == nil {
		changes = []catalog.Change{}
	}
	return map[string]any{"changes": changes, "counts": counts}
}

func diffMarkdown(w io.Writer, changes []catalog.Change) error {
	var text strings.Builder
	fmt.Fprintf(&text, "**Catalog: %s**\n", diffSummary(changes))
	for _, group := range impacts {
		found := ofImpact(changes, group.impact)
		if len(found) == 0 {
			continue
		}
		fmt.Fprintf(&text, "\n### %s\n\n", group.title)
		for i := range found {
			fmt.Fprintf(&text, "- %s: %s (at %s)\n", markdown.Code(subject(&found[i])), markdown.Inline(found[i].Message), markdown.Code(found[i].Pointer))
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}
