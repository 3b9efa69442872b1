package durable

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/openbroker/openbroker"
)

// A Sealer encrypts what is stored; package seal has the implementation. What
// was sealed opens only with the same associated data.
type Sealer interface {
	Seal(plaintext, associated []byte) ([]byte, error)
	Open(sealed, associated []byte) ([]byte, error)
}

// A Config configures an [Engine]. Zero fields take the default; only Sealer is
// needed.
type Config struct {
	// Sealer encrypts parameters, contexts, credentials, provider state and
	// checkpoints. Required.
	Sealer Sealer
	// Logger receives what happens to operations; slog.Default() by default.
	Logger *slog.Logger
	// Replica names this process in leases; it must be unique among the
	// replicas, and by default contains the host name and a random part.
	Replica string
	// Policies says how the operations of a plan are treated, by plan id, and
	// DefaultPolicy how those of the others are.
	Policies      map[string]Policy
	DefaultPolicy Policy
	// Workers is how many operations this replica works on at a time; 128 by
	// default. More wait in the store, oldest first, for any replica.
	Workers int
	// PlatformWorkers is how many of them operations of one platform may have at a
	// time; three quarters of Workers by default. One of several services of a
	// platform may have three quarters of that, and clean-ups half of Workers.
	PlatformWorkers int
	// Lease is how long a replica that says nothing is believed to live; 15 s
	// by default. It is renewed three times as often.
	Lease time.Duration
	// PollInterval is how often the store is asked for operations that have
	// become due; 500 ms by default.
	PollInterval time.Duration
	// RetryAfter is sent with each 202 and each poll of an operation that is in
	// progress, in whole seconds; 1 s by default.
	RetryAfter time.Duration
	// MaxWait is the longest that a request waits for its operation; 55 s by
	// default, because platforms give up after 60 s.
	MaxWait time.Duration
	// StopGrace is how long a provider may take to return once its context has
	// ended; then it is given up, and the operation goes on without it. 15 s by
	// default.
	StopGrace time.Duration
	// CleanupTimeout is how long the engine tries to clean up after a failed
	// creation, and to delete expired bindings; 24 h by default.
	CleanupTimeout time.Duration
	// DeletedGrace is how long the last operation of what was deleted is
	// answered with "succeeded"; then with 410. 10 min by default.
	DeletedGrace time.Duration
	// FailureGrace is how long an identical PUT or DELETE is answered with the
	// operation that failed, until a poll or an answer has said so; then such a
	// request begins a new operation. 10 min by default.
	FailureGrace time.Duration
	// Retention is how long operations that ended, and what was deleted, are
	// remembered; 30 days by default.
	Retention time.Duration
	// SweepInterval is how often expired bindings and outdated records are
	// looked for; 1 min by default.
	SweepInterval time.Duration
	// UnbindExpired deletes bindings whose credentials have expired.
	UnbindExpired bool
}

// Defaults of Config and Policy.
const (
	defaultWorkers        = 128
	defaultLease          = 15 * time.Second
	defaultPollInterval   = 500 * time.Millisecond
	defaultRetryAfter     = time.Second
	defaultMaxWait        = 55 * time.Second
	defaultStopGrace      = 15 * time.Second
	defaultCleanupTimeout = 24 * time.Hour
	defaultDeletedGrace   = 10 * time.Minute
	defaultFailureGrace   = 10 * time.Minute
	defaultRetention      = 30 * 24 * time.Hour
	defaultSweepInterval  = time.Minute
	defaultDeadline       = time.Hour
)

func defaultPolicy() Policy {
	return Policy{
		Mode:              ModeAutomatic,
		SyncWait:          time.Second,
		Attempts:          5,
		BackoffMin:        time.Second,
		BackoffMax:        time.Minute,
		Cleanup:           CleanupAutomatic,
		RemainingBindings: RemainingBindingsUnbind,
	}
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Replica == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "unknown"
		}
		c.Replica = host + "-" + rand.Text()[:8]
	}
	setDefault(&c.Workers, defaultWorkers)
	setDefault(&c.PlatformWorkers, most(c.Workers))
	setDefault(&c.Lease, defaultLease)
	setDefault(&c.PollInterval, defaultPollInterval)
	setDefault(&c.RetryAfter, defaultRetryAfter)
	setDefault(&c.MaxWait, defaultMaxWait)
	setDefault(&c.StopGrace, defaultStopGrace)
	setDefault(&c.CleanupTimeout, defaultCleanupTimeout)
	setDefault(&c.DeletedGrace, defaultDeletedGrace)
	setDefault(&c.FailureGrace, defaultFailureGrace)
	setDefault(&c.Retention, defaultRetention)
	setDefault(&c.SweepInterval, defaultSweepInterval)
	c.DefaultPolicy = c.DefaultPolicy.withDefaults(defaultPolicy())
	return c
}

// validate reports everything that is wrong with the configuration.
func (c Config) validate() error {
	var problems []error
	if c.Sealer == nil {
		problems = append(problems, errors.New("sealer is missing: stored parameters and credentials must be encrypted"))
	}
	if c.Workers < 0 {
		problems = append(problems, fmt.Errorf("workers is %d: it must be positive", c.Workers))
	}
	if c.PlatformWorkers < 0 {
		problems = append(problems, fmt.Errorf("platform_workers is %d: it must be positive", c.PlatformWorkers))
	}
	for _, d := range []struct {
		field string
		value time.Duration
	}{
		{"lease", c.Lease},
		{"poll_interval", c.PollInterval},
		{"retry_after", c.RetryAfter},
		{"max_wait", c.MaxWait},
		{"stop_grace", c.StopGrace},
		{"cleanup_timeout", c.CleanupTimeout},
		{"deleted_grace", c.DeletedGrace},
		{"failure_grace", c.FailureGrace},
		{"retention", c.Retention},
		{"sweep_interval", c.SweepInterval},
	} {
		if d.value < 0 {
			problems = append(problems, fmt.Errorf("%s is %v: it must not be negative", d.field, d.value))
		}
	}
	if err := c.DefaultPolicy.validate("default_policy"); err != nil {
		problems = append(problems, err)
	}
	for _, id := range slices.Sorted(maps.Keys(c.Policies)) {
		if err := c.Policies[id].validate(fmt.Sprintf("policies[%q]", id)); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// policy returns the policy of a plan; plan is nil if the catalog has it no
// more.
func (c *Config) policy(planID string, plan *openbroker.Plan) Policy {
	p := c.Policies[planID].withDefaults(c.DefaultPolicy)
	if p.Deadline == 0 && plan != nil && plan.MaximumPollingDuration != nil {
		p.Deadline = time.Duration(*plan.MaximumPollingDuration) * time.Second
	}
	setDefault(&p.Deadline, defaultDeadline)
	setDefault(&p.BindingMode, p.Mode)
	return p
}
