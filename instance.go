package openbroker

import "time"

// A ProvisionRequest asks for a new service instance (spec.md,
// "Provisioning"). A repeated request is possible at any time.
type ProvisionRequest struct {
	// InstanceID is chosen by the platform. It may contain any characters but
	// control characters, also slashes: do not use it as a file name as it is.
	InstanceID string `json:"-"`
	ServiceID  string `json:"service_id"`
	PlanID     string `json:"plan_id"`
	// Service and Plan are those of the catalog. Do not change them.
	Service *Service `json:"-"`
	Plan    *Plan    `json:"-"`
	// Context is the contextual data of the platform, or empty.
	Context PlatformContext `json:"context,omitzero"`
	// OrganizationGUID and SpaceGUID are those of the context, whatever the
	// platform, or else the deprecated fields of the request. Only Cloud Foundry
	// and platforms that send no context must provide them.
	OrganizationGUID string `json:"organization_guid,omitempty"`
	SpaceGUID        string `json:"space_guid,omitempty"`
	// Parameters is what the user asked for, or nil.
	Parameters Parameters `json:"parameters,omitempty"`
	// MaintenanceInfo, if not nil, has the version that the plan has.
	MaintenanceInfo *MaintenanceInfo `json:"maintenance_info,omitempty"`
	// AcceptsIncomplete allows the answer Accepted.
	AcceptsIncomplete bool   `json:"-"`
	Caller            Caller `json:"-"`
	// Body is the whole request object, for extension fields. Parameters and
	// Context are parts of it: do not change them.
	Body Parameters `json:"-"`
}

// A ProvisionResponse answers a [ProvisionRequest].
type ProvisionResponse struct {
	// Outcome is Completed (201), AlreadyExists (200) or Accepted (202).
	Outcome Outcome `json:"-"`
	// DashboardURL must come with this response if there is one, also when the
	// operation is only accepted.
	DashboardURL string `json:"dashboard_url,omitempty"`
	// Operation identifies an accepted operation when it is polled; at most
	// 10,000 characters, unreserved URL characters recommended. May be empty.
	Operation string            `json:"operation,omitempty"`
	Metadata  *InstanceMetadata `json:"metadata,omitempty"`
	// RetryAfter, when positive, tells the platform when to poll an accepted
	// operation.
	RetryAfter time.Duration `json:"-"`
}

// InstanceMetadata is what a broker says about an instance (spec.md, "Service
// Instance Metadata").
type InstanceMetadata struct {
	Labels     map[string]any `json:"labels,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

// An UpdateRequest asks to change an instance (spec.md, "Updating a Service
// Instance"). What is absent must not be changed.
type UpdateRequest struct {
	InstanceID string `json:"-"`
	ServiceID  string `json:"service_id"`
	// PlanID is the plan to move to, or the present one, or empty.
	PlanID string `json:"plan_id,omitempty"`
	// Service is that of the catalog, Plan too, or nil if PlanID is empty.
	Service *Service        `json:"-"`
	Plan    *Plan           `json:"-"`
	Context PlatformContext `json:"context,omitzero"`
	// Parameters is nil if the request has none.
	Parameters      Parameters       `json:"parameters,omitempty"`
	PreviousValues  *PreviousValues  `json:"previous_values,omitempty"`
	MaintenanceInfo *MaintenanceInfo `json:"maintenance_info,omitempty"`
	// AcceptsIncomplete allows the answer Accepted.
	AcceptsIncomplete bool   `json:"-"`
	Caller            Caller `json:"-"`
	// Body is the whole request object, for extension fields. Parameters and
	// Context are parts of it: do not change them.
	Body Parameters `json:"-"`

	validation parameterValidation
}

// PreviousValues is what the platform believes the instance was before an
// update (spec.md, "Previous Values Object"). All fields are optional. It can be
// wrong, so the handler refuses nothing because of it.
type PreviousValues struct {
	ServiceID       string           `json:"service_id,omitempty"`
	PlanID          string           `json:"plan_id,omitempty"`
	OrganizationID  string           `json:"organization_id,omitempty"`
	SpaceID         string           `json:"space_id,omitempty"`
	MaintenanceInfo *MaintenanceInfo `json:"maintenance_info,omitempty"`
}

// An UpdateResponse answers an [UpdateRequest].
type UpdateResponse struct {
	// Outcome is Completed or AlreadyExists (both 200), or Accepted (202).
	Outcome Outcome `json:"-"`
	// DashboardURL is the new one. The platform keeps the old one if empty.
	DashboardURL string            `json:"dashboard_url,omitempty"`
	Operation    string            `json:"operation,omitempty"`
	Metadata     *InstanceMetadata `json:"metadata,omitempty"`
	// RetryAfter, when positive, tells the platform when to poll an accepted
	// operation.
	RetryAfter time.Duration `json:"-"`
}

// A DeprovisionRequest asks to delete an instance (spec.md, "Deprovisioning").
type DeprovisionRequest struct {
	InstanceID string
	ServiceID  string
	PlanID     string
	// Service and Plan are nil if the catalog does not have them any more:
	// instances of a retired plan must stay deletable.
	Service *Service
	Plan    *Plan
	// AcceptsIncomplete allows the answer Accepted.
	AcceptsIncomplete bool
	Caller            Caller
}

// A DeprovisionResponse answers a [DeprovisionRequest].
type DeprovisionResponse struct {
	// Outcome is Completed (200) or Accepted (202).
	Outcome   Outcome `json:"-"`
	Operation string  `json:"operation,omitempty"`
	// RetryAfter, when positive, tells the platform when to poll an accepted
	// operation.
	RetryAfter time.Duration `json:"-"`
}

// A GetInstanceRequest asks for an instance (spec.md, "Fetching a Service
// Instance").
type GetInstanceRequest struct {
	InstanceID string
	// ServiceID and PlanID are hints and may be empty.
	ServiceID string
	PlanID    string
	Caller    Caller
}

// A GetInstanceResponse describes an instance.
type GetInstanceResponse struct {
	ServiceID    string `json:"service_id,omitempty"`
	PlanID       string `json:"plan_id,omitempty"`
	DashboardURL string `json:"dashboard_url,omitempty"`
	// Parameters may leave out what is sensitive.
	Parameters      Parameters        `json:"parameters,omitempty"`
	MaintenanceInfo *MaintenanceInfo  `json:"maintenance_info,omitempty"`
	Metadata        *InstanceMetadata `json:"metadata,omitempty"`
}
