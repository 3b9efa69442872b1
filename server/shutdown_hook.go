package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// A ShutdownHook is something to do when the server has answered its last request, such
// as finishing background work, releasing leases, closing a database.
type ShutdownHook struct {
	// Name is for the log and for errors. Not empty.
	Name string
	// Run does it. Its context ends after [Config.ShutdownHookTimeout], and at once if
	// the server is told to close, so it must still do the least that is
	// needed, or nothing. A Run that does not return within a second then is
	// left behind, and the next hook follows.
	Run func(ctx context.Context) error
}

// hookPatience is how long a hook may go on after its context has ended.
const hookPatience = time.Second

func validateHooks(hooks []ShutdownHook) error {
	var problems []error
	for i, hook := range hooks {
		if hook.Name == "" {
			problems = append(problems, fmt.Errorf("Config.OnShutdown[%d].Name is empty: give it one for the log", i))
		}
		if hook.Run == nil {
			problems = append(problems, fmt.Errorf("Config.OnShutdown[%d].Run is nil: set what to do", i))
		}
	}
	return errors.Join(problems...)
}

// runHooks calls the hooks in order and returns their errors, joined. The end
// of ctx, which stands for closing at once, does not skip any.
func (s *Server) runHooks(ctx context.Context) error {
	var problems []error
	for _, hook := range s.config.OnShutdown {
		start := time.Now()
		err := runHook(ctx, hook, s.config.ShutdownHookTimeout)
		if err != nil {
			problems = append(problems, fmt.Errorf("server: shutdown hook %q: %w", hook.Name, err))
		}
		s.config.Logger.LogAttrs(ctx, slog.LevelDebug, "shutdown hook ran",
			slog.String("hook", hook.Name), slog.Duration("duration", time.Since(start)))
	}
	return errors.Join(problems...)
}

func runHook(ctx context.Context, hook ShutdownHook, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if value := recover(); value != nil {
				done <- fmt.Errorf("panic: %v", value)
			}
		}()
		done <- hook.Run(ctx)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(hookPatience):
		return fmt.Errorf("it did not return and was left behind: %w", ctx.Err())
	}
}
