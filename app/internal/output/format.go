package output

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// A Format is the form of a result.
type Format string

// The formats. Each command offers those that suit it.
const (
	// Text is for people.
	Text Format = "text"
	// JSON is one document. For a List it is one object a line.
	JSON Format = "json"
	// YAML has the members of JSON.
	YAML Format = "yaml"
	// Name is the name or id alone, one a line, as an argument for the next command.
	Name Format = "name"
	// CSV is for spreadsheets.
	CSV Format = "csv"
	// SARIF is what code scanning reads.
	SARIF Format = "sarif"
	// JUnit is what CI servers read.
	JUnit Format = "junit"
	// Markdown is for issues, pull requests and job summaries.
	Markdown Format = "markdown"
	// HTML is one page without references to other files.
	HTML Format = "html"
)

// A Flag is -o, --output of one command. It is a pflag.Value that refuses formats
// that the command does not offer.
type Flag struct {
	Format

	offered []Format
	// reports means that the command has --report, too.
	reports bool
}

// Add registers the flag with the formats of a command. The first is the default.
func (f *Flag) Add(command *cobra.Command, formats ...Format) {
	f.Format, f.offered = formats[0], formats
	command.Flags().VarP(f, "output", "o", "print the result as `FORMAT`: "+enumerate(formats))
	names := make([]cobra.Completion, len(formats))
	for i, format := range formats {
		names[i] = string(format)
	}
	_ = command.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)) // It fails only for unknown flags.
}

// Set chooses a format.
func (f *Flag) Set(name string) error {
	format, err := choose(f.offered, name)
	if err != nil {
		if f.reports && strings.ContainsAny(name, "./") {
			return fmt.Errorf("%w; to write a file, use --report FORMAT=FILE", err)
		}
		return err
	}
	f.Format = format
	return nil
}

// String returns the chosen format.
func (f *Flag) String() string { return string(f.Format) }

// Type names what the flag takes.
func (f *Flag) Type() string { return "format" }

func choose(offered []Format, name string) (Format, error) {
	for _, format := range offered {
		if string(format) == name {
			return format, nil
		}
	}
	return "", errors.New("must be " + enumerate(offered))
}

// enumerate returns "a, b or c".
func enumerate(formats []Format) string {
	var list strings.Builder
	for i, format := range formats {
		switch {
		case i == 0:
		case i == len(formats)-1:
			list.WriteString(" or ")
		default:
			list.WriteString(", ")
		}
		list.WriteString(string(format))
	}
	return list.String()
}
