package openbroker

import (
	"encoding/json"
	"time"
)

// A BindRequest asks for a new binding (spec.md, "Binding"), or for the
// successor of one (spec.md, "Request (Rotating a Service Binding)") if
// PredecessorBindingID is set. Platforms may repeat it at any time.
type BindRequest struct {
	InstanceID string `json:"-"`
	// BindingID is chosen by the platform, like an instance id.
	BindingID string `json:"-"`
	// ServiceID, PlanID, Service and Plan may be absent in a rotation. The binding
	// then has the service and the plan of its predecessor.
	ServiceID string          `json:"service_id,omitempty"`
	PlanID    string          `json:"plan_id,omitempty"`
	Service   *Service        `json:"-"`
	Plan      *Plan           `json:"-"`
	Context   PlatformContext `json:"context,omitzero"`
	// AppGUID comes from BindResource, or else from the deprecated field of the
	// request. It is empty if the binding is not for an application, for example
	// for a service key.
	AppGUID      string        `json:"app_guid,omitempty"`
	BindResource *BindResource `json:"bind_resource,omitempty"`
	// PredecessorBindingID is the binding that this one replaces, or empty. Both
	// stay valid until they expire or are deleted.
	PredecessorBindingID string `json:"predecessor_binding_id,omitempty"`
	// Parameters are those that the user gave, or nil.
	Parameters Parameters `json:"parameters,omitempty"`
	// AcceptsIncomplete allows the outcome Accepted.
	AcceptsIncomplete bool   `json:"-"`
	Caller            Caller `json:"-"`
	// Body is the whole request object, for extension fields. Parameters and
	// Context share its memory: do not change them.
	Body Parameters `json:"-"`

	validation parameterValidation
}

// A BindResource is the resource that a binding is for, such as an application
// (spec.md, "Bind Resource Object"; profile.md, "Cloud Foundry Bind Resource
// Object"). All fields are optional.
type BindResource struct {
	AppGUID string `json:"app_guid,omitempty"`
	// Route is the address of the application for a route service.
	Route              string         `json:"route,omitempty"`
	SpaceGUID          string         `json:"space_guid,omitempty"`
	AppAnnotations     map[string]any `json:"app_annotations,omitempty"`
	CredentialClientID string         `json:"credential_client_id,omitempty"`
	// Raw is the whole object as received.
	Raw json.RawMessage `json:"-"`
}

// A BindResponse answers a [BindRequest]. With the outcome Accepted, the handler
// sends only Operation and RetryAfter; the platform fetches the rest with
// GetBinding.
type BindResponse struct {
	// Outcome is Completed (201), AlreadyExists (200) or Accepted (202).
	Outcome   Outcome `json:"-"`
	Operation string  `json:"operation,omitempty"`
	// RetryAfter, when positive, tells the platform when to poll an accepted
	// operation.
	RetryAfter  time.Duration    `json:"-"`
	Metadata    *BindingMetadata `json:"metadata,omitempty"`
	Credentials Credentials      `json:"credentials,omitzero"`
	// SyslogDrainURL needs the service to require PermissionSyslogDrain.
	SyslogDrainURL string `json:"syslog_drain_url,omitempty"`
	// RouteServiceURL needs the service to require PermissionRouteForwarding.
	RouteServiceURL string `json:"route_service_url,omitempty"`
	// VolumeMounts needs the service to require PermissionVolumeMount.
	VolumeMounts []VolumeMount `json:"volume_mounts,omitempty"`
	Endpoints    []Endpoint    `json:"endpoints,omitempty"`
}

// binding returns the fields that a new binding and a fetched one have in common.
func (r *BindResponse) binding() *GetBindingResponse {
	return &GetBindingResponse{
		Metadata: r.Metadata, Credentials: r.Credentials, SyslogDrainURL: r.SyslogDrainURL,
		RouteServiceURL: r.RouteServiceURL, VolumeMounts: r.VolumeMounts, Endpoints: r.Endpoints,
	}
}

// BindingMetadata is the validity period of a binding (spec.md, "Binding Metadata
// Object"). Its JSON form omits zero times; times are in UTC, truncated to tenths of
// a second. RenewBefore must not be later than ExpiresAt.
type BindingMetadata struct {
	ExpiresAt   time.Time
	RenewBefore time.Time
}

