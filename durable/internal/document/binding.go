package document

import "encoding/json"

const bindingFormat = 1

// A Binding is the stored document of a binding. The engine seals it.
type Binding struct {
	Header
	Parameters    Object `json:"parameters,omitempty"`
	Context       Object `json:"context,omitempty"`
	AppGUID       string `json:"app_guid,omitempty"`
	BindResource  Object `json:"bind_resource,omitempty"`
	PredecessorID string `json:"predecessor_binding_id,omitempty"`
	// Bound is what the provider returned.
	Bound *Bound `json:"bound,omitempty"`
	// State is the JSON that the provider stores with the binding.
	State json.RawMessage `json:"state,omitempty"`
	// Attributes is the only field of a tombstone.
	Attributes []byte `json:"attributes,omitempty"`
	// PreparedParameters are what the provider gets in place of Parameters, if set.
	PreparedParameters Object `json:"prepared_parameters,omitempty"`
}

func (*Binding) latest() int { return bindingFormat }

// Bound is what an application needs to use a binding.
type Bound struct {
	Metadata        *BindingMetadata `json:"metadata,omitempty"`
	Credentials     map[string]any   `json:"credentials,omitzero"`
	SyslogDrainURL  string           `json:"syslog_drain_url,omitempty"`
	RouteServiceURL string           `json:"route_service_url,omitempty"`
	VolumeMounts    []VolumeMount    `json:"volume_mounts,omitempty"`
	Endpoints       []Endpoint       `json:"endpoints,omitempty"`
}

// BindingMetadata are the times of a binding, in RFC 3339 in UTC, to a tenth of a
// second. Empty means unset.
type BindingMetadata struct {
	ExpiresAt   string `json:"expires_at,omitempty"`
	RenewBefore string `json:"renew_before,omitempty"`
}

// A VolumeMount is a volume of a binding.
type VolumeMount struct {
	Driver       string       `json:"driver"`
	ContainerDir string       `json:"container_dir"`
	Mode         string       `json:"mode"`
	DeviceType   string       `json:"device_type"`
	Device       VolumeDevice `json:"device"`
}

// A VolumeDevice is the device of a [VolumeMount].
type VolumeDevice struct {
	VolumeID    string         `json:"volume_id"`
	MountConfig map[string]any `json:"mount_config,omitempty"`
}

// An Endpoint is a network address of a binding.
type Endpoint struct {
	Host     string   `json:"host"`
	Ports    []string `json:"ports"`
	Protocol string   `json:"protocol,omitempty"`
}
