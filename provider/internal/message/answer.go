package message

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/openbroker/openbroker"
)

// MaxAnswer bounds an answer, in bytes.
const MaxAnswer = 1 << 20

// maxRetryAfter bounds the time until another attempt.
const maxRetryAfter = 24 * time.Hour

// An Answer is what a provider answers to a [Request]: the members of the result that the
// operation has, an error, or retry_after. An error beside retry_after is what the platform
// gets if no attempt succeeds.
type Answer struct {
	Version int `json:"version,omitempty"`

	// For provision and update. In an update, an absent member keeps the stored value.
	DashboardURL string                       `json:"dashboard_url,omitempty"`
	Metadata     *openbroker.InstanceMetadata `json:"metadata,omitempty"`
	// For provision, update and bind.
	State json.RawMessage `json:"state,omitempty"`
	// For bind.
	Credentials     openbroker.Credentials   `json:"credentials,omitempty"`
	SyslogDrainURL  string                   `json:"syslog_drain_url,omitempty"`
	RouteServiceURL string                   `json:"route_service_url,omitempty"`
	VolumeMounts    []openbroker.VolumeMount `json:"volume_mounts,omitempty"`
	Endpoints       []openbroker.Endpoint    `json:"endpoints,omitempty"`
	ExpiresAt       time.Time                `json:"expires_at,omitzero"`
	RenewBefore     time.Time                `json:"renew_before,omitzero"`
	// For list.
	Resources []string `json:"resources,omitempty"`

	Error *Error `json:"error,omitempty"`
	// RetryAfter, in seconds, asks for another attempt.
	RetryAfter *float64 `json:"retry_after,omitempty"`
}

// An Error is an error for the platform.
type Error struct {
	// Status is the HTTP status, 400 to 599.
	Status int `json:"status"`
	// Code is a single word in camel case, such as "PlanQuotaExceeded".
	Code string `json:"error,omitempty"`
	// Description is what users of the platform read.
	Description      string `json:"description"`
	InstanceUsable   *bool  `json:"instance_usable,omitempty"`
	UpdateRepeatable *bool  `json:"update_repeatable,omitempty"`
}

// members lists the members of the result of an operation.
func (o Operation) members() []string {
	switch o {
	case Provision, Update:
		return []string{"dashboard_url", "metadata", "state"}
	case Bind:
		return []string{
			"credentials", "state", "syslog_drain_url", "route_service_url", "volume_mounts", "endpoints", "expires_at", "renew_before",
		}
	case List:
		return []string{"resources"}
	default:
		return nil
	}
}

// common are the members that every answer can have.
var common = []string{"version", "error", "retry_after"}

// DecodeAnswer decodes the answer to a request for an operation. It refuses what it does
// not know; null counts as absent. The error is [DecodeErrors].
func DecodeAnswer(operation Operation, data []byte) (*Answer, error) {
	d, err := parse(data, MaxAnswer, "the answer")
	if err != nil {
		return nil, err
	}
	result := operation.members()
	d.check(d.root, typeOf[Answer](), "")
	for i := range d.root.Members {
		member := &d.root.Members[i]
		if slices.Contains(common, member.Name) || slices.Contains(result, member.Name) || d.unknown[member.Name] {
			continue
		}
		d.report(member.Place, "%s is no member of the answer to %s", member.Name, operation)
	}
	a := new(Answer)
	if err := d.into(a); err != nil {
		return nil, err
	}
	d.checkAnswer(a, result)
	return a, d.err()
}

// checkAnswer reports values that no result can have.
func (d *decoder) checkAnswer(a *Answer, result []string) {
	at := func(names ...string) { d.at = d.placeOf(names...) }
	if at("version"); a.Version != 0 && a.Version != Version {
		d.reportHere("version must be %d", Version)
	}
	if a.Error != nil || a.RetryAfter != nil {
		for _, name := range result {
			if at(name); d.has(name) {
				d.reportHere("%s has no meaning beside error or retry_after: remove it, or these", name)
			}
		}
	}
	if at("retry_after"); a.RetryAfter != nil && (*a.RetryAfter < 0 || *a.RetryAfter > maxRetryAfter.Seconds()) {
		d.reportHere("retry_after must be a number of seconds from 0 to %.0f", maxRetryAfter.Seconds())
	}
	if a.Error != nil {
		if at("error", "status"); a.Error.Status < 400 || a.Error.Status > 599 {
			d.reportHere("error.status must be an HTTP status from 400 to 599")
		}
		if at("error", "error"); !isWord(a.Error.Code) {
			d.reportHere("error.error must be a single word, such as PlanQuotaExceeded")
		}
		if at("error", "description"); a.Error.Description == "" {
			d.reportHere("error.description must say what users of the platform can do: it is missing or empty")
		}
	}
	if at("renew_before"); !a.ExpiresAt.IsZero() && a.RenewBefore.After(a.ExpiresAt) {
		d.reportHere("renew_before must not be later than expires_at")
	}
	if at("endpoints"); slices.ContainsFunc(a.Endpoints, func(e openbroker.Endpoint) bool { return e.Host == "" || len(e.Ports) == 0 }) {
		d.reportHere("each of endpoints needs a host and at least one port")
	}
	if at("resources"); slices.Contains(a.Resources, "") {
		d.reportHere("each of resources must be a resource name")
	}
}

func isWord(code string) bool {
	for _, c := range code {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return len(code) <= 100
}
