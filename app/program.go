package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/provider"
)

// A Program is a binary with all commands: its name, and the providers that its brokers
// can have.
type Program struct {
	// Name is the name of the binary: lower-case letters, digits, ".", "_" and "-",
	// beginning with a letter or a digit. The help, the messages, the manual pages and
	// the completion scripts use it. Required.
	Name string
	// Version is what the command version prints, such as 1.4.0. Empty selects the
	// version of the main module.
	Version string
	// Providers are the definitions that a configuration can name; at least one. The
	// first one is that of a broker without configuration.
	Providers []provider.Definition
}

var programName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

// Main runs the command of the process: its arguments, its streams. It ends the process
// with the exit code of the command, so it does not return.
func Main(p Program) {
	if code, ran := provider.RunHelper(p.Providers, os.Args[1:]); ran {
		os.Exit(code)
	}
	self := "/proc/self/exe" // The running program, even if the file was replaced.
	if _, err := os.Stat(self); err != nil {
		self, _ = os.Executable() // Without a path there are no helpers.
	}
	os.Exit(start(context.Background(), p, self, os.Args[1:], output.Streams{In: os.Stdin, Out: os.Stdout, Err: output.Messages{Writer: os.Stderr, Program: p.Name}}))
}

// Run runs the command with the arguments args, without the name of the program, and
// returns its exit code: 0, or another one that docs/cli.md or the help of the command
// explains. It is 1 if the program itself is wrong, such as two providers of one name.
// When ctx ends, serve and simulate shut down gracefully, and other commands stop.
//
// Run reads the environment variables of the process, and serve, simulate and check
// handle its signals. A client command that a signal interrupts ends the process.
func Run(ctx context.Context, p Program, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return start(ctx, p, "", args, output.Streams{In: stdin, Out: stdout, Err: output.Messages{Writer: stderr, Program: p.Name}})
}

// start is Run for a program with a path, or without one, which excludes helpers.
func start(ctx context.Context, p Program, self string, args []string, streams output.Streams) int {
	if !programName.MatchString(p.Name) {
		streams.Err.Program = "app"
		streams.Err.Complain(`the name of the program, %q, must be lower-case letters, digits, ".", "_" and "-", and begin with a letter or a digit`, p.Name)
		return exit.Failed
	}
	providers, err := provider.NewSet(p.Providers...)
	if err != nil {
		// The catalog findings in it have several lines, as the output of lint.
		streams.Err.Complain("%s", exit.WithoutPackages(err.Error()))
		return exit.Failed
	}
	return run(ctx, p, providers.WithHelpers(self), args, streams)
}

// version returns the program and its build as one line.
func (p Program) version() string {
	b := p.build()
	line := p.Name
	if b.Version == "" {
		return line + " (unknown version)"
	}
	for _, part := range []string{b.Version, b.Commit, b.Go} {
		if part != "" {
			line = fmt.Sprintf("%s %s", line, part)
		}
	}
	return line
}

// build returns the build with the version of the program.
func (p Program) build() build {
	b := readBuild()
	if p.Version != "" {
		b.Version = p.Version
	}
	return b
}
