package conformance

import (
	"fmt"
	"strings"
)

// A Check is one requirement on a broker and how to see from outside whether it
// is met. It is data: all that a report or a page of documentation says of it
// is here.
type Check struct {
	// ID names the check and does not change between releases:
	// "provision-repeated-200".
	ID string `json:"id"`
	// Title says in one sentence what holds of a broker that passes.
	Title string `json:"title"`
	// Clause is what the check is derived from.
	Clause Clause `json:"clause"`
	// Level is the force of the clause.
	Level Level `json:"level"`
	// Profile is the platform whose demand this is; empty if it is that of the
	// specification.
	Profile Profile `json:"profile,omitempty"`
	// Needs are the features without which the check does not apply.
	Needs []Feature `json:"needs,omitempty"`
	// Scenario is the name of the scenario whose answers are judged. If it is
	// empty, those of all scenarios are.
	Scenario string `json:"scenario,omitempty"`
	// Steps are the steps of Scenario that are judged. One that does not apply
	// leaves the others to be judged; one that could not be sent because an
	// earlier one failed leaves the check not evaluated.
	Steps []string `json:"steps,omitempty"`
	// Endpoints narrow a check without Scenario to the answers of these
	// endpoints; empty means all of them.
	Endpoints []Endpoint `json:"endpoints,omitempty"`
	// If is a condition that only the broker's answers can tell, for instance
	// that it works asynchronously. Answers for which it does not hold are not
	// judged.
	If Condition `json:"if,omitzero"`
	// Expect is what must hold of each answer that is judged.
	Expect []Expectation `json:"expect"`
	// Remark is said of an answer that meets the expectations, but has something
	// that its reader should know.
	Remark Remark `json:"remark,omitzero"`
}

// Expected returns all expectations of the check in words.
func (c Check) Expected() string {
	words := make([]string, len(c.Expect))
	for i, expectation := range c.Expect {
		words[i] = expectation.Words
	}
	return strings.Join(words, "; ")
}

// A Clause is a place in the specification, or in the sources of a platform.
type Clause struct {
	// Document is spec.md, profile.md, an RFC or the name of a platform.
	Document string `json:"document"`
	// Section is the heading under which the clause stands.
	Section string `json:"section"`
	// URL leads to the section.
	URL string `json:"url"`
	// Says is the clause in short words.
	Says string `json:"says"`
}

// Level is the force of a clause, as RFC 2119 defines it. REQUIRED and SHALL
// are Must, RECOMMENDED is Should, OPTIONAL is May.
type Level int

// The levels, from the weakest to the strongest.
const (
	May Level = iota + 1
	Should
	Must
)

// String returns "MUST", "SHOULD" or "MAY".
func (l Level) String() string {
	switch l {
	case Must:
		return "MUST"
	case Should:
		return "SHOULD"
	case May:
		return "MAY"
	default:
		return fmt.Sprintf("Level(%d)", int(l))
	}
}

// MarshalText is String, for JSON and the like.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads "MUST", "SHOULD" or "MAY", in any case.
func (l *Level) UnmarshalText(text []byte) error {
	level, err := ParseLevel(string(text))
	*l = level
	return err
}

// ParseLevel reads "must", "should" or "may", in any case. Any other text is an
// error that lists them.
func ParseLevel(text string) (Level, error) {
	switch strings.ToLower(text) {
	case "must":
		return Must, nil
	case "should":
		return Should, nil
	case "may":
		return May, nil
	default:
		return 0, fmt.Errorf("unknown level %q: must, should or may", text)
	}
}

// Profile is a platform with demands of its own.
type Profile string

// The platforms whose demands are known.
const (
	// CloudFoundry is Cloud Foundry's Cloud Controller.
	CloudFoundry Profile = "cloudfoundry"
	// Korifi is Cloud Foundry on Kubernetes.
	Korifi Profile = "korifi"
	// Kubernetes is the service catalog of Kubernetes and its client.
	Kubernetes Profile = "kubernetes"
	// ServiceManager is SAP's Service Manager.
	ServiceManager Profile = "sm"
)

// Profiles returns all profiles.
func Profiles() []Profile {
	return []Profile{CloudFoundry, Korifi, Kubernetes, ServiceManager}
}

// ParseProfile returns the profile with a name; cf is short for cloudfoundry, and "" is no
// profile. The error for an unknown name lists the known ones.
func ParseProfile(name string) (Profile, error) {
	if name == "" {
		return "", nil
	}
	if name == "cf" {
		return CloudFoundry, nil
	}
	for _, profile := range Profiles() {
		if string(profile) == name {
			return profile, nil
		}
	}
	return "", fmt.Errorf("unknown profile %q: cloudfoundry, korifi, kubernetes or sm", name)
}

