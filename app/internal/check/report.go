package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/conformance"
)

// write writes the report to the standard output and to the files of --report. After an
// error it still writes the others.
func (f *checkSettings) write(stdout io.Writer, report *conformance.Report) error {
	var err error
	if f.format.Format == output.Text {
		err = report.WriteText(stdout, conformance.TextOptions{
			All:   f.verbose,
			Color: !f.noColor && os.Getenv("NO_COLOR") == "" && isTerminal(stdout),
		})
	} else {
		err = writeReport(stdout, f.format.Format, report)
	}
	if err != nil {
		err = fmt.Errorf("write the report: %w", err)
	}
	return errors.Join(err, f.reports.Write(func(w io.Writer, format output.Format) error { return writeReport(w, format, report) }))
}

func writeReport(w io.Writer, format output.Format, report *conformance.Report) error {
	if format != output.YAML {
		return report.Write(w, conformance.Format(format))
	}
	var document bytes.Buffer
	if err := report.Write(&document, conformance.FormatJSON); err != nil {
		return err
	}
	return output.WriteYAML(w, json.RawMessage(document.Bytes()))
}
