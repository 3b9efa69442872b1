package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/openbroker/openbroker/durable"
)

// A HealthChecker is a provider that knows whether the service that it works on can be
// reached. While it cannot, a broker stays ready, because other services and the reads
// of existing instances work: /readyz says "degraded" and names the provider.
type HealthChecker interface {
	durable.Provider
	// CheckHealth returns why the service cannot be used now. The log has the error, and
	// probes do not. The context ends after some seconds.
	CheckHealth(ctx context.Context) error
}

// A HealthCheck asks one provider of a [Dispatcher].
type HealthCheck struct {
	// Name is the name of the provider in this process.
	Name string
	// Run is the CheckHealth of the provider.
	Run func(ctx context.Context) error
}

// HealthChecks returns the checks of those providers that are a [HealthChecker].
func (d *Dispatcher) HealthChecks() []HealthCheck {
	var checks []HealthCheck
	for i, p := range d.running {
		if checker, ok := p.(HealthChecker); ok {
			checks = append(checks, HealthCheck{Name: d.group.members[i].Name, Run: checker.CheckHealth})
		}
	}
	return checks
}

// Close closes those providers that are an [io.Closer], the last one first: they free
// their connections, processes and files. Call it after the engine has stopped; later
// calls do nothing. The error names the providers that could not be closed.
func (d *Dispatcher) Close() error {
	if d.closed.Swap(true) {
		return nil
	}
	var problems []error
	for i := len(d.running) - 1; i >= 0; i-- {
		if closer, ok := d.running[i].(io.Closer); ok {
			if err := closeSafely(closer); err != nil {
				problems = append(problems, fmt.Errorf("closing the provider %s: %w", d.group.members[i].Name, err))
			}
		}
	}
	return errors.Join(problems...)
}

// closeSafely turns a panic into an error, so that the other providers are closed.
func closeSafely(closer io.Closer) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v\n%s", value, debug.Stack())
		}
	}()
	return closer.Close()
}