// joinProfiles lists profiles for people: "cloudfoundry, korifi".
func joinProfiles(profiles []Profile) string {
	names := make([]string, len(profiles))
	for i, profile := range profiles {
		names[i] = string(profile)
	}
	return strings.Join(names, ", ")
}

// A Feature is what a check needs of the broker's catalog or of the run, in
// words that complete "needs ...".
type Feature string

// The features.
const (
	// Credentials are needed to see that others are refused.
	Credentials Feature = "credentials for the broker"
	// SecretLogin is a password or a token: something that can be wrong.
	SecretLogin Feature = "a password or token for the broker"
	// PasswordLogin is HTTP basic authentication, which the specification
	// defines.
	PasswordLogin Feature = "a username and password for the broker"
	// Bindable plans can be bound.
	Bindable Feature = "a bindable plan"
	// NotBindable plans cannot.
	NotBindable Feature = "a plan that is not bindable"
	// Rotatable plans declare binding_rotatable.
	Rotatable Feature = "a bindable plan with binding_rotatable"
	// InstancesRetrievable services declare instances_retrievable.
	InstancesRetrievable Feature = "a service with instances_retrievable"
	// BindingsRetrievable services declare bindings_retrievable.
	BindingsRetrievable Feature = "a service with bindings_retrievable"
	// ContextUpdates services declare allow_context_updates.
	ContextUpdates Feature = "a service with allow_context_updates"
	// PlanUpdateable plans declare plan_updateable, and there is another plan.
	PlanUpdateable Feature = "a plan with plan_updateable, and another plan of its service"
	// NotPlanUpdateable plans do not, and there is another plan.
	NotPlanUpdateable Feature = "a plan without plan_updateable, and another plan of its service"
	// OtherPlan is a second plan of the same service.
	OtherPlan Feature = "a service with two plans"
	// OtherService is a second service in the catalog.
	OtherService Feature = "a catalog with two services"
	// MaintenanceInfo plans declare a version.
	MaintenanceInfo Feature = "a plan with maintenance_info"
	// CreateSchema is a schema for provisioning.
	CreateSchema Feature = "a plan with a schema for provisioning"
	// UpdateSchema is a schema for updates.
	UpdateSchema Feature = "a plan with a schema for updates"
	// FailingProvision and FailingDeprovision are parameters that the user gives.
	FailingProvision   Feature = "parameters with which a provision fails (fail_provision)"
	FailingDeprovision Feature = "parameters of an instance whose deprovision fails (fail_deprovision)"
	// AnyParameters are accepted by a plan that has no schema for provisioning.
	AnyParameters Feature = "a plan without a schema for provisioning"
	// BindSchema is a schema for bindings.
	BindSchema Feature = "a bindable plan with a schema for bindings"
	// DistinctCreateParameters are two sets of parameters that differ: the plan has no
	// schema for provisioning, or one that allows two sets.
	DistinctCreateParameters Feature = "a plan that accepts two different sets of parameters"
	// DistinctBindParameters are the same for bindings.
	DistinctBindParameters Feature = "a bindable plan that accepts two different sets of parameters for bindings"
	// InvalidCreateParameters are parameters that the schema surely refuses.
	InvalidCreateParameters Feature = "a plan with a schema for provisioning that can be broken"
	// InvalidUpdateParameters are the same for updates.
	InvalidUpdateParameters Feature = "a plan with a schema for updates that can be broken"
	// InvalidBindParameters are parameters for a binding that the schema surely refuses.
	InvalidBindParameters Feature = "a bindable plan with a schema for bindings that can be broken"
	// SyslogDrain services require syslog_drain.
	SyslogDrain Feature = "a bindable plan of a service that requires syslog_drain"
	// OnlySyslogDrain services require nothing else, so that each of their
	// bindings must be a log drain.
	OnlySyslogDrain Feature = "a bindable plan of a service that requires syslog_drain only"
	// OnlyVolumeMount services require nothing else, so that each of their
	// bindings must mount a volume.
	OnlyVolumeMount Feature = "a bindable plan of a service that requires volume_mount only"
	// RouteForwarding services require route_forwarding.
	RouteForwarding Feature = "a bindable plan of a service that requires route_forwarding"
	// VolumeMount services require volume_mount.
	VolumeMount Feature = "a bindable plan of a service that requires volume_mount"
)
