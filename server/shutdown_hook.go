package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// A ShutdownHook runs after the server has answered its last request. It finishes
// background work, releases leases or closes a database, for example.
type ShutdownHook struct {
	// Name appears in logs and errors. It must not be empty.
	Name string
	// Run runs the hook. Its context ends after [Config.ShutdownHookTimeout], or when
	// [Server.Close] is called; the context may have ended before Run starts. If Run
	// does not return within a second after that, the server continues with the next
	// hook.
	Run func(ctx context.Context) error
}

// hookPatience is how long a hook may run after its context has ended.
const hookPatience = time.Second

func validateHooks(hooks []ShutdownHook) error {
	var problems []error
	for i, hook := range hooks {
		if hook.Name == "" {
			problems = append(problems, fmt.Errorf("Config.OnShutdown[%d].Name is empty: set a name for the log", i))
		}
		if hook.Run == nil {
			problems = append(problems, fmt.Errorf("Config.OnShutdown[%d].Run is nil: set the function to run", i))
		}
	}
	return errors.Join(problems...)
}

// runHooks runs the hooks in order and returns their errors, joined. It runs all
// hooks even if ctx ends.
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
		return fmt.Errorf("it did not return in time: %w", ctx.Err())
	}
}
