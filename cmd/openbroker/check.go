package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/cmd/openbroker/output"
	"github.com/openbroker/openbroker/conformance"
)

func newCheck(stdout, stderr io.Writer) *cobra.Command {
	f := &checkSettings{}
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
				return asFailure(listChecks(stdout, f.format.Format, f.selected))
			}
			return runCheck(command.Context(), f, args[0], stdout, stderr)
		},
	}
	f.register(command)
	return command
}

// runCheck checks a broker and writes the reports.
func runCheck(ctx context.Context, f *checkSettings, location string, stdout, stderr io.Writer) error {
	c, err := f.connect(location)
	if err != nil {
		return err
	}
	if f.options.Parameters, err = readParameters(f.parameters); err != nil {
		return abort(stderr, err)
	}
	if f.options.Waivers, err = readWaivers(f.waivers); err != nil {
		return abort(stderr, err)
	}
	f.options.Tool = version()
	defer f.reports.Close()
	if err := f.reports.Open(); err != nil {
		return abort(stderr, err)
	}

	shown := newProgress(stderr, f.verbose, len(f.selected))
	ctx, stop := interruptible(ctx, shown)
	defer stop()
	shown.begin(c.url)
	logsIn := c.logsIn()
	if c.requiresCertificate(ctx, f.options.RequestTimeout) {
		c.anonymous = nil // TLS authenticates, which the specification leaves open.
	}
	f.options.OnResult = shown.result
	report, err := conformance.Run(ctx, conformance.Target{
		URL: c.url, Username: c.username, Password: c.password, Bearer: c.bearer, Client: c.client, AnonymousClient: c.anonymous,
	}, f.options)
	shown.end()
	if report != nil {
		if err := f.write(stdout, report); err != nil {
			return abort(stderr, err)
		}
		if f.format.Format != output.Text { // The text ends with the verdict.
			complain(stderr, "openbroker: "+report.Verdict())
		}
	}
	switch code := signalExitCode(ctx); {
	case code != 0:
		return &verdict{code}
	case report == nil && errors.Is(err, conformance.ErrUnauthorized) && !logsIn:
		return abort(stderr, fmt.Errorf("the broker at %s requires credentials: use --username with --password-file, --bearer-file, or --client-cert", c.url))
	case report == nil:
		return abort(stderr, err)
	case report.Conforms():
		return nil
	case report.Counts().Conclusive() == 0:
		return &verdict{exitUsage}
	default:
		return &verdict{exitFailure}
	}
}

// abort prints why a run has no result.
func abort(stderr io.Writer, err error) error {
	complain(stderr, describe(err))
	return &verdict{exitUsage}
}
