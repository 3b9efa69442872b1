package main_test

import (
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// The examples of docs/simulate.md have the results of the page, in sequence and in each
// shell.
func TestSimulateManual(t *testing.T) {
	t.Parallel()
	for name, command := range map[string][]string{"bash": {"bash", "-eu", "-s"}, "zsh": {"zsh", "-f", "-i", "-s"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := simulate(t, t.TempDir(), nil)
			var script strings.Builder
			for _, b := range blocks(t, "docs/simulate.md") {
				if b.language == "sh" {
					script.WriteString(strings.ReplaceAll(b.text, "http://127.0.0.1:8080", p.url))
				}
			}
			want := statuses(`(?m)  # (\d{3})$`, script.String())
			if len(want) < 50 {
				t.Errorf("only %d examples: is the pattern right?", len(want))
			}
			shell := exec.CommandContext(t.Context(), command[0], command[1:]...)
			shell.Stdin = strings.NewReader(script.String())
			shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Away from the terminal of the tests.
			output, err := shell.CombinedOutput()
			if got := statuses(`(?m) # (\d{3})$`, string(output)); err != nil || !slices.Equal(got, want) {
				t.Errorf("%v: the responses are\n%q, want\n%q; the output is\n%s", err, got, want, output)
			}
			p.expect(http.StatusOK, "GET", "/readyz", nil)
			p.stop()
		})
	}
}

func statuses(pattern, text string) (found []string) {
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}
