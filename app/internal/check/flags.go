package check

import (
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/app/internal/remote"
	"github.com/openbroker/openbroker/conformance"
	"github.com/openbroker/openbroker/internal/spelling"
)

// checkSettings are the flags of openbroker check, and what they select.
type checkSettings struct {
	remote.ConnectionFlags
	options                conformance.Options
	level                  string
	profiles               []string
	parameters, waivers    string
	format                 output.Flag
	reports                output.Reports
	list, verbose, noColor bool
	// selected are the checks that the flags select.
	selected []conformance.Check
}

func (f *checkSettings) register(command *cobra.Command) {
	set := command.Flags()
	set.SortFlags = false
	f.Add(set)
	set.StringSliceVar(&f.options.Services, "service", nil, "check only plans of this `SERVICE`, by name or id (repeatable)")
	set.StringSliceVar(&f.options.Plans, "plan", nil, "check only this `PLAN`, by name or id (repeatable)")
	set.BoolVar(&f.options.AllPlans, "all-plans", false, "check every plan of a large catalog (default one of each shape)")
	set.StringVar(&f.parameters, "parameters", "", "`FILE` in YAML or JSON with parameters by plan, in place of generated ones")
	set.StringVar(&f.options.Organization, "organization", "", "`ID` of an organization that the broker knows (default a generated one)")
	set.StringVar(&f.options.Space, "space", "", "`ID` of a space that the broker knows (default a generated one)")
	set.StringSliceVar(&f.options.Only, "only", nil, "run only checks whose id matches this `PATTERN`, such as 'bind-*' (repeatable)")
	set.StringSliceVar(&f.options.Skip, "skip", nil, "skip checks whose id matches this `PATTERN` (repeatable)")
	set.StringVar(&f.level, "level", "may", "the weakest `LEVEL` to check: must, should or may")
	set.StringSliceVar(&f.profiles, "profile", nil, "check also what a `PLATFORM` requires: cloudfoundry, korifi, kubernetes or sm (repeatable; cf is short for cloudfoundry)")
	set.StringVar(&f.waivers, "waive", "", "`FILE` in YAML or JSON with waivers of known faults: a list of id, reason and until")
	set.BoolVar(&f.list, "list", false, "list the selected checks, and send nothing")
	f.format.Add(command, output.Text, output.JSON, output.YAML, output.JUnit, output.Markdown, output.HTML)
	f.reports.Add(command, &f.format)
	set.IntVar(&f.options.Parallel, "parallel", 0, "number of life cycles that run at the same time (default 8)")
	set.DurationVar(&f.options.RequestTimeout, "timeout", time.Minute, "time limit of a request")
	set.DurationVar(&f.options.OperationTimeout, "operation-timeout", 30*time.Minute, "time limit of an asynchronous operation")
	set.DurationVar(&f.options.PollInterval, "poll-interval", time.Second, "pause between polls if the broker sends no Retry-After")
	set.DurationVar(&f.options.MaxPollInterval, "max-poll-interval", 10*time.Second, "longest pause between polls, also if Retry-After is longer")
	set.DurationVar(&f.options.CleanupTimeout, "cleanup-timeout", 5*time.Minute, "time limit for deleting what the run has created")
	set.BoolVar(&f.verbose, "verbose", false, "print the result of each check to the standard error; list passed checks in the text report")
	set.BoolVar(&f.noColor, "no-color", false, "do not use colours on a terminal (also $NO_COLOR)")
}

// check validates and evaluates the flags.
func (f *checkSettings) check(set *pflag.FlagSet) (err error) {
	set.Visit(func(flag *pflag.Flag) {
		value := flag.Value.String()
		if value == "" || value == "[]" {
			err = fmt.Errorf("--%s is empty", flag.Name)
		}
		if d, isDuration := flagDuration(set, flag); isDuration && d <= 0 {
			err = fmt.Errorf("--%s must be a positive duration, such as 30s", flag.Name)
		}
	})
	if err != nil {
		return err
	}
	if set.Changed("parallel") && f.options.Parallel < 1 {
		return fmt.Errorf("--parallel %d must be at least 1", f.options.Parallel)
	}
	if f.options.Level, err = conformance.ParseLevel(f.level); err != nil {
		return fmt.Errorf("--level: %w", err)
	}
	for _, name := range f.profiles {
		profile, err := conformance.ParseProfile(name)
		if err != nil {
			return fmt.Errorf("--profile: %w", err)
		}
		if profile != "" && !slices.Contains(f.options.Profiles, profile) {
			f.options.Profiles = append(f.options.Profiles, profile)
		}
	}
	if f.list && (f.reports.String() != "" || !slices.Contains([]output.Format{output.Text, output.JSON, output.YAML}, f.format.Format)) {
		return fmt.Errorf("--list prints text, json or yaml on the standard output, and no report")
	}
	return f.choose()
}

func flagDuration(set *pflag.FlagSet, flag *pflag.Flag) (time.Duration, bool) {
	d, err := set.GetDuration(flag.Name)
	return d, err == nil
}

// choose selects the checks. A pattern without a match is an error: a misspelled check
// must not look as if it had passed.
func (f *checkSettings) choose() error {
	all := conformance.Checks()
	for flag, patterns := range map[string][]string{"only": f.options.Only, "skip": f.options.Skip} {
		for i, pattern := range patterns {
			patterns[i] = spelling.FullID(pattern)
			pattern = patterns[i]
			if _, err := path.Match(pattern, ""); err != nil {
				return fmt.Errorf("--%s %q is not a pattern, such as 'bind-*'", flag, pattern)
			}
			if !slices.ContainsFunc(all, func(c conformance.Check) bool { return matches([]string{pattern}, c.ID) }) {
				return fmt.Errorf("--%s %q matches no check: openbroker check --list lists them", flag, pattern)
			}
		}
	}
	for _, check := range all {
		if check.Level >= f.options.Level && (check.Profile == "" || slices.Contains(f.options.Profiles, check.Profile)) &&
			(len(f.options.Only) == 0 || matches(f.options.Only, check.ID)) && !matches(f.options.Skip, check.ID) {
			f.selected = append(f.selected, check)
		}
	}
	if len(f.selected) == 0 {
		return fmt.Errorf("--only, --skip, --level and --profile leave no check")
	}
	return nil
}

func matches(patterns []string, id string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		matched, err := path.Match(pattern, id)
		return matched && err == nil
	})
}
