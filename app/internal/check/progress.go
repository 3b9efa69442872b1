package check

import (
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/mattn/go-isatty"

	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/conformance"
)

// A progress reports the progress of a run on the standard error: on a terminal in one
// line that changes, elsewhere in a line for each check that did not pass.
type progress struct {
	output            output.Messages
	terminal, verbose bool
	total             int

	mu           sync.Mutex
	done, failed int
	interrupted  bool
	// heading is the first line, last the id of the latest check.
	heading, last string
}

// statusWidth fits any terminal.
const statusWidth = 79

func newProgress(stderr output.Messages, verbose bool, total int) *progress {
	return &progress{output: stderr, terminal: isTerminal(stderr.Writer), verbose: verbose, total: total}
}

// isTerminal reports whether w is a terminal that understands escape sequences.
func isTerminal(w io.Writer) bool {
	file, isFile := w.(*os.File)
	return isFile && os.Getenv("TERM") != "dumb" && (isatty.IsTerminal(file.Fd()) || isatty.IsCygwinTerminal(file.Fd()))
}

// begin prints the heading on a terminal.
func (p *progress) begin(url string) {
	p.heading = fmt.Sprintf("%s: checking %s, checks: %d", p.output.Program, url, p.total)
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
	// After a signal, only the clean-up goes on.
	shown := !p.interrupted && (p.verbose || !p.terminal && !good)
	p.mu.Unlock()
	if first { // Not before: the broker may be unreachable.
		p.say(p.heading)
	}
	if shown {
		p.say(fmt.Sprintf("%s: %d/%d %s: %s (%s)", p.output.Program, p.done, p.total, r.Outcome, r.Check.ID, r.Check.Level))
	}
	p.status()
}

// status redraws the line that changes.
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

// interrupt reports a signal.
func (p *progress) interrupt() {
	p.mu.Lock()
	p.interrupted = true
	p.mu.Unlock()
	p.say(p.output.Program + ": interrupted, deleting what the run has created; interrupt again to stop immediately")
}

// say writes a line that stays.
func (p *progress) say(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		line = "\r\x1b[K" + line
	}
	p.output.Lines(line)
}

// end clears the line before the report.
func (p *progress) end() {
	if p.terminal {
		_, _ = fmt.Fprint(p.output, "\r\x1b[K")
	}
}
