package simulator

import (
	"context"
	"time"
)

// A Clock returns the time and sleeps. Tests replace the system clock.
type Clock interface {
	Now() time.Time
	// Sleep returns nil after d. If ctx ends first, Sleep returns the cause of ctx.
	Sleep(ctx context.Context, d time.Duration) error
}

// systemClock is the clock of the system.
type systemClock struct{}

// Now implements [Clock].
func (systemClock) Now() time.Time { return time.Now() }

// Sleep implements [Clock].
func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// A Duration is a [time.Duration] that is a string in JSON, such as "1m30s".
type Duration time.Duration

// String returns the duration as [time.Duration.String] does.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText encodes the duration as [time.Duration.String] does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText decodes a duration as [time.ParseDuration] does.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}
