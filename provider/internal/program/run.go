package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// drainTime is how long the streams of a program are read after it and everything that it
// started have ended, or could not be ended.
const drainTime = 2 * time.Second

// A running program.
type running interface {
	// terminate asks the program to end: TERM, then KILL after the grace. It is called at
	// most once.
	terminate()
	// wait returns when all processes of the program have ended, or one could not be ended.
	wait() (Exit, error)
}

// Run runs a program and returns how it ended. When it returns, all processes of the
// program have ended, unless Exit.Stuck says otherwise.
//
// The end of ctx ends the program: TERM, then KILL after the grace. Run then returns the
// cause of ctx. Other errors are a [*StartError], and those of Streams.
func Run(ctx context.Context, p Program, s Streams) (exit Exit, err error) {
	unlock, err := p.lock(ctx)
	if err != nil {
		return Exit{}, err
	}
	defer func() { unlock.release(len(exit.Stuck) > 0) }()
	pipes, err := newPipes()
	if err != nil {
		return Exit{}, fmt.Errorf("open the pipes of the program: %w", err)
	}
	defer pipes.close()
	path, err := p.resolve()
	if err != nil {
		return Exit{}, &StartError{err}
	}
	started, err := p.start(path, pipes, unlock) //nolint:contextcheck // The end of ctx must not kill it without TERM.
	pipes.closeTheirs()
	if err != nil {
		return Exit{}, p.explain(err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	streams := pipes.run(s, stop)
	ended := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() {
		select {
		case <-ctx.Done():
			started.terminate()
		case <-ended:
		}
	})
	exit, err = started.wait()
	close(ended)
	watcher.Wait()
	pipes.expire(drainTime)
	streams.Wait()
	if ctx.Err() != nil {
		return exit, context.Cause(ctx)
	}
	if err != nil {
		return exit, p.explain(err)
	}
	return exit, nil
}

// pipes connect the broker with a program.
type pipes struct {
	// ours are the broker's ends, theirs the program's: standard input, output and error,
	// then the descriptors 3 and 4.
	ours, theirs [5]*os.File
}

func newPipes() (*pipes, error) {
	p := new(pipes)
	for i := range p.ours {
		r, w, err := os.Pipe()
		if err != nil {
			p.close()
			return nil, err
		}
		if i == 0 || i == 4 {
			p.ours[i], p.theirs[i] = w, r
		} else {
			p.ours[i], p.theirs[i] = r, w
		}
	}
	return p, nil
}

func (p *pipes) close() {
	for _, file := range p.ours {
		if file != nil {
			_ = file.Close() // Some are closed already.
		}
	}
	p.closeTheirs()
}

func (p *pipes) closeTheirs() {
	for _, file := range p.theirs {
		if file != nil {
			_ = file.Close() // As above.
		}
	}
}

// expire ends reads and writes after a time. It is for processes that could not be ended,
// and keep the pipes open.
func (p *pipes) expire(after time.Duration) {
	for _, file := range p.ours {
		_ = file.SetDeadline(time.Now().Add(after)) // It may be closed.
	}
}

// run serves the streams until the program closes them.
func (p *pipes) run(s Streams, stop context.CancelCauseFunc) *sync.WaitGroup {
	group := new(sync.WaitGroup)
	group.Go(func() {
		// A program that ignores its input is no error.
		_, _ = p.ours[0].Write(s.In)
		_ = p.ours[0].Close()
	})
	group.Go(func() {
		if _, err := io.Copy(s.Out, p.ours[1]); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			stop(err)
			_, _ = io.Copy(io.Discard, p.ours[1]) // It may want to say goodbye.
		}
	})
	group.Go(func() { _, _ = io.Copy(s.Err, p.ours[2]) })
	group.Go(func() {
		if err := s.Talk(p.ours[3], p.ours[4]); err != nil {
			stop(err)
		}
		_, _ = io.Copy(io.Discard, p.ours[3])
	})
	return group
}
