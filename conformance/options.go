package conformance

import "time"

// Options choose what is checked and how. The zero value checks all
// requirements of the specification, with defaults that suit most brokers.
type Options struct {
	// Services and Plans limit the run to these services and plans, by id or name.
	// If Plans or AllPlans is set, or if at most twelve plans are left, the run
	// uses each of them. Otherwise it uses one plan of each shape.
	Services, Plans []string
	AllPlans        bool
	// Only and Skip select and exclude checks by id. They are patterns of
	// path.Match, such as "catalog-*".
	Only, Skip []string
	// Level is the weakest level that is checked. 0 means May.
	Level Level
	// Profiles add the requirements of these platforms.
	Profiles []Profile
	// Parameters replace the generated ones, by the id or name of a plan. Reports
	// mask their values as secrets.
	Parameters map[string]Parameters
	// Organization and Space are the ids of the organization and space of the
	// instances. If empty, the run generates them, which some brokers refuse.
	Organization, Space string
	// Waivers are for known faults.
	Waivers []Waiver

	// Parallel is how many scenarios run at the same time. 0 means 8.
	Parallel int
	// RequestTimeout is the longest wait for a response. 0 means 60 s, as in Cloud
	// Foundry.
	RequestTimeout time.Duration
	// PollInterval is the pause between two polls if the broker does not send
	// Retry-After. 0 means 1 s.
	PollInterval time.Duration
	// MaxPollInterval is the longest pause between two polls, even if the broker
	// asks for a longer one. 0 means 10 s.
	MaxPollInterval time.Duration
	// OperationTimeout is the longest wait for an asynchronous operation. A
	// shorter maximum_polling_duration of the plan takes precedence. 0 means 30
	// min.
	OperationTimeout time.Duration
	// CleanupTimeout is the longest time for the clean-up after a scenario, even
	// if the context of the run has ended. 0 means 5 min.
	CleanupTimeout time.Duration
	// IDPrefix is the prefix of the ids of all instances and bindings. With the
	// default, "05bc4ec0-", the ids are GUIDs.
	IDPrefix string
	// Tool is the program that reports name as their author. Empty means this
	// module with its version.
	Tool string

	// OnResult is called with each result as soon as it is final. Calls are never
	// concurrent.
	OnResult func(Result)
}

// Parameters are the parameters for one plan. A nil map means that the request
// has no parameters.
type Parameters struct {
	Provision map[string]any `json:"provision,omitempty"`
	Update    map[string]any `json:"update,omitempty"`
	Bind      map[string]any `json:"bind,omitempty"`
	// FailProvision make a provision fail after it was accepted. FailDeprovision
	// make the first deprovision of an instance fail. If nil, the run does not
	// check how the broker reports failures.
	FailProvision   map[string]any `json:"fail_provision,omitempty"`
	FailDeprovision map[string]any `json:"fail_deprovision,omitempty"`
}
