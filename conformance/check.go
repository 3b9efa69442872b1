package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// A Check is one requirement on a broker, and how to judge from its responses
// whether the broker meets it. A check is data: reports and documentation are
// written from it.
type Check struct {
	// ID names the check, such as "provision-repeated-200". It does not change
	// between releases.
	ID string `json:"id"`
	// Title says in one sentence what a broker that passes does.
	Title string `json:"title"`
	// Clause is the requirement that the check is derived from.
	Clause Clause `json:"clause"`
	// Level is the force of the clause.
	Level Level `json:"level"`
	// Profile is the platform that has the requirement. Empty means the
	// specification.
	Profile Profile `json:"profile,omitempty"`
	// Needs are the features that the check requires to apply.
	Needs []Feature `json:"needs,omitempty"`
	// Scenario is the name of the scenario whose responses are judged. Empty
	// selects all scenarios.
	Scenario string `json:"scenario,omitempty"`
	// Steps are the steps of Scenario that are judged. A step that does not apply
	// is left out. A step that was not sent because an earlier one failed makes
	// the check not evaluated.
	Steps []string `json:"steps,omitempty"`
	// Endpoints limit a check without Scenario to the responses of these
	// endpoints. Empty selects all.
	Endpoints []Endpoint `json:"endpoints,omitempty"`
	// If is a condition on the broker's responses, for instance that it works
	// asynchronously. A response for which the condition does not hold is not
	// judged.
	If Condition `json:"if,omitzero"`
	// Expect are the expectations that each judged response must meet.
	Expect []Expectation `json:"expect"`
	// Remark is reported if a response meets the expectations but deserves
	// attention.
	Remark Remark `json:"remark,omitzero"`
}

// Expected returns all expectations of the check in words, separated by
// semicolons. An expectation of services and plans alike occurs once.
func (c Check) Expected() string {
	words := make([]string, len(c.Expect))
	for i, expectation := range c.Expect {
		words[i] = expectation.Words
	}
	return strings.Join(slices.Compact(words), "; ")
}

