package scaffold

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/provider"
)

// The languages.
const (
	goLanguage = "go"
	python     = "python"
	bash       = "bash"
)

// commandProvider is the definition that brokers in other languages than Go use.
const commandProvider = "command"

// flags are those of init.
type flags struct {
	language, replace, module string
	format                    output.Flag
}

// New returns the command init. stderr has the name of the program.
func New(providers *provider.Set, stdout io.Writer, stderr output.Messages) *cobra.Command {
	var f flags
	languages := []string{goLanguage}
	if _, found := providers.Definition(commandProvider); found {
		languages = append(languages, python, bash)
	}
	command := &cobra.Command{
		Use:   "init DIR",
		Short: "Write the files of a new broker, to begin with",
		Long: `Write the files of a new broker into a directory, which need not exist. Without a change
the broker runs, passes its test, and has no findings of lint.

In Go, it is a module with a provider, a program with every command, a test, a Makefile
and a Dockerfile.` + inOtherLanguages(languages) + `

The ids of services and plans are new ones. The name of the broker is derived from that
of the directory. A file that exists is an error: the command writes all files or none,
and replaces nothing.`,
		Example: `  openbroker init acme-broker --language go
  openbroker init acme-broker --language go --module example.com/acme/acme-broker --replace ~/openbroker`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) != 1 || args[0] == "":
				return errors.New("name one directory for the files: init DIR")
			case !utf8.ValidString(args[0]) || strings.ContainsFunc(args[0], unicode.IsControl):
				return errors.New("the name of the directory has control characters, or is not in UTF-8: choose another one")
			default:
				return nil
			}
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		PreRunE: func(command *cobra.Command, _ []string) error { return f.check(command, languages) },
	}
	command.RunE = exit.RunE(func(ctx context.Context, args []string) error {
		ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		defer stop()
		result, err := f.write(ctx, args[0], stderr.Program)
		if err != nil {
			return err
		}
		return result.Print(stdout, f.format.Format)
	})
	command.Flags().StringVar(&f.language, "language", "", "`LANGUAGE` of the provider: "+enumerate(languages))
	command.Flags().StringVar(&f.module, "module", "", "path of the Go `MODULE`; its last element is the name of the broker (default example.com/NAME)")
	command.Flags().StringVar(&f.replace, "replace", "", "`PATH` of a checkout of openbroker, which the Go module uses in place of a published version")
	f.format.Add(command, output.Text, output.JSON, output.YAML)
	_ = command.RegisterFlagCompletionFunc("replace", cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)) // It fails only for unknown flags.
	return command
}

func inOtherLanguages(languages []string) string {
	if len(languages) == 1 {
		return ""
	}
	return ` In Python or bash, it is a program that the provider
command runs for each operation, with its configuration and a test.`
}

// enumerate returns "a, b or c".
func enumerate(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func (f *flags) check(command *cobra.Command, languages []string) error {
	for _, name := range []string{"language", "module", "replace"} {
		if flag := command.Flags().Lookup(name); flag.Changed && flag.Value.String() == "" {
			return fmt.Errorf("--%s is empty", name)
		}
	}
	switch {
	case f.language == "":
		return errors.New("--language is missing: choose " + enumerate(languages))
	case !slices.Contains(languages, f.language) && slices.Contains([]string{python, bash}, f.language):
		return fmt.Errorf("--language %s needs the provider %q: add the definition of %s/provider/command to the program", f.language, commandProvider, openbrokerPath)
	case !slices.Contains(languages, f.language):
		return fmt.Errorf("--language %q is unknown: choose %s", f.language, enumerate(languages))
	case f.module != "" && f.language != goLanguage:
		return errors.New("--module is for --language go")
	}
	if f.module == "" {
		return nil
	}
	taken, err := paths(f.language)
	if err == nil {
		_, err = nameOfModule(f.module, topLevel(taken))
	}
	if err != nil {
		return fmt.Errorf("--module %s: %w", f.module, err)
	}
	return nil
}

// topLevel returns the first elements of paths, in lower case.
func topLevel(paths []string) []string {
	first := make([]string, len(paths))
	for i, p := range paths {
		p, _, _ = strings.Cut(p, "/")
		first[i] = strings.ToLower(p)
	}
	return first
}

// write writes the broker.
func (f *flags) write(ctx context.Context, directory, program string) (output.Result, error) {
	absolute, err := filepath.Abs(directory)
	if err != nil {
		return output.Result{}, err
	}
	taken, err := paths(f.language)
	if err != nil {
		return output.Result{}, err
	}
	b := broker{language: f.language, program: program, name: nameFor(filepath.Base(absolute), topLevel(taken))}
	if f.language == goLanguage {
		b.module = "example.com/" + b.name
	}
	if f.module != "" {
		b.module = f.module
		if b.name, err = nameOfModule(f.module, topLevel(taken)); err != nil {
			return output.Result{}, err
		}
	}
	b.service = serviceFor(b.name)
	files, err := b.files()
	if err != nil {
		return output.Result{}, err
	}
	if f.language == goLanguage {
		origin, err := findOrigin(ctx, f.replace)
		if err != nil {
			return output.Result{}, err
		}
		more, err := origin.moduleFiles(b.module)
		if err != nil {
			return output.Result{}, err
		}
		files = append(more, files...)
	}
	if err := write(ctx, absolute, files); err != nil {
		return output.Result{}, err
	}
	return b.result(directory, files), nil
}
