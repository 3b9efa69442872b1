package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/mattn/go-isatty"

	"github.com/openbroker/openbroker/conformance"
)

// A progress tells on the standard error how far a run is: on a terminal in one
// line that changes, otherwise in a line for each check that did not pass.
type progress struct {
	output            io.Writer
	terminal, verbose bool
	total             int

	mu           sync.Mutex
	done, failed int
	interrupted  bool
	// heading is the first line, last the check that was last.
	heading, last string
}

// statusWidth is as wide as any terminal.
const statusWidth = 79

func newProgress(stderr io.Writer, verbose bool, total int) *progress {
	return &progress{output: stderr, terminal: isTerminal(stderr), verbose: verbose, total: total}
}

// isTerminal reports whether a person sees what is written, as it is written.
func isTerminal(w io.Writer) bool {
	file, isFile := w.(*os.File)
	return isFile && os.Getenv("TERM") != "dumb" && (isatty.IsTerminal(file.Fd()) || isatty.IsCygwinTerminal(file.Fd()))
}

// begin says on a terminal that something happens.
func (p *progress) begin(url string) {
	p.heading = fmt.Sprintf("openbroker: checking %s, checks: %d", url, p.total)
	if p.terminal {
		_, _ = fmt.Fprint(p.output, p.heading)
	}
}

func (p *progress) result(r conformance.Result) {
	p.mu.Lock()
	p.done++
	first := p.done == 1
	good := slices.Contains([]conformance.Outcome{conformance.Passed, conformance.Declined, conformance.NotApplicable, conformance.Waived}, r.Outcome)
	if !good {
		p.failed++
	}
	p.last = r.Check.ID
	// After an interruption, nothing that comes is news.
	tell := !p.interrupted && (p.verbose || !p.terminal && !good)
	p.mu.Unlock()
	if first { // The broker can be reached.
		p.say(p.heading)
	}
	if tell {
		p.say(fmt.Sprintf("openbroker: %d/%d %s: %s (%s)", p.done, p.total, r.Outcome, r.Check.ID, r.Check.Level))
	}
	p.status()
}

// status writes the line that changes.
func (p *progress) status() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.terminal || p.done == 0 {
		return
	}
	text := fmt.Sprintf("%d of %d checks", p.done, p.total)
	if p.failed > 0 {
		text += fmt.Sprintf(", %d not passed", p.failed)
	}
	text += ": " + p.last
	if utf8.RuneCountInString(text) > statusWidth {
		text = string([]rune(text)[:statusWidth-1]) + "…"
	}
	_, _ = fmt.Fprint(p.output, "\r\x1b[K"+text)
}

// interrupt says that a signal came.
func (p *progress) interrupt() {
	p.mu.Lock()
	p.interrupted = true
	p.mu.Unlock()
	p.say("openbroker: interrupted, deleting what was created; interrupt again to leave it")
}

// say writes a line that stays.
func (p *progress) say(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		line = "\r\x1b[K" + line
	}
	complain(p.output, line)
}

// end takes the line away, for the report.
func (p *progress) end() {
	if p.terminal {
		_, _ = fmt.Fprint(p.output, "\r\x1b[K")
	}
}
