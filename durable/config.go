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

// A Sealer encrypts stored data. Package seal implements it. A sealed value opens only
// with the associated data that it was sealed with.
type Sealer interface {
	Seal(plaintext, associated []byte) ([]byte, error)
	Open(sealed, associated []byte) ([]byte, error)
}

// A Config configures an [Engine]. Zero fields take their defaults; only Sealer is
// required.
type Config struct {
	// Sealer encrypts parameters, contexts, credentials, provider state and
	// checkpoints. Required.
	Sealer Sealer
	// Logger logs the progress of operations; slog.Default() by default.
	Logger *slog.Logger
	// Replica names this process in leases. It must be unique among the replicas. By
	// default it consists of the host name and a random part.
	Replica string
	// Policies has the policies of plans, by plan id. DefaultPolicy applies to all other
	// plans, and to the empty fields of Policies.
	Policies      map[string]Policy
	DefaultPolicy Policy
	// Workers is how many operations this replica works on at the same time; 128 by
	// default. Further operations wait in the store for any replica, oldest first.
	Workers int
	// PlatformWorkers is how many workers the operations of one platform may take;
	// three quarters of Workers by default. If the catalog has several services, one of
	// them may take three quarters of PlatformWorkers. Clean-ups may take half of
	// Workers.
	PlatformWorkers int
	// Lease is how long a replica may miss renewals before others take over; 15 s by
	// default. A replica renews three times within it.
	Lease time.Duration
	// PollInterval is the pause between queries for operations that are due; 500 ms
	// by default.
	PollInterval time.Duration
	// RetryAfter is the Retry-After of each 202 and of each poll of an operation in
	// progress, in whole seconds; 1 s by default.
	RetryAfter time.Duration
	// MaxWait is the longest time that a request waits for its operation; 55 s by
	// default, because platforms give up after 60 s.
	MaxWait time.Duration
	// StopGrace is how long a provider may take to return after its context has
	// ended; 15 s by default. After that the engine abandons the call.
	StopGrace time.Duration
	// CleanupTimeout limits how long the engine repeats the clean-up of a failed
	// creation and the deletion of an expired binding; 24 h by default.
	CleanupTimeout time.Duration
	// DeletedGrace is how long a poll of a successful deletion is answered with
	// "succeeded"; 10 min by default. After that the answer is 410.
	DeletedGrace time.Duration
	// FailureGrace is how long an identical PUT or DELETE is answered with the failed
	// operation; 10 min by default. Once a poll or an answer has reported the failure,
	// or after this time, such a request begins a new operation.
	FailureGrace time.Duration
	// Retention is how long the store keeps ended operations and the records of deleted
	// instances and bindings; 30 days by default.
	Retention time.Duration
	// SweepInterval is the pause between searches for expired bindings and for records
	// to prune; 1 min by default.
	SweepInterval time.Duration
	// UnbindExpired deletes bindings whose credentials have expired.
	UnbindExpired bool
	// Observer watches operations, for metrics and traces; package telemetry has one.
	// The default is none.
	Observer Observer
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

// validate reports all problems of the configuration.
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

// policy returns the policy of a plan. plan is nil if the catalog no longer has it.
func (c *Config) policy(planID string, plan *openbroker.Plan) Policy {
	p := c.Policies[planID].withDefaults(c.DefaultPolicy)
	if p.Deadline == 0 && plan != nil && plan.MaximumPollingDuration != nil {
		p.Deadline = time.Duration(*plan.MaximumPollingDuration) * time.Second
	}
	setDefault(&p.Deadline, defaultDeadline)
	setDefault(&p.BindingMode, p.Mode)
	return p
}
