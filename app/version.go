package app

import (
	"context"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker/app/internal/exit"
	"github.com/openbroker/openbroker/app/internal/output"
)

func newVersion(p Program, stdout io.Writer) *cobra.Command {
	var format output.Flag
	command := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: exit.RunE(func(context.Context, []string) error {
			result := output.Result{Value: p.build(), Text: p.version() + "\n"}
			return result.Print(stdout, format.Format)
		}),
	}
	format.Add(command, output.Text, output.JSON, output.YAML)
	return command
}

// A build is what the Go toolchain recorded in the binary: the version of the module,
// and the commit if it was built from a checkout.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
}

// readBuild returns the zero value if the binary has no build information.
func readBuild() (b build) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Version, b.Go = info.Main.Version, info.GoVersion
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			b.Commit = setting.Value
		}
	}
	return b
}
