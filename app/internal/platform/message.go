package platform

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/output"
)

// checkName refuses a name that a list cannot show.
func checkName(of, name string) error {
	if strings.TrimSpace(name) == "" {
		return usage("the name of the %s is empty", of)
	}
	if !output.IsPrintable(name) {
		return usage("the name of the %s has a character that cannot be shown: %q", of, name)
	}
	return nil
}

// note writes a message that is not a result.
func note(streams output.Streams, format string, args ...any) {
	streams.Err.Complain("%s", output.Printable(fmt.Sprintf(format, args...)))
}

// addFormat adds -o with the formats of all commands here.
func addFormat(command *cobra.Command, f *output.Flag) {
	f.Add(command, output.Text, output.JSON, output.YAML, output.Name)
}

func (p *program) note(format string, args ...any) { note(p.Streams, format, args...) }

func (p *program) print(f output.Flag, r output.Result) error { return r.Print(p.Out, f.Format) }
