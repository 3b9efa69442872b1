package config

import (
	"maps"
	"slices"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// Engine configures how the engine runs operations.
type Engine struct {
	Replica         string   `yaml:"replica" doc:"name of this process in leases, unique among the replicas; derived from the host name by default"`
	Workers         int      `yaml:"workers" min:"1" default:"128" doc:"operations that this replica runs at a time"`
	PlatformWorkers int      `yaml:"platform_workers" min:"1" doc:"operations of one platform that this replica runs at a time; three quarters of workers by default"`
	Lease           Duration `yaml:"lease" default:"15s" doc:"how long a replica may miss renewals before others take over"`
	PollInterval    Duration `yaml:"poll_interval" default:"500ms" doc:"how often the store is polled for operations"`
	RetryAfter      Duration `yaml:"retry_after" default:"1s" doc:"pause between polls that platforms should make, in whole seconds"`
	MaxWait         Duration `yaml:"max_wait" default:"55s" doc:"maximum time that a request waits for its operation; platforms give up after 60s"`
	StopGrace       Duration `yaml:"stop_grace" default:"15s" doc:"how long a provider may take to return after its context has ended"`
	CleanupTimeout  Duration `yaml:"cleanup_timeout" default:"24h" doc:"how long the engine tries to clean up after a failed creation"`
	DeletedGrace    Duration `yaml:"deleted_grace" default:"10m" doc:"how long polls of a finished deletion get succeeded; afterwards they get 410"`
	FailureGrace    Duration `yaml:"failure_grace" default:"10m" doc:"how long an identical request gets the failed operation, if no poll has reported the failure"`
	Retention       Duration `yaml:"retention" default:"720h" doc:"how long finished operations and deleted instances are kept"`
	SweepInterval   Duration `yaml:"sweep_interval" default:"1m" doc:"how often outdated records are deleted"`
	UnbindExpired   bool     `yaml:"unbind_expired" default:"false" doc:"unbind bindings whose credentials have expired"`
}

// Policies configures how the engine runs the operations of plans.
type Policies struct {
	Default Policy            `yaml:"default" doc:"policy of all plans"`
	Plans   map[string]Policy `yaml:"plans" doc:"policies of single plans, by plan id, plan name, or service name/plan name"`
}

// Policy configures how the engine runs the operations of a plan.
type Policy struct {
	Mode              string   `yaml:"mode" enum:"automatic,synchronous,asynchronous" default:"automatic" doc:"how long requests wait for their operation: automatic for sync_wait, synchronous to its end, asynchronous not at all"`
	BindingMode       string   `yaml:"binding_mode" enum:"automatic,synchronous,asynchronous" doc:"the same for bind and unbind; mode by default"`
	SyncWait          Duration `yaml:"sync_wait" default:"1s" doc:"how long a request in mode automatic waits before it gets a 202"`
	Deadline          Duration `yaml:"deadline" doc:"time limit of an operation; by default the plan's maximum_polling_duration, or 1h"`
	Attempts          int      `yaml:"attempts" min:"1" default:"5" doc:"maximum number of attempts of a retryable provision, update or bind"`
	BackoffMin        Duration `yaml:"backoff_min" default:"1s" doc:"pause after the first failed attempt; it doubles with each attempt"`
	BackoffMax        Duration `yaml:"backoff_max" default:"1m" doc:"maximum pause between attempts"`
	Cleanup           string   `yaml:"cleanup" enum:"automatic,manual" default:"automatic" doc:"whether the engine deletes what a failed creation left, or an operator does"`
	ParallelBindings  *bool    `yaml:"parallel_bindings" default:"true" doc:"run operations on several bindings of an instance in parallel; otherwise a request waits its turn for sync_wait"`
	RemainingBindings string   `yaml:"remaining_bindings" enum:"unbind,refuse" default:"unbind" doc:"whether a deprovision unbinds remaining bindings or is refused"`
}

// EngineConfig returns the configuration of the engine, without Sealer, Logger and
// Observer.
// The error is [Errors] if a policy names a plan that the catalog does not have, or runs
// operations on bindings in parallel for a provider that cannot.
func (c *Config) EngineConfig(catalog *openbroker.Catalog) (durable.Config, error) {
	e := &c.Engine
	config := durable.Config{
		Replica:         e.Replica,
		Workers:         e.Workers,
		PlatformWorkers: e.PlatformWorkers,
		Lease:           time.Duration(e.Lease),
		PollInterval:    time.Duration(e.PollInterval),
		RetryAfter:      time.Duration(e.RetryAfter),
		MaxWait:         time.Duration(e.MaxWait),
		StopGrace:       time.Duration(e.StopGrace),
		CleanupTimeout:  time.Duration(e.CleanupTimeout),
		DeletedGrace:    time.Duration(e.DeletedGrace),
		FailureGrace:    time.Duration(e.FailureGrace),
		Retention:       time.Duration(e.Retention),
		SweepInterval:   time.Duration(e.SweepInterval),
		UnbindExpired:   e.UnbindExpired,
		DefaultPolicy:   c.Policies.Default.policy(),
		Policies:        map[string]durable.Policy{},
	}
	names := planNames(catalog)
	problems := collect(c.document)
	for _, name := range slices.Sorted(maps.Keys(c.Policies.Plans)) {
		path := "policies.plans." + name
		switch ids := names[name]; {
		case len(ids) == 0:
			problems.report(path, "is not a plan of the catalog, which has %q", slices.Sorted(maps.Keys(names)))
		case len(ids) > 1:
			problems.report(path, "is a plan of several services: write service/plan, or the plan's id")
		case hasKey(config.Policies, ids[0]):
			problems.report(path, "is a plan that already has a policy under another name")
		default:
			config.Policies[ids[0]] = c.Policies.Plans[name].policy()
		}
	}
	if err := c.serializeBindings(catalog, config.Policies, problems); err != nil {
		return config, err
	}
	return config, problems.err()
}

// serializeBindings gives the plans of those providers that need it a policy without
// parallel bindings.
func (c *Config) serializeBindings(catalog *openbroker.Catalog, policies map[string]durable.Policy, problems *collector) error {
	group, err := c.Group()
	if err != nil {
		return err
	}
	for i := range catalog.Services {
		service := &catalog.Services[i]
		if !group.SerialBindings(service) {
			continue
		}
		for j := range service.Plans {
			plan := &service.Plans[j]
			policy := policies[plan.ID]
			if policy.ParallelBindings != nil && *policy.ParallelBindings {
				problems.report("policies.plans", "must not have parallel_bindings for the plan %q: its provider changes one thing for all bindings of an instance", plan.Name)
			}
			policy.ParallelBindings = new(bool)
			policies[plan.ID] = policy
		}
	}
	return nil
}

func hasKey[K comparable, V any](m map[K]V, key K) bool {
	_, ok := m[key]
	return ok
}

// planNames returns the ids of plans by their id and names.
func planNames(catalog *openbroker.Catalog) map[string][]string {
	names := map[string][]string{}
	for i := range catalog.Services {
		service := &catalog.Services[i]
		for j := range service.Plans {
			plan := &service.Plans[j]
			for _, name := range []string{plan.ID, plan.Name, service.Name + "/" + plan.Name} {
				if !slices.Contains(names[name], plan.ID) {
					names[name] = append(names[name], plan.ID)
				}
			}
		}
	}
	return names
}

func (p Policy) policy() durable.Policy {
	return durable.Policy{
		Mode:              durable.ResponseMode(p.Mode),
		BindingMode:       durable.ResponseMode(p.BindingMode),
		SyncWait:          time.Duration(p.SyncWait),
		Deadline:          time.Duration(p.Deadline),
		Attempts:          p.Attempts,
		BackoffMin:        time.Duration(p.BackoffMin),
		BackoffMax:        time.Duration(p.BackoffMax),
		Cleanup:           durable.Cleanup(p.Cleanup),
		ParallelBindings:  p.ParallelBindings,
		RemainingBindings: durable.RemainingBindings(p.RemainingBindings),
	}
}
