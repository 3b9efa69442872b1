package main

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: does(func(context.Context, []string) error {
			_, err := fmt.Fprintln(stdout, version())
			return err
		}),
	}
}

// version is what the Go toolchain recorded: the version of the module, or the
// commit if it was built from a checkout.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "openbroker (unknown version)"
	}
	commit := ""
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			commit = " " + setting.Value
		}
	}
	return "openbroker " + info.Main.Version + commit + " " + info.GoVersion
}
