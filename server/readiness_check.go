package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// A ReadinessCheck is one condition of readiness, such as a database that answers.
type ReadinessCheck struct {
	// Name is shown to everyone who asks /readyz. Unique and not empty.
	Name string
	// Run returns an error if the broker should get no requests at present. The
	// error is logged when the check begins to fail, and never shown. The
	// context ends after [Config.ReadinessTimeout]; a Run that ignores it counts as
	// failing. There is never more than one Run of a check at a time, however
	// many ask.
	Run func(ctx context.Context) error
	// Advisory says that the broker serves requests although the check fails:
	// /readyz names it and answers 200, with the status degraded.
	Advisory bool
}

func validateChecks(checks []ReadinessCheck) error {
	var problems []error
	seen := map[string]bool{}
	for i, check := range checks {
		switch {
		case check.Name == "":
			problems = append(problems, fmt.Errorf("Config.ReadinessChecks[%d].Name is empty: /readyz names checks that fail", i))
		case seen[check.Name]:
			problems = append(problems, fmt.Errorf("Config.ReadinessChecks[%d].Name %q is taken: names must be unique", i, check.Name))
		}
		if check.Run == nil {
			problems = append(problems, fmt.Errorf("Config.ReadinessChecks[%d].Run is nil: set what to check", i))
		}
		seen[check.Name] = true
	}
	return errors.Join(problems...)
}

// A checker runs all checks.
type checker struct {
	logger  *slog.Logger
	timeout time.Duration
	checks  []*checkState
}

// A checkState is a check and how it is doing.
type checkState struct {
	ReadinessCheck

	mu      sync.Mutex
	current *checkRun
	failing bool
}

// A checkRun is one run of a check. Its err may be read when done is closed.
type checkRun struct {
	done chan struct{}
	err  error
}

func newChecker(checks []ReadinessCheck, timeout time.Duration, logger *slog.Logger) *checker {
	c := &checker{logger: logger, timeout: timeout}
	for _, check := range checks {
		c.checks = append(c.checks, &checkState{ReadinessCheck: check})
	}
	return c
}

// run returns a word about each check, or nil if there is none, and the worst status.
// The checks run side by side.
func (c *checker) run(ctx context.Context) (words map[string]string, status string) {
	status = statusOK
	if len(c.checks) == 0 {
		return nil, status
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	// Each check outlives a probe that hangs up: others may be waiting for it.
	runs := make([]*checkRun, len(c.checks))
	for i, check := range c.checks {
		runs[i] = check.start(context.WithoutCancel(ctx), c.timeout)
	}
	words = make(map[string]string, len(runs))
	for i, check := range c.checks {
		words[check.Name] = check.wait(ctx, runs[i], c.logger)
		switch {
		case words[check.Name] == statusOK:
		case !check.Advisory:
			status = statusUnavailable
		case status == statusOK:
			status = statusDegraded
		}
	}
	return words, status
}

// start begins a run, or joins the one that is going on.
func (s *checkState) start(ctx context.Context, timeout time.Duration) *checkRun {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		return s.current
	}
	run := &checkRun{done: make(chan struct{})}
	s.current = run
	go func() {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		run.err = s.try(ctx)
		s.mu.Lock()
		s.current = nil
		s.mu.Unlock()
		close(run.done)
	}()
	return run
}

func (s *checkState) try(ctx context.Context) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v", value)
		}
	}()
	return s.Run(ctx)
}

// wait returns the word about a run, and logs when it is another than before.
func (s *checkState) wait(ctx context.Context, run *checkRun, logger *slog.Logger) string {
	var err error
	select {
	case <-run.done:
		err = run.err
	case <-ctx.Done():
		err = ctx.Err()
		if errors.Is(err, context.Canceled) {
			return checkFailed // The probe hung up: nothing is known, nobody reads this.
		}
	}
	word := statusOK
	if errors.Is(err, context.DeadlineExceeded) {
		word = checkTimedOut
	} else if err != nil {
		word = checkFailed
	}
	s.mu.Lock()
	changed := s.failing != (err != nil)
	s.failing = err != nil
	s.mu.Unlock()
	switch {
	case changed && err != nil:
		attributes := []slog.Attr{slog.String("check", s.Name), slog.Any("error", err)}
		if s.Advisory {
			logger.LogAttrs(ctx, slog.LevelWarn, "ready, but a check fails", attributes...)
		} else {
			logger.LogAttrs(ctx, slog.LevelWarn, "not ready", attributes...)
		}
	case changed:
		logger.LogAttrs(ctx, slog.LevelInfo, "ready again", slog.String("check", s.Name))
	}
	return word
}
