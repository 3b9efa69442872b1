package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/cmd/openbroker/output"
	"github.com/openbroker/openbroker/cmd/openbroker/platform"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/sqlitefile"
	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/server/config"
)

// Exit codes.
const (
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	providers, err := provider.NewSet(
		sqlitefile.Definition,
	)
	if err != nil {
		complain(os.Stderr, "openbroker: "+err.Error())
		os.Exit(exitFailure)
	}
	os.Exit(run(context.Background(), providers, os.Args[1:], os.Stdout, os.Stderr))
}

// run runs the command and returns its exit code.
func run(ctx context.Context, providers *provider.Set, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:           "openbroker",
		Short:         "Run service brokers of the Open Service Broker API",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(explainFlag)
	root.AddCommand(newServe(providers, stdout, stderr), newSimulate(stdout, stderr), newAdmin(providers, stdout, stderr), newKeyset(providers, stdout, stderr), newConfig(providers, stdout, stderr)) //nolint:contextcheck // Commands get it from cobra.
	root.AddCommand(newLint(providers, stdout, stderr), newCheck(stdout, stderr), newDiff(providers, stdout), newDocs(stdout), newVersion(stdout))                                                     //nolint:contextcheck // Likewise.
	root.AddCommand(newMan())                                                                                                                                                                          //nolint:contextcheck // Likewise.
	root.AddCommand(platform.Commands(output.Streams{In: os.Stdin, Out: stdout, Err: stderr})...)                                                                                                      //nolint:contextcheck // Likewise.
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(args...)
	refine(root)
	command, err := root.ExecuteContextC(ctx)
	var failed *failure
	var judged *verdict
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
	case errors.As(err, &judged):
		return judged.code
	case errors.As(err, &failed):
		complain(stderr, describe(failed.err))
		return max(failed.code, exitFailure)
	default:
		complain(stderr, fmt.Sprintf("openbroker: %s; see %s --help", oneLine(err), command.CommandPath()))
		return exitUsage
	}
}

// A failure is an error of the work of a command. Any other error is a misuse of the
// command.
type failure struct {
	err error
	// code is the exit code, exitFailure by default.
	code int
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// asFailure marks an error as one of the work.
func asFailure(err error) error {
	if err == nil {
		return nil
	}
	return &failure{err: err}
}

// A verdict is the exit code of a command that has already printed its messages.
type verdict struct{ code int }

func (v *verdict) Error() string { return fmt.Sprintf("exit code %d", v.code) }

// runE returns the RunE of a command whose errors are failures.
func runE(work func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error {
		if err := work(command.Context(), args); err != nil {
			return &failure{err: err}
		}
		return nil
	}
}

// describe returns the message for a failure: one line, or the list of problems of a
// configuration file or a catalog.
func describe(err error) string {
	var problems config.Errors
	var findings catalog.Errors
	switch {
	case errors.As(err, &problems):
		return problems.Error()
	case errors.As(err, &findings):
		return findings.Error()
	default:
		return "openbroker: " + withoutPackages(oneLine(err)) + keysetHint(err)
	}
}

// packages matches names of packages in front of an error. They mean nothing to the
// user of a command.
var packages = regexp.MustCompile(`(^|: |; )(?:archive|auth|durable|pgstore|provider|router|seal|server|simulator|sqlitestore|storetest): `)

func withoutPackages(text string) string {
	for packages.MatchString(text) { // One match ends where the next begins.
		text = packages.ReplaceAllString(text, "$1")
	}
	return text
}

// keysetHint names the command that helps with an error about a key.
func keysetHint(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist) && strings.Contains(err.Error(), "keyset file"):
		return "; openbroker serve creates one for a new store; --keyset and encryption.keyset_file name another"
	case errors.Is(err, seal.ErrKeyStatus), errors.Is(err, seal.ErrUnknownKey):
		return "; openbroker keyset list shows the keys; openbroker keyset enable and promote change their status"
	case errors.Is(err, seal.ErrWrongKeyset), errors.Is(err, seal.ErrOpen):
		return "; openbroker keyset list --keyset FILE shows the keys of a keyset; openbroker keyset enable enables a disabled one"
	default:
		return ""
	}
}

// complain writes a message. A write error is ignored, because no other stream is left.
func complain(stderr io.Writer, text string) { _, _ = fmt.Fprintln(stderr, text) }

func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' || r == '\t' }), " ")
}
