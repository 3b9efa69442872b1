package check

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/conformance"
)

// New returns the command check. tool is what reports name as their author.
func New(tool string, stdout io.Writer, stderr output.Messages) *cobra.Command {
	f := &checkSettings{}
	f.options.Tool = tool
	command := &cobra.Command{
		Use:   "check URL",
		Short: "Check whether a running broker follows the specification",
		Long: `Check whether the broker at a URL follows the Open Service Broker API ` + conformance.SpecVersion + `. The broker may
be written in any language. Do not use a broker in production: the run creates, updates
and deletes instances and bindings of each plan, and sends malformed requests. It
touches nothing that it did not create, and deletes everything that it created.

The exit code is 0 if all MUSTs hold and nothing is left over, 1 if not, and 2 if the
broker cannot be reached, refuses the credentials, or the command is misused. A signal
ends the run: it deletes what it has created, reports the results so far, and exits with
128 plus the number of the signal. A second signal ends it immediately.`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case f.list && len(args) > 0:
				return errors.New("--list takes no URL")
			case !f.list && len(args) != 1:
				return errors.New("the command takes one argument, the URL of the broker")
			}
			return nil
		},
		PreRunE: func(command *cobra.Command, _ []string) error { return f.check(command.Flags()) },
		RunE: func(command *cobra.Command, args []string) error {
			if f.list {
				return exit.AsFailure(listChecks(stdout, f.format.Format, f.selected))
			}
			return runCheck(command.Context(), f, args[0], stdout, stderr)
		},
	}
	f.register(command)
	return command
}

// runCheck checks a broker and writes the reports.
func runCheck(ctx context.Context, f *checkSettings, location string, stdout io.Writer, stderr output.Messages) error {
	c, err := f.Connect(location)
	if err != nil {
		return err
	}
	if f.options.Parameters, err = readParameters(f.parameters); err != nil {
		return abort(stderr, err)
	}
	if f.options.Waivers, err = readWaivers(f.waivers); err != nil {
		return abort(stderr, err)
	}
	defer f.reports.Close()
	if err := f.reports.Open(); err != nil {
		return abort(stderr, err)
	}

	shown := newProgress(stderr, f.verbose, len(f.selected))
	ctx, stop := exit.Interruptible(ctx, shown.interrupt)
	defer stop()
	shown.begin(c.URL)
	logsIn := c.LogsIn()
	if c.RequiresCertificate(ctx, f.options.RequestTimeout) {
		c.Anonymous = nil // TLS authenticates, which the specification leaves open.
	}
	f.options.OnResult = shown.result
	report, err := conformance.Run(ctx, conformance.Target{
		URL: c.URL, Username: c.Username, Password: c.Password, Bearer: c.Bearer, Client: c.Client, AnonymousClient: c.Anonymous,
	}, f.options)
	shown.end()
	if report != nil {
		if err := f.write(stdout, report); err != nil {
			return abort(stderr, err)
		}
		if f.format.Format != output.Text { // The text ends with the verdict.
			stderr.Complain("%s", report.Verdict())
		}
	}
	switch code := exit.SignalCode(ctx); {
	case code != 0:
		return &exit.SilentError{Code: code}
	case report == nil && errors.Is(err, conformance.ErrUnauthorized) && !logsIn:
		return abort(stderr, fmt.Errorf("the broker at %s requires credentials: use --username with --password-file, --bearer-file, or --client-cert", c.URL))
	case report == nil:
		return abort(stderr, err)
	case report.Conforms():
		return nil
	case report.Counts().Conclusive() == 0:
		return &exit.SilentError{Code: exit.Misuse}
	default:
		return &exit.SilentError{Code: exit.Failed}
	}
}

// abort prints why a run has no result.
func abort(stderr output.Messages, err error) error {
	exit.Report(stderr, err)
	return &exit.SilentError{Code: exit.Misuse}
}
