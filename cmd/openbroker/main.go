// The command openbroker runs service brokers of the Open Service Broker API. It
// owns flags, environment variables, exit codes and the choice of stores and
// providers; what it puts together is documented in docs/serve.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/cmd/openbroker/platform"
	"github.com/openbroker/openbroker/server/config"
)

// Exit codes.
const (
	exitFailure = 1
	exitUsage   = 2
)

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) }

// run runs the command and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:           "openbroker",
		Short:         "Run service brokers of the Open Service Broker API",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(newServe(stdout, stderr), newSimulate(stdout, stderr), newAdmin(stdout, stderr), newKeyset(stdout), newConfig(stdout, stderr)) //nolint:contextcheck // Commands get it from cobra.
	root.AddCommand(newLint(stdout, stderr), newCheck(stdout, stderr), newDiff(stdout), newDocs(stdout), newVersion(stdout))                       //nolint:contextcheck // Likewise.
	root.AddCommand(newMan())
	root.AddCommand(platform.Commands(platform.Streams{In: os.Stdin, Out: stdout, Err: stderr})...) //nolint:contextcheck // Likewise.
	command, err := root.ExecuteContextC(ctx)
	var failed *failure
	var told *verdict
	var asPlatform *platform.Error
	var interrupted *platform.Interrupted
	switch {
	case err == nil:
		return 0
	case errors.As(err, &interrupted):
		platform.Complain(stderr, interrupted)
		return interrupted.Die()
	case errors.As(err, &asPlatform):
		platform.Complain(stderr, asPlatform)
		return asPlatform.Code
	case errors.As(err, &told):
		return told.code
	case errors.As(err, &failed):
		complain(stderr, describe(failed.err))
		return max(failed.code, exitFailure)
	default:
		complain(stderr, fmt.Sprintf("openbroker: %s; see %s --help", oneLine(err), command.CommandPath()))
		return exitUsage
	}
}

// A failure is an error of what a command does. Any other error is one of how it
// was called.
type failure struct {
	err error
	// code is the exit code, exitFailure by default.
	code int
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// asFailure makes an error one of what a command does.
func asFailure(err error) error {
	if err == nil {
		return nil
	}
	return &failure{err: err}
}

// A verdict is the exit code of a command that has said what there is to say.
type verdict struct{ code int }

func (v *verdict) Error() string { return fmt.Sprintf("exit code %d", v.code) }

// does makes the RunE of a command.
func does(work func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error {
		if err := work(command.Context(), args); err != nil {
			return &failure{err: err}
		}
		return nil
	}
}

// describe is what the user sees of a failure: one line, or, for a configuration
// file or a catalog, what is wrong with it.
func describe(err error) string {
	var problems config.Errors
	var findings catalog.Errors
	switch {
	case errors.As(err, &problems):
		return problems.Error()
	case errors.As(err, &findings):
		return findings.Error()
	default:
		return "openbroker: " + oneLine(err)
	}
}

// complain writes what cannot be told any other way.
func complain(stderr io.Writer, text string) { _, _ = fmt.Fprintln(stderr, text) }

func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' || r == '\t' }), " ")
}
