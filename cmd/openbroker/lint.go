package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
	"github.com/openbroker/openbroker/cmd/openbroker/output"
)

// lintFlags are those of openbroker lint.
type lintFlags struct {
	catalogFlags
	format    output.Flag
	reports   output.Reports
	platforms []string
	disabled  []string

	strict, rules bool
}

func newLint(stdout, stderr io.Writer) *cobra.Command {
	flags := &lintFlags{}
	command := &cobra.Command{
		Use:   "lint FILE|DIRECTORY|URL...",
		Short: "Check catalogs against the specification and the platforms",
		Long: `Check catalogs against the specification and the platforms: of YAML and JSON
files, of directories of them, and of running brokers, whose catalog is fetched
as platforms do. What is wrong is told with file, line and column; for a running
broker these are of its answer, indented.

The exit code is 0 if there are no errors, 1 if there are, and 2 if a catalog
cannot be read at all. A password is taken from a file or from the environment,
not from the command line, which others can see.`,
		Example: `  openbroker lint catalog.yaml
  openbroker lint --platform cloudfoundry,korifi --strict catalog/
  openbroker lint --at /spring/cloud/openservicebroker/catalog application.yml
  OPENBROKER_PASSWORD=... openbroker lint --username admin https://broker.example.com
  openbroker lint --report sarif=catalog.sarif catalog.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case flags.rules && len(args) > 0:
				return errors.New("--rules lists the rules, and takes no catalog")
			case !flags.rules && len(args) == 0:
				return errors.New("name a file, a directory or a URL")
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
	set.StringSliceVar(&flags.platforms, "platform", nil, "`PLATFORMS` that the catalog is for: "+platformNames(lint.Platforms())+" (default: what any of them refuses; cf is short for cloudfoundry)")
	set.StringSliceVar(&flags.disabled, "disable", nil, "`RULES` to leave out, by id")
	set.BoolVarP(&flags.strict, "strict", "W", false, "let warnings fail too")
	set.BoolVar(&flags.rules, "rules", false, "list the rules, instead of checking anything")
	flags.add(set)
	flags.addAt(set)
	return command
}

func platformNames(platforms []lint.Platform) string {
	names := make([]string, len(platforms))
	for i, platform := range platforms {
		names[i] = string(platform)
	}
	return strings.Join(names, ", ")
}

// A linted is what was found in all catalogs.
type linted struct {
	Findings []catalog.Finding `json:"findings"`
	Errors   int               `json:"errors"`
	Warnings int               `json:"warnings"`
	// Unread says why catalogs could not be read: nobody knows what is in them.
	Unread []string `json:"unread,omitempty"`
	// checked are the catalogs, as the user named them.
	checked []string
}

func (f *lintFlags) run(ctx context.Context, locations []string, stdout, stderr io.Writer) error {
	platforms, err := f.parse()
	if err != nil {
		return err
	}
	if f.rules {
		return asFailure(f.writeRules(stdout, platforms))
	}
	defer f.reports.Close()
	if err := f.reports.Open(); err != nil {
		return &failure{err: err, code: exitUsage}
	}
	found := &linted{Findings: []catalog.Finding{}}
	code := 0
	for _, location := range locations {
		findings, err := f.lint(ctx, location, platforms)
		if err != nil {
			complain(stderr, "openbroker: "+oneLine(err))
			found.Unread = append(found.Unread, oneLine(err))
			code = exitUsage
			continue
		}
		found.add(bareLocation(location), findings)
	}
	if code == 0 && (found.Errors > 0 || f.strict && found.Warnings > 0) {
		code = exitFailure
	}
	if err := errors.Join(found.write(stdout, f.format.Format), f.reports.Write(found.write)); err != nil {
		return asFailure(err)
	}
	if code != 0 {
		return &verdict{code}
	}
	return nil
}

// parse checks the values of flags.
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
		id = fullID(id)
		f.disabled[i] = id
		if !slices.ContainsFunc(lint.Rules(), func(r lint.Rule) bool { return r.ID == id }) {
			return nil, fmt.Errorf("unknown rule %q: openbroker lint --rules lists them", id)
		}
	}
	return platforms, nil
}

// lint returns what is found in one catalog. A rule that says why the catalog
// cannot be loaded cannot be disabled.
func (f *lintFlags) lint(ctx context.Context, location string, platforms []lint.Platform) ([]catalog.Finding, error) {
	source, err := f.load(ctx, location)
	var problems catalog.Errors
	if errors.As(err, &problems) {
		return problems, nil
	}
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(lint.Run(source, platforms...), func(finding catalog.Finding) bool {
		return slices.Contains(f.disabled, finding.Rule)
	}), nil
}

func (l *linted) add(location string, findings []catalog.Finding) {
	l.checked = append(l.checked, location)
	l.Findings = append(l.Findings, findings...)
	for i := range findings {
		if findings[i].Severity == catalog.SeverityError {
			l.Errors++
		} else {
			l.Warnings++
		}
	}
}

// bareLocation is a location without the password that a URL may have.
func bareLocation(location string) string {
	if !isURL(location) {
		return location
	}
	target, err := catalogURL(location)
	if err != nil {
		return "the URL"
	}
	return target.Redacted()
}

// summary is the last line.
func (l *linted) summary() string {
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
