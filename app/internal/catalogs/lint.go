package catalogs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/app/internal/remote"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
	"github.com/openbroker/openbroker/internal/spelling"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/server/config"
)

// lintFlags are the flags of openbroker lint.
type lintFlags struct {
	remote.CatalogFlags
	format    output.Flag
	reports   output.Reports
	platforms []string
	disabled  []string
	config    string

	tool      Tool
	providers *provider.Set
	// group has the providers of the configuration, if one is named.
	group *provider.Group

	strict, rules bool
}

// NewLint returns the command lint.
func NewLint(tool Tool, providers *provider.Set, stdout io.Writer, stderr output.Messages) *cobra.Command {
	flags := &lintFlags{tool: tool, providers: providers}
	command := &cobra.Command{
		Use:   "lint FILE|DIRECTORY|URL...",
		Short: "Check catalogs against the specification and the platforms",
		Long: `Check catalogs against the specification and the platforms: YAML and JSON files,
directories of them, and running brokers, whose catalog the command fetches as platforms
do. A finding has its file, line and column; for a running broker these refer to its
response, indented.

The exit code is 0 without errors, 1 with errors, and 2 if a catalog cannot be read. Pass
a password in a file or in the environment: other users can see the command line.`,
		Example: `  openbroker lint catalog.yaml
  openbroker lint --platform cloudfoundry,korifi --strict catalog/
  openbroker lint --at /spring/cloud/openservicebroker/catalog application.yml
  OPENBROKER_PASSWORD=... openbroker lint --username admin https://broker.example.com
  openbroker lint --report sarif=catalog.sarif catalog.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case flags.rules && len(args) > 0:
				return errors.New("--rules lists the rules, and takes no catalog")
			case !flags.rules && len(args) == 0 && flags.config == "":
				return errors.New("the catalog is missing: name a file, a directory or a URL")
			default:
				return nil
			}
		},
		RunE: func(command *cobra.Command, args []string) error {
			if os.Getenv("GOGC") == "" {
				debug.SetGCPercent(gcPercent)
			}
			return flags.run(command.Context(), args, stdout, stderr)
		},
	}
	set := command.Flags()
	flags.format.Add(command, output.Text, output.JSON, output.YAML, output.SARIF)
	flags.reports.Add(command, &flags.format)
	set.StringSliceVar(&flags.platforms, "platform", nil, "`PLATFORMS` that the catalog is for: "+platformNames(lint.Platforms())+" (default: all of them; cf is short for cloudfoundry)")
	set.StringSliceVar(&flags.disabled, "disable", nil, "`RULES` to skip, by id")
	set.StringVar(&flags.config, "config", "", "configuration `FILE` of the broker: services must have its providers, and plans their settings; without any catalog, its catalog file is checked")
	set.BoolVarP(&flags.strict, "strict", "W", false, "exit with 1 also after warnings")
	set.BoolVar(&flags.rules, "rules", false, "list the rules, and check nothing")
	flags.Add(set)
	flags.AddAt(set)
	return command
}

func platformNames(platforms []lint.Platform) string {
	names := make([]string, len(platforms))
	for i, platform := range platforms {
		names[i] = string(platform)
	}
	return strings.Join(names, ", ")
}

// A lintReport holds the findings of all catalogs.
type lintReport struct {
	Findings []catalog.Finding `json:"findings"`
	Errors   int               `json:"errors"`
	Warnings int               `json:"warnings"`
	// Unread lists the errors of catalogs that could not be read.
	Unread []string `json:"unread,omitempty"`
	// checked are the catalogs, as the user named them.
	checked []string
	tool    Tool
}

func (f *lintFlags) run(ctx context.Context, locations []string, stdout io.Writer, stderr output.Messages) error {
	platforms, err := f.parse()
	if err != nil {
		return err
	}
	if f.rules {
		return exit.AsFailure(f.writeRules(stdout, platforms))
	}
	defer f.reports.Close()
	if err := f.reports.Open(); err != nil {
		return &exit.Error{Err: err, Code: exit.Misuse}
	}
	if f.config != "" {
		if locations, err = f.readConfig(locations); err != nil {
			return exit.AsFailure(err)
		}
	}
	found := &lintReport{Findings: []catalog.Finding{}, tool: f.tool}
	code := 0
	for _, location := range locations {
		findings, err := f.lint(ctx, location, platforms)
		if err != nil {
			stderr.Complain("%s", exit.OneLine(err))
			found.Unread = append(found.Unread, exit.OneLine(err))
			code = exit.Misuse
			continue
		}
		found.add(redactLocation(location), findings)
	}
	if code == 0 && (found.Errors > 0 || f.strict && found.Warnings > 0) {
		code = exit.Failed
	}
	if err := errors.Join(found.write(stdout, f.format.Format), f.reports.Write(found.write)); err != nil {
		return exit.AsFailure(err)
	}
	if code != 0 {
		return &exit.SilentError{Code: code}
	}
	return nil
}

// readConfig reads the providers of the configuration. It returns the catalogs to check:
// the given ones, or that of the configuration.
func (f *lintFlags) readConfig(locations []string) ([]string, error) {
	settings, err := config.LoadForStore(f.config, f.providers)
	if err != nil {
		return nil, err
	}
	if f.group, err = settings.Group(); err != nil || len(locations) > 0 {
		return locations, err
	}
	if settings.Catalog == nil || settings.Catalog.File == "" {
		return nil, errors.New("the configuration names no catalog file: name a catalog to check")
	}
	return []string{string(settings.Catalog.File)}, nil
}

// sorted returns findings in the order of their positions.
func sorted(findings []catalog.Finding) []catalog.Finding {
	slices.SortStableFunc(findings, func(a, b catalog.Finding) int {
		return cmp.Or(cmp.Compare(a.Position.File, b.Position.File), cmp.Compare(a.Position.Line, b.Position.Line), cmp.Compare(a.Position.Column, b.Position.Column))
	})
	return findings
}

// parse validates the values of flags.
func (f *lintFlags) parse() ([]lint.Platform, error) {
	if f.rules && (f.format.Format == output.SARIF || f.reports.String() != "") {
		return nil, errors.New("--rules lists the rules as text, json or yaml on the standard output")
	}
	var platforms []lint.Platform
	for _, name := range f.platforms {
		platform, err := lint.ParsePlatform(name)
		if err != nil {
			return nil, err
		}
		platforms = append(platforms, platform)
	}
	for i, id := range f.disabled {
		id = spelling.FullID(id)
		f.disabled[i] = id
		if !slices.ContainsFunc(lint.Rules(), func(r lint.Rule) bool { return r.ID == id }) {
			return nil, fmt.Errorf("unknown rule %q: openbroker lint --rules lists them", id)
		}
	}
	return platforms, nil
}

// lint returns the findings of one catalog. Findings of a catalog that cannot be loaded
// stay, even if their rule is disabled.
func (f *lintFlags) lint(ctx context.Context, location string, platforms []lint.Platform) ([]catalog.Finding, error) {
	source, err := f.Load(ctx, location)
	var problems catalog.Errors
	if errors.As(err, &problems) {
		return problems, nil
	}
	if err != nil {
		return nil, err
	}
	found := lint.Run(source, platforms...)
	if f.group != nil {
		found = append(found, f.group.Lint(source)...)
	} else {
		found = append(found, f.providers.Lint(source)...)
	}
	return slices.DeleteFunc(sorted(found), func(finding catalog.Finding) bool {
		return slices.Contains(f.disabled, finding.Rule)
	}), nil
}

func (l *lintReport) add(location string, findings []catalog.Finding) {
	l.checked = append(l.checked, location)
	for i := range findings {
		findings[i].Fix = output.Named(l.tool.Name, findings[i].Fix)
		if findings[i].Severity == catalog.SeverityError {
			l.Errors++
		} else {
			l.Warnings++
		}
	}
	l.Findings = append(l.Findings, findings...)
}

// redactLocation returns a location without the password of a URL.
func redactLocation(location string) string {
	if !remote.IsURL(location) {
		return location
	}
	target, err := remote.CatalogURL(location)
	if err != nil {
		return "the URL"
	}
	return target.Redacted()
}

// summary returns the last line of the text.
func (l *lintReport) summary() string {
	where := strings.Join(l.checked, ", ")
	if len(l.checked) > 1 {
		where = fmt.Sprintf("%d catalogs", len(l.checked))
	}
	if len(l.Findings) == 0 {
		return where + ": ok"
	}
	return fmt.Sprintf("%s, %s in %s", plural(l.Errors, "error"), plural(l.Warnings, "warning"), where)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
