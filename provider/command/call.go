package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/message"
	"github.com/openbroker/openbroker/provider/internal/program"
)

// exitRetry is the exit code that asks for another attempt: EX_TEMPFAIL of sysexits.h.
const exitRetry = 75

var errTooMuch = fmt.Errorf("the program printed more than %d bytes to its standard output, and was ended", message.MaxAnswer)

// immediately is a grace without TERM.
const immediately = -1

// A call runs the program once.
type call struct {
	provider *Provider
	request  *message.Request
	logger   *slog.Logger
	// progress gets what the program says while it works, or is nil.
	progress progress
	lock     string
	grace    time.Duration
	// unknown adds a member to the request that the program does not know.
	unknown bool

	stdout answerBuffer
	stderr logBuffer
	masker message.Masker
	talk   talk
	exit   program.Exit
}

// run runs the program and returns its answer, which may be an error.
func (c *call) run(ctx context.Context) (*message.Answer, error) {
	p := c.provider
	c.request.Provider = p.host.Name
	for name, secret := range p.settings.Secrets {
		if c.request.Secrets == nil {
			c.request.Secrets = map[string]string{}
		}
		c.request.Secrets[name] = string(secret)
	}
	input, err := c.request.Encode()
	if err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	if c.unknown {
		input = append([]byte(`{"unknown_member":{"of":["a later version"]},`), input[1:]...)
	}
	c.masker.Request(c.request)
	c.stderr.limit = p.settings.StderrBytes
	c.logger = c.logger.With(slog.String("program_operation", string(c.request.Operation)))
	if p.closing.Err() != nil {
		return nil, errClosed
	}
	p.running.Add(1)
	defer p.running.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.closing, func() { cancel(errClosed) })() //nolint:contextcheck // It ends with the provider.
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	c.talk = talk{ctx: ctx, to: c.progress, logger: c.logger, secrets: &p.secrets}
	c.exit, err = program.Run(ctx, program.Program{
		Command: p.settings.command(c.request.Operation), Directory: string(p.settings.Directory), Environment: p.environment,
		Grace: c.grace, Helper: p.host.Helper, Label: c.label(), Lock: c.lock,
		Waiting: func() {
			c.logger.LogAttrs(ctx, slog.LevelInfo, "the program waits until that of an earlier attempt has ended")
		},
	}, program.Streams{In: input, Out: &c.stdout, Err: &c.stderr, Talk: c.talk.run})
	var answer *message.Answer
	if err == nil {
		answer, err = c.interpret(ctx)
	} else {
		err = c.explain(err)
	}
	c.report(ctx, err)
	return answer, err
}

// label describes the program in the list of processes.
func (c *call) label() []string {
	label := []string{c.provider.host.Name, string(c.request.Operation)}
	if c.request.Instance != nil {
		label = append(label, c.request.Instance.ResourceName)
	}
	return label
}

// explain makes an error of starting or ending the program what the engine needs.
func (c *call) explain(err error) error {
	var failed *program.StartError
	if errors.As(err, &failed) && failed.Temporary() {
		return durable.Retryable(err, 0)
	}
	return err
}

// interpret returns the answer of a program that has ended.
func (c *call) interpret(ctx context.Context) (*message.Answer, error) {
	switch {
	case c.exit.Signal == 0 && c.exit.Code == 0:
		answer, err := message.DecodeAnswer(c.request.Operation, c.stdout.data)
		if err != nil {
			return nil, fmt.Errorf("the program exited with 0, but its standard output is no answer to %s: %w", c.request.Operation, err)
		}
		c.masker.Answer(answer)
		c.conceal(answer)
		return answer, nil
	case c.exit.Signal == 0 && c.exit.Code == exitRetry:
		return c.retry(ctx), nil
	default:
		err := fmt.Errorf("the program %s%s", c.exit, c.lastWords())
		if len(c.stdout.data) > 0 {
			err = fmt.Errorf("%w; what it printed to its standard output is ignored, because only the exit code 0 makes it count", err)
		}
		return nil, err
	}
}

// retry returns the answer of a program that asks for another attempt. It need not print
// one.
func (c *call) retry(ctx context.Context) *message.Answer {
	soon := 0.0
	answer := &message.Answer{RetryAfter: &soon}
	if len(c.stdout.data) == 0 {
		return answer
	}
	printed, err := message.DecodeAnswer(c.request.Operation, c.stdout.data)
	if err != nil {
		c.logger.LogAttrs(ctx, slog.LevelWarn, "the program exited with 75, and its standard output is ignored", slog.String("error", err.Error()))
		return answer
	}
	answer.Error = printed.Error
	if printed.RetryAfter != nil {
		answer.RetryAfter = printed.RetryAfter
	}
	c.conceal(answer)
	return answer
}

// conceal hides the secrets of the settings in what users of the platform read.
func (c *call) conceal(answer *message.Answer) {
	if answer.Error != nil {
		answer.Error.Description = c.provider.secrets.Mask(answer.Error.Description, false)
	}
}

// lastWords returns the last line of the standard error.
func (c *call) lastWords() string {
	line := lastLine(c.stderr.text(&c.masker))
	if line == "" {
		return ""
	}
	return ": " + line
}

// report logs what the program printed, and what it left behind.
func (c *call) report(ctx context.Context, err error) {
	if text := c.stderr.text(&c.masker); text != "" {
		level := slog.LevelInfo
		if err != nil {
			level = slog.LevelWarn
		}
		c.logger.LogAttrs(ctx, level, "standard error of the program", slog.String("stderr", text))
	}
	if len(c.exit.Left) > 0 {
		c.logger.LogAttrs(ctx, slog.LevelWarn, "the program left processes behind, which were ended", slog.Any("processes", c.exit.Left))
	}
	if c.exit.Killed {
		c.logger.LogAttrs(ctx, slog.LevelWarn, "the program did not end at TERM within the grace, and was killed", slog.Duration("grace", c.grace))
	}
	if len(c.exit.Stuck) > 0 {
		c.logger.LogAttrs(ctx, slog.LevelError, "the program left processes behind that cannot be ended; the next program for this instance waits for them", slog.Any("processes", c.exit.Stuck))
	}
}
