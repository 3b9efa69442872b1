// Command progress reads the output of `go test -json`. As soon as a package has
// finished, it prints a line with its time, and the output of failed tests; at the end,
// the tests that took longest. It exits with 1 after a failure.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// An event is a line of test2json, and of the build.
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Elapsed    float64
	Output     string
}

// A duration is how long a test took, with its waits, and those for other tests.
type duration struct {
	test    string
	seconds float64
}

// slowest is how many tests are listed at the end.
const slowest = 20

func main() {
	begun := time.Now()
	var durations []duration
	output := map[string]*strings.Builder{}
	finished, failed := 0, 0
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			break
		}
		var e event
		if json.Unmarshal(line, &e) != nil {
			fmt.Print(string(line)) // A message of the go command.
			continue
		}
		name := e.Package + e.ImportPath
		text := output[name+" "+e.Test]
		if text == nil {
			text = &strings.Builder{}
			output[name+" "+e.Test] = text
		}
		switch e.Action {
		case "output", "build-output":
			text.WriteString(e.Output)
		case "build-fail":
			failed++
			fmt.Print(text.String())
		case "fail":
			failed++
			fmt.Print(text.String())
		}
		if e.Test == "" && e.Action == "fail" {
			// A test that neither passed nor failed was running when the package ended.
			for key, left := range output {
				if strings.HasPrefix(key, name+" ") && key != name+" " {
					fmt.Print(left.String())
					delete(output, key)
				}
			}
		}
		if e.Test != "" && !strings.Contains(e.Test, "/") && (e.Action == "pass" || e.Action == "fail") {
			durations = append(durations, duration{e.Package + " " + e.Test, e.Elapsed})
		}
		if e.Test == "" && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip") {
			finished++
			fmt.Printf("%6.0fs  %-4s  %s  %.1fs\n", time.Since(begun).Seconds(), e.Action, e.Package, e.Elapsed)
		}
		if e.Action == "pass" || e.Action == "skip" || e.Action == "fail" {
			delete(output, name+" "+e.Test)
		}
	}
	slices.SortFunc(durations, func(a, b duration) int { return cmp.Compare(b.seconds, a.seconds) })
	for _, d := range durations[:min(slowest, len(durations))] {
		fmt.Printf("%8.1fs  %s\n", d.seconds, d.test)
	}
	fmt.Printf("%d packages in %v, %d failures\n", finished, time.Since(begun).Round(time.Second), failed)
	if failed > 0 || finished == 0 {
		os.Exit(1)
	}
}
