package platform

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/client"
)

// waitFlags are the flags of commands that start operations.
type waitFlags struct {
	wait, async, sync bool
	timeout           time.Duration
}

func (f *waitFlags) add(command *cobra.Command) {
	f.addWait(command)
	command.Flags().BoolVar(&f.async, "async", false, "return as soon as the broker has accepted the operation (the default)")
	command.Flags().BoolVar(&f.sync, "sync", false, "require a synchronous response (no accepts_incomplete)")
}

func (f *waitFlags) addWait(command *cobra.Command) {
	command.Flags().BoolVarP(&f.wait, "wait", "w", false, "wait until the operation has ended")
	command.Flags().DurationVar(&f.timeout, "timeout", 0, "with --wait: wait at most this `DURATION`, such as 30s or 10m, then exit with 3; the operation continues")
}

func (f *waitFlags) check() error {
	switch {
	case f.wait && f.async, f.wait && f.sync, f.async && f.sync:
		return usage("--wait, --async and --sync exclude each other: use one of them")
	case f.timeout < 0:
		return usage("--timeout must be positive")
	case f.timeout > 0 && !f.wait:
		return usage("--timeout needs --wait; the time limit of one request is --request-timeout")
	default:
		return nil
	}
}

// await waits for an operation. resume is the command that continues to wait.
func (s *session) await(ctx context.Context, f *waitFlags, o client.Operation, subject, resume string) error {
	waiting := ctx
	if f.timeout > 0 {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, f.timeout)
		defer cancel()
	}
	shown := newProgress(s.Streams, string(o.Kind)+" "+subject, o.AcceptedAt)
	_, err := s.client.Wait(waiting, o, shown.poll)
	shown.end()
	var failed *client.OperationError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failed):
		return &Error{Code: exitRefused, err: err}
	case waiting.Err() != nil:
		return &Error{
			Code: exitUnfinished, Hint: "to continue waiting: " + resume,
			err: fmt.Errorf("the %s of %s has not ended yet; it continues", o.Kind, subject),
		}
	default:
		return refused(err, "to ask again: "+resume)
	}
}

// progress shows a wait: on a terminal one line that changes, elsewhere a line for each
// change.
type progress struct {
	streams  output.Streams
	what     string
	began    time.Time
	terminal bool

	mu    sync.Mutex
	text  string
	done  chan struct{}
	ended sync.WaitGroup
}

func newProgress(streams output.Streams, what string, began time.Time) *progress {
	if began.IsZero() {
		began = time.Now()
	}
	p := &progress{streams: streams, what: what, began: began, terminal: output.IsTerminal(streams.Err.Writer), done: make(chan struct{})}
	if p.terminal {
		p.ended.Go(p.tick)
	}
	return p
}

// tick updates the age on a terminal.
func (p *progress) tick() {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.mu.Lock()
			p.draw()
			p.mu.Unlock()
		case <-p.done:
			return
		}
	}
}

func (p *progress) poll(now client.Progress) {
	text := string(now.State)
	switch {
	case now.Err != nil:
		text = "no valid response to a poll, polling again: " + now.Err.Error()
	case now.Description != "":
		text += ": " + now.Description
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if text == p.text {
		return
	}
	p.text = text
	if p.terminal {
		p.draw()
		return
	}
	note(p.streams, "%s: %s (%s)", p.what, text, age(now.Elapsed))
}

// draw writes the line on a terminal, cut to its width.
func (p *progress) draw() {
	line := output.Printable(fmt.Sprintf("%s: %s (%s)", p.what, p.text, age(time.Since(p.began))))
	if file, ok := p.streams.Err.Writer.(interface{ Fd() uintptr }); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 1 {
			line = runewidth.Truncate(line, width-1, "…")
		}
	}
	_, _ = fmt.Fprint(p.streams.Err, "\r\x1b[K"+line)
}

func (p *progress) end() {
	close(p.done)
	p.ended.Wait()
	if p.terminal {
		_, _ = fmt.Fprintln(p.streams.Err)
	}
}
