package config

import (
	"maps"
	"slices"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// Engine says how operations are carried out.
type Engine struct {
	Replica         string   `yaml:"replica" doc:"name of this process in leases, unique among the replicas; made from the host name by default"`
	Workers         int      `yaml:"workers" min:"1" default:"128" doc:"operations that this replica works on at a time"`
	PlatformWorkers int      `yaml:"platform_workers" min:"1" doc:"how many of them one platform may have at a time; three quarters of workers by default"`
	Lease           Duration `yaml:"lease" default:"15s" doc:"how long a replica that says nothing is believed to live"`
	PollInterval    Duration `yaml:"poll_interval" default:"500ms" doc:"how often the store is asked for work"`
	RetryAfter      Duration `yaml:"retry_after" default:"1s" doc:"when platforms should poll again, in whole seconds"`
	MaxWait         Duration `yaml:"max_wait" default:"55s" doc:"the longest that a request waits for its operation; platforms give up after 60s"`
	StopGrace       Duration `yaml:"stop_grace" default:"15s" doc:"how long a provider may take to return when it is told to stop"`
	CleanupTimeout  Duration `yaml:"cleanup_timeout" default:"24h" doc:"how long to try to clean up after a failed creation"`
	DeletedGrace    Duration `yaml:"deleted_grace" default:"10m" doc:"how long a finished deletion is answered with succeeded, then with 410"`
	FailureGrace    Duration `yaml:"failure_grace" default:"10m" doc:"how long an identical request is answered with the operation that failed, until a poll has said so"`
	Retention       Duration `yaml:"retention" default:"720h" doc:"how long finished operations and deleted instances are remembered"`
	SweepInterval   Duration `yaml:"sweep_interval" default:"1m" doc:"how often outdated records are looked for"`
	UnbindExpired   bool     `yaml:"unbind_expired" default:"false" doc:"delete bindings whose credentials have expired"`
}

// Policies says how the operations of plans are treated.
type Policies struct {
	Default Policy            `yaml:"default" doc:"for all plans"`
	Plans   map[string]Policy `yaml:"plans" doc:"for single plans, by plan id, plan name, or service name/plan name"`
}

// Policy is how the operations of a plan are treated.
type Policy struct {
	Mode              string   `yaml:"mode" enum:"automatic,synchronous,asynchronous" default:"automatic" doc:"whether requests wait for their operation: for sync_wait, to the end, or never"`
	BindingMode       string   `yaml:"binding_mode" enum:"automatic,synchronous,asynchronous" doc:"the same for bind and unbind; mode by default"`
	SyncWait          Duration `yaml:"sync_wait" default:"1s" doc:"how long automatic waits before it answers 202"`
	Deadline          Duration `yaml:"deadline" doc:"how long an operation may take; the plan's maximum_polling_duration, or 1h, by default"`
	Attempts          int      `yaml:"attempts" min:"1" default:"5" doc:"how often a retryable provision, update or bind is tried"`
	BackoffMin        Duration `yaml:"backoff_min" default:"1s" doc:"pause after the first failed attempt; it doubles"`
	BackoffMax        Duration `yaml:"backoff_max" default:"1m" doc:"longest pause between attempts"`
	Cleanup           string   `yaml:"cleanup" enum:"automatic,manual" default:"automatic" doc:"whether what a failed creation left is deleted at once"`
	ParallelBindings  *bool    `yaml:"parallel_bindings" default:"true" doc:"allow operations on several bindings of one instance at a time; otherwise each waits its turn, for sync_wait"`
	RemainingBindings string   `yaml:"remaining_bindings" enum:"unbind,refuse" default:"unbind" doc:"what a deprovision does about bindings that are left"`
}

// EngineConfig is the configuration of the engine, without what is made elsewhere:
// sealer and logger. The error is [Errors], if a policy is for a plan that the
// catalog does not have.
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
	problems := c.document.problems()
	for _, name := range slices.Sorted(maps.Keys(c.Policies.Plans)) {
		path := "policies.plans." + name
		switch ids := names[name]; {
		case len(ids) == 0:
			problems.report(path, "is no plan of the catalog, which has %q", slices.Sorted(maps.Keys(names)))
		case len(ids) > 1:
			problems.report(path, "is a plan of several services: write service/plan, or the plan's id")
		case hasKey(config.Policies, ids[0]):
			problems.report(path, "is a plan that has another policy already, under another name")
		default:
			config.Policies[ids[0]] = c.Policies.Plans[name].policy()
		}
	}
	return config, problems.err()
}

func hasKey[K comparable, V any](m map[K]V, key K) bool {
	_, ok := m[key]
	return ok
}

// planNames returns the ids of the plans that a name stands for.
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