// bindingTime is the pattern of the specification, yyyy-mm-ddThh:mm:ss.sZ.
const bindingTime = "2006-01-02T15:04:05.0Z"

type bindingMetadataWire struct {
	ExpiresAt   string `json:"expires_at,omitempty"`
	RenewBefore string `json:"renew_before,omitempty"`
}

// MarshalJSON encodes the times in the pattern of the specification.
func (m BindingMetadata) MarshalJSON() ([]byte, error) {
	format := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(bindingTime)
	}
	return json.Marshal(bindingMetadataWire{format(m.ExpiresAt), format(m.RenewBefore)})
}

// UnmarshalJSON decodes times in the pattern of the specification or in another
// form of RFC 3339.
func (m *BindingMetadata) UnmarshalJSON(data []byte) error {
	var wire bindingMetadataWire
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	var expires, renew time.Time
	var err error
	if wire.ExpiresAt != "" {
		if expires, err = time.Parse(time.RFC3339, wire.ExpiresAt); err != nil {
			return err
		}
	}
	if wire.RenewBefore != "" {
		if renew, err = time.Parse(time.RFC3339, wire.RenewBefore); err != nil {
			return err
		}
	}
	m.ExpiresAt, m.RenewBefore = expires, renew
	return nil
}

// A VolumeMount is a remote file system to mount (spec.md, "Volume Mount
// Object").
type VolumeMount struct {
	Driver       string `json:"driver"`
	ContainerDir string `json:"container_dir"`
	// Mode is "r" or "rw".
	Mode string `json:"mode"`
	// DeviceType is "shared".
	DeviceType string       `json:"device_type"`
	Device     VolumeDevice `json:"device"`
}

// A VolumeDevice is the shared volume of a [VolumeMount] (spec.md,
// "Device Object").
type VolumeDevice struct {
	VolumeID    string         `json:"volume_id"`
	MountConfig map[string]any `json:"mount_config,omitempty"`
}

// An Endpoint is a network address of the service (spec.md, "Endpoint Object").
type Endpoint struct {
	Host string `json:"host"`
	// Ports lists at least one port ("443") or range of ports ("9000-9010").
	Ports []string `json:"ports"`
	// Protocol is "tcp", "udp" or "all". Empty means "tcp".
	Protocol string `json:"protocol,omitempty"`
}

// An UnbindRequest asks to delete a binding (spec.md, "Unbinding").
type UnbindRequest struct {
	InstanceID string
	BindingID  string
	ServiceID  string
	PlanID     string
	// Service and Plan are nil if they are no longer in the catalog.
	Service *Service
	Plan    *Plan
	// AcceptsIncomplete allows the outcome Accepted.
	AcceptsIncomplete bool
	Caller            Caller
}

// An UnbindResponse answers an [UnbindRequest].
type UnbindResponse struct {
	// Outcome is Completed (200) or Accepted (202).
	Outcome   Outcome `json:"-"`
	Operation string  `json:"operation,omitempty"`
	// RetryAfter, when positive, tells the platform when to poll an accepted
	// operation.
	RetryAfter time.Duration `json:"-"`
}

// A GetBindingRequest asks for a binding (spec.md, "Fetching a Service
// Binding").
type GetBindingRequest struct {
	InstanceID string
	BindingID  string
	// ServiceID and PlanID are hints and may be empty.
	ServiceID string
	PlanID    string
	Caller    Caller
}

// A GetBindingResponse describes a binding.
type GetBindingResponse struct {
	Metadata        *BindingMetadata `json:"metadata,omitempty"`
	Credentials     Credentials      `json:"credentials,omitzero"`
	SyslogDrainURL  string           `json:"syslog_drain_url,omitempty"`
	RouteServiceURL string           `json:"route_service_url,omitempty"`
	VolumeMounts    []VolumeMount    `json:"volume_mounts,omitempty"`
	Endpoints       []Endpoint       `json:"endpoints,omitempty"`
	// Parameters may leave out sensitive values.
	Parameters Parameters `json:"parameters,omitempty"`
}
