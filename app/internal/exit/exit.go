package exit

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	Failed = 1
	Misuse = 2
)

// An Error is an error of the work of a command. Any other error is a misuse of the
// command.
type Error struct {
	Err error
	// Code is the exit code, Failed by default.
	Code int
}

func (f *Error) Error() string { return f.Err.Error() }
func (f *Error) Unwrap() error { return f.Err }

// AsFailure marks an error as one of the work.
func AsFailure(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Err: err}
}

// A SilentError is the exit code of a command that has already printed its messages.
type SilentError struct{ Code int }

func (v *SilentError) Error() string { return fmt.Sprintf("exit code %d", v.Code) }

// RunE returns the RunE of a command whose errors are those of the work.
func RunE(work func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error {
		if err := work(command.Context(), args); err != nil {
			return &Error{Err: err}
		}
		return nil
	}
}

// OneLine returns the text of an error in one line. Several errors in lines of their own
// are separated by semicolons.
func OneLine(err error) string {
	var text strings.Builder
	for line := range strings.FieldsFuncSeq(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' || r == '\t' }) {
		line = strings.TrimSpace(line)
		if text.Len() > 0 && line != "" {
			if !strings.ContainsAny(text.String()[text.Len()-1:], ".,:;") {
				text.WriteByte(';')
			}
			text.WriteByte(' ')
		}
		text.WriteString(line)
	}
	return text.String()
}
