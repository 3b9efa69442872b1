package app

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// explainFlag names the replacement in the error about an unknown flag, if earlier
// versions had that flag.
func explainFlag(command *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	if now := replacement(command, unknown.GetSpecifiedName()); now != "" {
		return fmt.Errorf("%w; use %s", err, now)
	}
	return err
}

func replacement(command *cobra.Command, flag string) string {
	prints, reports := command.Flags().Lookup("output") != nil, command.Flags().Lookup("report") != nil
	switch {
	case flag == "json" && prints:
		return "-o json"
	case flag == "format" && reports:
		return "-o FORMAT, or --report FORMAT=FILE to write a file"
	case flag == "format" && prints:
		return "-o FORMAT"
	case flag == "output" && command.CommandPath() == command.Root().Name()+" admin export":
		return command.CommandPath() + " FILE"
	default:
		return ""
	}
}
