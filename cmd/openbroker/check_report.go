package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/openbroker/openbroker/conformance"
)

// A reportFile is a report that is to be written to a file.
type reportFile struct {
	format conformance.Format
	path   string
	file   *os.File
}

// reportSet is where the reports of a run go.
type reportSet struct {
	flags  *checkSettings
	stdout io.Writer
	files  []reportFile
}

// openReports makes the files, so that one that cannot be made is told before
// the run, and none is of the run before.
func openReports(f *checkSettings, stdout io.Writer) (*reportSet, error) {
	set := &reportSet{flags: f, stdout: stdout}
	for _, report := range f.reports {
		var err error
		if report.file, err = os.Create(report.path); err != nil {
			set.close()
			return nil, err
		}
		set.files = append(set.files, report)
	}
	return set, nil
}

// write writes all reports, also after one of them failed.
func (s *reportSet) write(report *conformance.Report) error {
	var failed []error
	if s.flags.output == "" {
		if err := s.toOutput(report); err != nil {
			failed = append(failed, fmt.Errorf("the report cannot be written: %w", err))
		}
	}
	for _, r := range s.files {
		if err := errors.Join(report.Write(r.file, r.format), r.file.Close()); err != nil {
			failed = append(failed, fmt.Errorf("the report cannot be written: %w", err))
		}
	}
	s.files = nil
	return joinLines(failed)
}

func (s *reportSet) toOutput(report *conformance.Report) error {
	if s.flags.format != conformance.FormatText {
		return report.Write(s.stdout, s.flags.format)
	}
	return report.WriteText(s.stdout, conformance.TextOptions{
		All:   s.flags.verbose,
		Color: !s.flags.noColor && os.Getenv("NO_COLOR") == "" && isTerminal(s.stdout),
	})
}

// tellsVerdict reports whether the verdict can be read on the standard output.
func (s *reportSet) tellsVerdict() bool {
	return s.flags.output == "" && s.flags.format == conformance.FormatText
}

// close takes away the files that were not written: an empty one is no report.
func (s *reportSet) close() {
	for _, r := range s.files {
		if info, err := r.file.Stat(); err == nil && info.Mode().IsRegular() {
			_ = os.Remove(r.path)
		}
		_ = r.file.Close()
	}
}
