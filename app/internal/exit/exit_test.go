package exit_test

import (
	"errors"
	"testing"

	"github.com/openbroker/openbroker/app/internal/exit"
)

// Several errors stay distinguishable in one line.
func TestOneLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"one":                            "one",
		"first\nsecond\r\nthird":         "first; second; third",
		"the server ended:\n\tits log\n": "the server ended: its log",
		"A sentence.\nAnother.":          "A sentence. Another.",
		"\n":                             "",
	} {
		if got := exit.OneLine(errors.New(text)); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