// A Clause is a requirement of the specification or of a platform.
type Clause struct {
	// Document is spec.md, profile.md, an RFC or the name of a platform.
	Document string `json:"document"`
	// Section is the heading of the section that has the clause.
	Section string `json:"section"`
	// URL is the link to the section.
	URL string `json:"url"`
	// Says is a summary of the clause.
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

// MarshalText returns the same text as String.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText parses "MUST", "SHOULD" or "MAY" in any case.
func (l *Level) UnmarshalText(text []byte) error {
	level, err := ParseLevel(string(text))
	*l = level
	return err
}

// ParseLevel parses "must", "should" or "may" in any case. Its error for any
// other text lists the levels.
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

// Profile is a platform that has requirements of its own.
type Profile string

// The platforms.
const (
	// CloudFoundry is Cloud Foundry's Cloud Controller.
	CloudFoundry Profile = "cloudfoundry"
	// Korifi is Cloud Foundry on Kubernetes.
	Korifi Profile = "korifi"
	// Kubernetes is the Kubernetes service catalog and its client.
	Kubernetes Profile = "kubernetes"
	// ServiceManager is SAP's Service Manager.
	ServiceManager Profile = "sm"
)

// Profiles returns all profiles.
func Profiles() []Profile {
	return []Profile{CloudFoundry, Korifi, Kubernetes, ServiceManager}
}

// ParseProfile returns the profile with the name. The name "cf" is short for
// "cloudfoundry". The empty name returns the empty profile, which stands for the
// specification. The error for an unknown name lists the known ones.
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

// joinProfiles lists profiles for a report: "cloudfoundry, korifi".
func joinProfiles(profiles []Profile) string {
	names := make([]string, len(profiles))
	for i, profile := range profiles {
		names[i] = string(profile)
	}
	return strings.Join(names, ", ")
}

// A Feature is what a check requires of the catalog or of the options of the
// run, in words that complete "it requires ...".
type Feature string

// The features.
const (
	// Credentials log in: requests with other credentials must be refused.
	Credentials Feature = "credentials for the broker"
	// SecretLogin is a login with a password or a token, so that a wrong one can
	// be tried.
	SecretLogin Feature = "a password or token for the broker"
	// PasswordLogin is a login with HTTP basic authentication.
	PasswordLogin Feature = "a username and password for the broker"
	// Bindable plans allow bindings.
	Bindable Feature = "a bindable plan"
	// NotBindable plans do not allow bindings.
	NotBindable Feature = "a plan that is not bindable"
	// Rotatable plans declare binding_rotatable.
	Rotatable Feature = "a bindable plan with binding_rotatable"
	// InstancesRetrievable services declare instances_retrievable.
	InstancesRetrievable Feature = "a service with instances_retrievable"
	// BindingsRetrievable services declare bindings_retrievable.
	BindingsRetrievable Feature = "a service with bindings_retrievable"
	// ContextUpdates services declare allow_context_updates.
	ContextUpdates Feature = "a service with allow_context_updates"
	// PlanUpdateable plans declare plan_updateable, and their service has another
	// plan.
	PlanUpdateable Feature = "a plan with plan_updateable, and another plan of its service"
	// NotPlanUpdateable plans do not declare plan_updateable, and their service
	// has another plan.
	NotPlanUpdateable Feature = "a plan without plan_updateable, and another plan of its service"
	// OtherPlan is a second plan of the same service.
	OtherPlan Feature = "a service with two plans"
	// OtherService is a second service in the catalog.
	OtherService Feature = "a catalog with two services"
	// MaintenanceInfo plans declare maintenance_info with a version.
	MaintenanceInfo Feature = "a plan with maintenance_info"
	// CreateSchema plans have a schema for provisioning.
	CreateSchema Feature = "a plan with a schema for provisioning"
	// UpdateSchema plans have a schema for updates.
	UpdateSchema Feature = "a plan with a schema for updates"
	// FailingProvision and FailingDeprovision are parameters in the options that
	// make the operation fail.
	FailingProvision   Feature = "parameters that make a provision fail (fail_provision)"
	FailingDeprovision Feature = "parameters that make the deprovision of an instance fail (fail_deprovision)"
	// AnyParameters plans have no schema for provisioning, so that any parameters
	// can be sent.
	AnyParameters Feature = "a plan without a schema for provisioning"
	// BindSchema plans have a schema for bindings.
	BindSchema Feature = "a bindable plan with a schema for bindings"
	// DistinctCreateParameters plans accept two different sets of parameters: they
	// have no schema for provisioning, or one that allows two sets.
	DistinctCreateParameters Feature = "a plan that accepts two different sets of parameters"
	// DistinctBindParameters plans accept two different sets of parameters for
	// bindings.
	DistinctBindParameters Feature = "a bindable plan that accepts two different sets of parameters for bindings"
	// InvalidCreateParameters plans have a schema for provisioning for which the
	// run can generate invalid parameters.
	InvalidCreateParameters Feature = "a plan with a schema for provisioning that can be violated"
	// InvalidUpdateParameters plans have such a schema for updates.
	InvalidUpdateParameters Feature = "a plan with a schema for updates that can be violated"
	// InvalidBindParameters plans have such a schema for bindings.
	InvalidBindParameters Feature = "a bindable plan with a schema for bindings that can be violated"
	// SyslogDrain services require syslog_drain.
	SyslogDrain Feature = "a bindable plan of a service that requires syslog_drain"
	// OnlySyslogDrain services require syslog_drain and nothing else, so that each
	// of their bindings must be a log drain.
	OnlySyslogDrain Feature = "a bindable plan of a service that requires syslog_drain only"
	// OnlyVolumeMount services require volume_mount and nothing else, so that each
	// of their bindings must mount a volume.
	OnlyVolumeMount Feature = "a bindable plan of a service that requires volume_mount only"
	// RouteForwarding services require route_forwarding.
	RouteForwarding Feature = "a bindable plan of a service that requires route_forwarding"
	// VolumeMount services require volume_mount.
	VolumeMount Feature = "a bindable plan of a service that requires volume_mount"
)
