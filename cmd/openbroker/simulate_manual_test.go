package main_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The examples of docs/simulate.md do what the manual says, one after another.
func TestSimulateManual(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile(filepath.Join("..", "..", "docs", "simulate.md"))
	if err != nil {
		t.Fatal(err)
	}
	p := simulate(t, t.TempDir(), nil)
	var script strings.Builder
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(manual), -1) {
		script.WriteString(strings.ReplaceAll(block[1], "http://127.0.0.1:8080", p.url))
	}
	want := statuses(`(?m)  # (\d{3})$`, script.String())
	if len(want) < 50 {
		t.Errorf("only %d examples: is the pattern right?", len(want))
	}
	shell := exec.CommandContext(t.Context(), "bash", "-euc", script.String())
	output, err := shell.CombinedOutput()
	if got := statuses(`(?m) # (\d{3})$`, string(output)); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v: the answers are\n%q, want\n%q; the output is\n%s", err, got, want, output)
	}
	p.expect(http.StatusOK, "GET", "/readyz", nil)
	p.stop()
}

func statuses(pattern, text string) (found []string) {
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}
