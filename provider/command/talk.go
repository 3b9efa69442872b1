package command

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/openbroker/openbroker/provider/internal/message"
)

const (
	// reportEvery bounds how often descriptions are stored: only the latest counts.
	reportEvery = 500 * time.Millisecond
	// freeCheckpoints can be saved at once, later ones every saveEvery.
	freeCheckpoints = 100
	saveEvery       = 100 * time.Millisecond
	// maxWarnings bounds the warnings about lines of one program.
	maxWarnings = 10
	// replyTime is how long a program may take to read an acknowledgement. One that does
	// not read them gets no more.
	replyTime = time.Second
)

// progress stores what a program says, such as a [*durable.Task].
type progress interface {
	Save(ctx context.Context, v any) error
	Report(ctx context.Context, description string) error
}

// A talk is what a program says on descriptor 3, and what it hears on 4.
type talk struct {
	ctx     context.Context //nolint:containedctx // That of the call.
	to      progress
	logger  *slog.Logger
	secrets *message.Masker

	saved int
	deaf  bool
	// faults are the first faulty lines.
	faults []string
}

var errLongLine = fmt.Errorf("the line has more than %d bytes", message.MaxLine)

// run stores what the program says until it has ended. It returns an error if a checkpoint
// could not be saved: the program must not go on then.
func (t *talk) run(lines io.Reader, replies *os.File) error {
	latest, ended := make(chan string, 1), make(chan struct{})
	var reporter sync.WaitGroup
	reporter.Go(func() { t.report(latest, ended) })
	err := t.read(bufio.NewReaderSize(lines, 64<<10), replies, latest)
	close(ended)
	close(latest)
	reporter.Wait()
	return err
}

func (t *talk) read(lines *bufio.Reader, replies *os.File, latest chan string) error {
	for {
		text, err := readLine(lines)
		if len(bytes.TrimSpace(text)) > 0 && err == nil {
			var line message.Line
			if line, err = message.DecodeLine(text); err == nil {
				err = t.take(line, replies, latest)
				if err != nil {
					return err
				}
				continue
			}
		}
		var faulty message.DecodeErrors
		switch {
		case err == nil: // An empty line.
		case errors.Is(err, errLongLine), errors.As(err, &faulty):
			if len(t.faults) < maxWarnings {
				t.faults = append(t.faults, "a line on descriptor 3 is ignored: "+err.Error())
				t.logger.LogAttrs(t.ctx, slog.LevelWarn, "a line of the program on descriptor 3 is ignored", slog.String("error", err.Error()))
			}
		default:
			return nil
		}
	}
}

func (t *talk) take(line message.Line, replies *os.File, latest chan string) error {
	if t.to == nil {
		return nil
	}
	if line.Description != "" {
		select {
		case <-latest: // Nobody has read it.
		default:
		}
		latest <- t.secrets.Mask(line.Description, false)
	}
	if line.Checkpoint == nil {
		return nil
	}
	if t.saved >= freeCheckpoints && !t.sleep(saveEvery) {
		return nil
	}
	if err := t.to.Save(t.ctx, line.Checkpoint); err != nil {
		return err
	}
	t.saved++
	t.acknowledge(replies)
	return nil
}

// acknowledge tells the program that its checkpoint is on disk.
func (t *talk) acknowledge(replies *os.File) {
	if t.deaf {
		return
	}
	reply, err := json.Marshal(message.Acknowledgement{Saved: t.saved})
	if err == nil {
		_ = replies.SetWriteDeadline(time.Now().Add(replyTime)) // Without one, the write fails.
		_, err = replies.Write(append(reply, '\n'))
	}
	t.deaf = err != nil
}

// report stores descriptions, the latest first of all.
func (t *talk) report(latest <-chan string, ended <-chan struct{}) {
	for description := range latest {
		if err := t.to.Report(t.ctx, description); err != nil && t.ctx.Err() == nil {
			t.logger.LogAttrs(t.ctx, slog.LevelWarn, "the progress of the program cannot be stored", slog.String("error", err.Error()))
		}
		timer := time.NewTimer(reportEvery)
		select {
		case <-timer.C:
		case <-ended:
		}
		timer.Stop()
	}
}

// sleep reports whether the call goes on.
func (t *talk) sleep(duration time.Duration) bool {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-t.ctx.Done():
		return false
	}
}

// readLine returns a line without its end. It skips a line that is too long.
func readLine(from *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := from.ReadSlice('\n')
		if long = long || len(line)+len(part) > message.MaxLine+1; !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (len(line) == 0 || !errors.Is(err, io.EOF)):
			return nil, err
		case long:
			return nil, errLongLine
		}
		return bytes.TrimSuffix(line, []byte("\n")), nil
	}
}
