package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/internal/spelling"
)

// refine adds to each command an example, completion, and errors that propose the
// nearest name and hide passwords. It puts the name of the program into the texts.
func refine(command *cobra.Command) {
	name := command.Root().Name()
	if command.Example == "" {
		command.Example = indent(examples["openbroker"+strings.TrimPrefix(command.CommandPath(), name)])
	}
	for _, text := range []*string{&command.Short, &command.Long, &command.Example} {
		*text = output.Named(name, *text)
	}
	command.LocalFlags().VisitAll(func(flag *pflag.Flag) { flag.Usage = output.Named(name, flag.Usage) })
	completeFlags(command)
	accepts := command.Args
	switch {
	case command.Name() == "help" && command.Parent() == command.Root():
		accepts = onlyCommands
	case accepts == nil && !command.HasSubCommands():
		accepts = cobra.ArbitraryArgs
	case command.HasSubCommands() && (accepts == nil || accepts(command, []string{"x"}) != nil && accepts(command, []string{"x", "x"}) != nil):
		accepts = onlySubcommands
	}
	if !command.HasSubCommands() && command.ValidArgsFunction == nil && len(command.ValidArgs) == 0 && accepts(command, []string{"x"}) != nil {
		command.ValidArgsFunction = cobra.NoFileCompletions
	}
	command.Args = func(command *cobra.Command, args []string) error { return mask(accepts(command, args), args) }
	for _, sub := range command.Commands() {
		refine(sub)
	}
}

// onlyCommands refuses arguments of help that are not the path of a command.
func onlyCommands(help *cobra.Command, args []string) error {
	command := help.Root()
	for i, arg := range args {
		next := slices.IndexFunc(command.Commands(), func(sub *cobra.Command) bool { return sub.Name() == arg || sub.HasAlias(arg) })
		if next < 0 {
			return onlySubcommands(command, args[i:])
		}
		command = command.Commands()[next]
	}
	return nil
}

// onlySubcommands refuses an argument that is not a subcommand.
func onlySubcommands(command *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown command %q for %q", args[0], command.CommandPath())
	var names []string
	for _, sub := range command.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	if near := spelling.Nearest(args[0], names); near != "" {
		text += fmt.Sprintf(" (did you mean %q?)", near)
	}
	return errors.New(text)
}

// mask replaces arguments in an error if they may be URLs with passwords.
func mask(err error, args []string) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, arg := range args {
		if strings.Contains(arg, "@") || strings.Contains(arg, "://") {
			text = strings.ReplaceAll(text, fmt.Sprintf("%q", arg), "(a URL)")
		}
	}
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}

// indent indents an example, as the help of cobra does not.
func indent(text string) string {
	if text == "" {
		return ""
	}
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}
