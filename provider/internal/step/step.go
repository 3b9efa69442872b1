// Package step marks the steps of a provider's operations: a change of the service that
// it works on. A test can end an attempt after any of them, as a crash would, and see
// that the next attempt comes to the same end.
package step

import "context"

type key struct{}

// Done says that a step is done. Return its error at once: a test ends the attempt
// here. The name says what the step did, such as "create the role". It has no ids or
// values, so that the steps of two instances have the same names.
func Done(ctx context.Context, name string) error {
	if after, ok := ctx.Value(key{}).(func(name string) error); ok {
		return after(name)
	}
	return nil
}

// WithHook returns a context in which Done calls after. Only tests have one.
func WithHook(ctx context.Context, after func(name string) error) context.Context {
	return context.WithValue(ctx, key{}, after)
}
