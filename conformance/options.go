package conformance

import "time"

// Options choose what is checked and how. The zero value checks everything of
// the specification, with defaults that suit most brokers.
type Options struct {
	// Services and Plans narrow the run to these, by id or name. If Plans or
	// AllPlans is set, each chosen plan is used; otherwise all plans of a small
	// catalog (up to twelve) and, of a larger one, one of each shape.
	Services, Plans []string
	AllPlans        bool
	// Only and Skip choose checks by id, as patterns of path.Match: "catalog-*".
	Only, Skip []string
	// Level is the weakest level that is checked; 0 is May.
	Level Level
	// Profiles add the demands of platforms.
	Profiles []Profile
	// Parameters are used instead of generated ones, by the id or name of a
	// plan. Their values are taken for secret and are masked in reports.
	Parameters map[string]Parameters
	// Organization and Space are the ids that provisions are for. Empty ones are
	// made up for the run, which some brokers refuse.
	Organization, Space string
	// Waivers are for faults that are known.
	Waivers []Waiver

	// Parallel is how many scenarios run at the same time; 0 is 8.
	Parallel int
	// RequestTimeout is how long to wait for an answer; 0 is 60 s, as Cloud
	// Foundry waits.
	RequestTimeout time.Duration
	// PollInterval is the pause between two polls if the broker does not send
	// Retry-After; 0 is 1 s.
	PollInterval time.Duration
	// MaxPollInterval caps the pause that the broker asks for; 0 is 10 s.
	MaxPollInterval time.Duration
	// OperationTimeout is how long an asynchronous operation may take if the
	// plan has no maximum_polling_duration, or a longer one; 0 is 30 min.
	OperationTimeout time.Duration
	// CleanupTimeout is how long the clean-up may take after the run, or after
	// its context ended; 0 is 5 min.
	CleanupTimeout time.Duration
	// IDPrefix is what the ids of all instances and bindings begin with. The
	// default, "05bc4ec0-", leaves them in the form of a GUID.
	IDPrefix string
	// Tool is what reports say that they were made by; empty is the version of
	// this module.
	Tool string

	// OnResult is called with each result as soon as it is final, never
	// concurrently.
	OnResult func(Result)
}

// Parameters are those of one plan. A nil map means that the request has no
// parameters.
type Parameters struct {
	Provision map[string]any `json:"provision,omitempty"`
	Update    map[string]any `json:"update,omitempty"`
	Bind      map[string]any `json:"bind,omitempty"`
	// FailProvision are those with which a provision is accepted and then fails,
	// FailDeprovision those of an instance whose first deprovision fails. Nil if
	// there are none: what a platform hears of failures is not checked then.
	FailProvision   map[string]any `json:"fail_provision,omitempty"`
	FailDeprovision map[string]any `json:"fail_deprovision,omitempty"`
}
