package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// A ReadinessCheck is one condition of readiness, such as a reachable database.
type ReadinessCheck struct {
	// Name appears in the response of /readyz, which is public. It must be unique and
	// not empty.
	Name string
	// Run returns an error if the broker should not receive requests. The server
	// logs the error when the check starts to fail, and does not send it to probes.
	// The context ends after [Config.ReadinessTimeout]; a Run that ignores it counts
	// as failed. The server never calls Run again before it has returned.
	Run func(ctx context.Context) error
	// Advisory keeps the broker ready while the check fails: /readyz names the check
	// and answers 200 with the status "degraded".
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
			problems = append(problems, fmt.Errorf("Config.ReadinessChecks[%d].Name %q is already used: names must be unique", i, check.Name))
		}
		if check.Run == nil {
			problems = append(problems, fmt.Errorf("Config.ReadinessChecks[%d].Run is nil: set the function that checks", i))
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

// A checkState is a check with its state.
type checkState struct {
	ReadinessCheck

	mu      sync.Mutex
	current *checkRun
	failing bool
}

// A checkRun is one run of a check. err is set before done is closed.
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

// run runs all checks concurrently. It returns the result of each check, or nil
// without checks, and the overall status.
func (c *checker) run(ctx context.Context) (results map[string]string, status string) {
	status = statusOK
	if len(c.checks) == 0 {
		return nil, status
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	// A check continues after its probe disconnects: other probes may wait for it.
	runs := make([]*checkRun, len(c.checks))
	for i, check := range c.checks {
		runs[i] = check.start(context.WithoutCancel(ctx), c.timeout)
	}
	results = make(map[string]string, len(runs))
	for i, check := range c.checks {
		results[check.Name] = check.wait(ctx, runs[i], c.logger)
		switch {
		case results[check.Name] == statusOK:
		case !check.Advisory:
			status = statusUnavailable
		case status == statusOK:
			status = statusDegraded
		}
	}
	return results, status
}

// start starts a run, or returns the run in progress.
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

// wait returns the result of a run, and logs it if it has changed.
func (s *checkState) wait(ctx context.Context, run *checkRun, logger *slog.Logger) string {
	var err error
	select {
	case <-run.done:
		err = run.err
	case <-ctx.Done():
		err = ctx.Err()
		if errors.Is(err, context.Canceled) {
			return checkFailed // The probe disconnected, so the result is not sent.
		}
	}
	result := statusOK
	if errors.Is(err, context.DeadlineExceeded) {
		result = checkTimedOut
	} else if err != nil {
		result = checkFailed
	}
	s.mu.Lock()
	changed := s.failing != (err != nil)
	s.failing = err != nil
	s.mu.Unlock()
	switch {
	case changed && err != nil:
		attributes := []slog.Attr{slog.String("check", s.Name), slog.Any("error", err)}
		if s.Advisory {
			logger.LogAttrs(ctx, slog.LevelWarn, "ready, but an advisory check fails", attributes...)
		} else {
			logger.LogAttrs(ctx, slog.LevelWarn, "not ready", attributes...)
		}
	case changed:
		logger.LogAttrs(ctx, slog.LevelInfo, "ready again", slog.String("check", s.Name))
	}
	return result
}
