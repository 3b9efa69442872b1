package providers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/app/internal/setup"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/internal/tree"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/server/config"
)

// testFlags are the flags of the command provider test.
type testFlags struct {
	format         output.Flag
	names          []string
	services       []string
	plans          []string
	parameters     string
	bindParameters string
	steps          []string
	timeout        time.Duration
	interruptions  int
	verbose        bool

	set    *provider.Set
	stdout io.Writer
	stderr output.Messages
}

func newTest(set *provider.Set, stdout io.Writer, stderr output.Messages) *cobra.Command {
	f := &testFlags{set: set, stdout: stdout, stderr: stderr}
	command := &cobra.Command{
		Use:   "test FILE",
		Short: "Run the program or webhook of a provider through its life cycle, and say what it does wrong",
		Long: `Run the program or webhook of each provider in a configuration file through its life
cycle: create, bind, update, delete. Each call is repeated, interrupted in the middle as
by a crash, and cancelled; what was never made is deleted. Answers are checked against
the schema that "openbroker provider schema" prints.

No broker runs, and no store is opened, but the provider does its work: use the settings
of a service for tests. The command deletes what it made.

The exit code is 0 if nothing is wrong, 1 if something is, and 2 if the configuration
cannot be used. A signal ends the test: the command deletes what it made, and exits with
128 plus the number of the signal.`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error { return f.run(command.Context(), args[0]) },
	}
	f.format.Add(command, output.Text, output.JSON, output.YAML)
	flags := command.Flags()
	flags.StringSliceVar(&f.names, "provider", nil, "test only the provider with this `NAME` in the configuration (repeatable; default all in other languages)")
	flags.StringSliceVar(&f.services, "service", nil, "test only this `SERVICE`, by name or id (repeatable)")
	flags.StringSliceVar(&f.plans, "plan", nil, "test this `PLAN`, by name or id (repeatable; default the first of each service)")
	flags.StringVar(&f.parameters, "parameters", "", "`FILE` in YAML or JSON with the parameters of instances")
	flags.StringVar(&f.bindParameters, "bind-parameters", "", "`FILE` in YAML or JSON with the parameters of bindings")
	flags.StringSliceVar(&f.steps, "step", nil, "take only this `STEP`, besides provision and deprovision (repeatable)")
	flags.DurationVar(&f.timeout, "timeout", time.Minute, "time limit of each call")
	flags.IntVar(&f.interruptions, "interruptions", 3, "how often each operation is interrupted, at different moments") //nolint:mnd // Begin, middle and end.
	flags.BoolVar(&f.verbose, "verbose", false, "show also what passed steps write to the log")
	return command
}

func (f *testFlags) run(ctx context.Context, file string) error {
	if f.timeout <= 0 || f.interruptions < 0 {
		return errors.New("--timeout must be positive, and --interruptions not negative")
	}
	r := &report{File: file, Steps: []step{}, flags: f}
	interrupted, err := f.test(ctx, file, r)
	if err != nil {
		exit.Report(f.stderr, err)
		return &exit.SilentError{Code: exit.Misuse}
	}
	if err := r.end(); err != nil {
		return exit.AsFailure(err)
	}
	switch {
	case interrupted != 0:
		return &exit.SilentError{Code: interrupted}
	case r.Failed > 0:
		return &exit.SilentError{Code: exit.Failed}
	}
	return nil
}

// test tests the providers of a file. The error says that it could not be begun;
// interrupted is the exit code after a signal, or 0.
func (f *testFlags) test(ctx context.Context, file string, r *report) (interrupted int, err error) {
	settings, err := config.Load(file, f.set)
	if err != nil {
		return 0, err
	}
	if err := settings.CheckFiles(); err != nil {
		return 0, err
	}
	c, _, err := setup.Prepare(settings, func(found catalog.Finding) { f.stderr.Lines(found.Text()) })
	if err != nil {
		return 0, err
	}
	run := provider.TestRun{Steps: f.steps, Timeout: f.timeout, Interruptions: f.interruptions}
	if run.Parameters, err = readObject(f.parameters); err != nil {
		return 0, err
	}
	if run.BindParameters, err = readObject(f.bindParameters); err != nil {
		return 0, err
	}
	// The test is not the broker, which may run.
	data, err := os.MkdirTemp("", "openbroker-provider-test-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(data) }() // Only locks are there.
	settings.Data = config.Path(data)
	running, err := setup.StartProviders(ctx, settings, slog.New(slog.DiscardHandler))
	if err != nil {
		return 0, err
	}
	defer func() { _ = running.Close() }() // The report is complete.
	runs, err := f.choose(running, c)
	if err != nil {
		return 0, err
	}
	ctx, stop := exit.Interruptible(ctx, nil)
	defer stop()
	for _, chosen := range runs {
		run.Service, run.Plan, run.NewPlan = chosen.service, chosen.plan, chosen.newPlan
		r.begin(chosen)
		run.Report = r.add
		if err := running.Test(ctx, chosen.provider, run); err != nil {
			if code := exit.SignalCode(ctx); code != 0 {
				return code, nil
			}
			return 0, err
		}
	}
	return 0, nil
}

// A choice is a plan to test.
type choice struct {
	provider      string
	service       *openbroker.Service
	plan, newPlan *openbroker.Plan
}

// choose returns the plans to test.
func (f *testFlags) choose(running *provider.Dispatcher, c *openbroker.Catalog) ([]choice, error) {
	names := running.Testers()
	if len(names) == 0 {
		return nil, errors.New("no provider of the configuration is a program or a webhook: providers in Go have tests of their own")
	}
	for _, name := range f.names {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("--provider %s: the configuration has no such provider that can be tested: it has %s", name, strings.Join(names, ", "))
		}
	}
	var choices []choice
	for i := range c.Services {
		service := &c.Services[i]
		name, err := running.ProviderFor(service)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(names, name) || len(f.names) > 0 && !slices.Contains(f.names, name) || !selected(f.services, service.ID, service.Name) {
			continue
		}
		for j := range service.Plans {
			plan := &service.Plans[j]
			if selected(f.plans, plan.ID, plan.Name) {
				choices = append(choices, choice{name, service, plan, other(service, plan)})
				if len(f.plans) == 0 {
					break
				}
			}
		}
	}
	if len(choices) == 0 {
		return nil, errors.New("the catalog has no plan to test: see --provider, --service and --plan")
	}
	return choices, nil
}

func selected(wanted []string, id, name string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, id) || slices.Contains(wanted, name)
}

// other returns another plan that an instance can move to, or nil.
func other(service *openbroker.Service, plan *openbroker.Plan) *openbroker.Plan {
	if !service.PlanChangeAllowed(plan) {
		return nil
	}
	for i := range service.Plans {
		if service.Plans[i].ID != plan.ID {
			return &service.Plans[i]
		}
	}
	return nil
}

// readObject reads the parameters in a file; without one, there are none.
func readObject(path string) (openbroker.Parameters, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path) //nolint:gosec // G304: the user names the file.
	if err != nil {
		return nil, err
	}
	node, err := tree.Parse(path, data)
	var fault *tree.Error
	switch {
	case errors.As(err, &fault):
		return nil, fmt.Errorf("%s:%d:%d: %w", path, fault.Line, fault.Column, err)
	case err != nil:
		return nil, err
	case !node.Is(tree.Object):
		return nil, fmt.Errorf("%s: the parameters must be an object", path)
	}
	return openbroker.Parameters(node.JSON()), nil
}
