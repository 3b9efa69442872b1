package output

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Reports is --report FORMAT=FILE of one command, repeatable: the files that a run
// writes beside what it prints. It is a pflag.Value.
type Reports struct {
	offered []Format
	files   []reportFile
}

type reportFile struct {
	format Format
	path   string
	file   *os.File
}

// Add registers the flag with the formats that f offers.
func (r *Reports) Add(command *cobra.Command, f *Flag) {
	r.offered, f.reports = f.offered, true
	command.Flags().Var(r, "report", "write also a report, as `FORMAT=FILE` (repeatable); the formats are those of --output")
	_ = command.RegisterFlagCompletionFunc("report", r.complete) // It fails only for unknown flags.
}

func (r *Reports) complete(_ *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if strings.Contains(begun, "=") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var proposed []cobra.Completion
	for _, format := range r.offered {
		if strings.HasPrefix(string(format), begun) {
			proposed = append(proposed, string(format)+"=")
		}
	}
	return proposed, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// Set adds a file.
func (r *Reports) Set(value string) error {
	name, path, found := strings.Cut(value, "=")
	if !found || path == "" {
		return errors.New("must be FORMAT=FILE, such as " + string(r.offered[len(r.offered)-1]) + "=FILE")
	}
	format, err := choose(r.offered, name)
	if err != nil {
		return fmt.Errorf("the format %w", err)
	}
	if slices.ContainsFunc(r.files, func(other reportFile) bool { return other.path == path }) {
		return errors.New("another report goes to the same file")
	}
	r.files = append(r.files, reportFile{format: format, path: path})
	return nil
}

// String returns the value of the flag as the user typed it.
func (r *Reports) String() string {
	values := make([]string, len(r.files))
	for i, f := range r.files {
		values[i] = string(f.format) + "=" + f.path
	}
	return strings.Join(values, " ")
}

// Type names what the flag takes.
func (r *Reports) Type() string { return "report" }

// Open creates or truncates the files before the run, so that an error is known
// early and no file is left of an earlier run. Call Close in any case.
func (r *Reports) Open() error {
	for i := range r.files {
		var err error
		if r.files[i].file, err = os.Create(r.files[i].path); err != nil {
			r.Close()
			return err
		}
	}
	return nil
}

// Write calls write for each file, and closes the file. After an error it continues
// with the next file.
func (r *Reports) Write(write func(io.Writer, Format) error) error {
	var failed []error
	for _, f := range r.files {
		if err := errors.Join(write(f.file, f.format), f.file.Close()); err != nil {
			failed = append(failed, fmt.Errorf("write the report %s: %w", f.path, err))
		}
	}
	r.files = nil
	return errors.Join(failed...)
}

// Close removes the files that Write has not filled.
func (r *Reports) Close() {
	for _, f := range r.files {
		if f.file == nil {
			continue
		}
		if info, err := f.file.Stat(); err == nil && info.Mode().IsRegular() {
			_ = os.Remove(f.path) // The run has failed already, and says why.
		}
		_ = f.file.Close()
	}
	r.files = nil
}
