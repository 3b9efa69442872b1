package openbroker

import "time"

// A ProvisionRequest asks for a new service instance (spec.md,
// "Provisioning"). Platforms may repeat it at any time.
type ProvisionRequest struct {
	// InstanceID is chosen by the platform. It may contain any character except
	// control characters, also slashes: do not use it unescaped as a file name.
	InstanceID string `json:"-"`
	ServiceID  string `json:"service_id"`
	PlanID     string `json:"plan_id"`
	// Service and Plan point into the catalog. Do not change them.
	Service *Service `json:"-"`
	Plan    *Plan    `json:"-"`
	// Context is the contextual data of the platform, or the zero value.
	Context PlatformContext `json:"context,omitzero"`
	// OrganizationGUID and SpaceGUID come from the context of any platform, or else
	// from the deprecated fields of the request. They are empty only for platforms
	// other than Cloud Foundry, or with WithoutOrganizationCheck.
	OrganizationGUID string `json:"organization_guid,omitempty"`
	SpaceGUID        string `json:"space_guid,omitempty"`
	// Parameters are those that the user gave, or nil.
	Parameters Parameters `json:"parameters,omitempty"`
	// MaintenanceInfo, if not nil, has the maintenance version of the plan.
	MaintenanceInfo *MaintenanceInfo `json:"maintenance_info,omitempty"`
	// AcceptsIncomplete allows the outcome Accepted.
	AcceptsIncomplete bool   `json:"-"`
	Caller            Caller `json:"-"`
	// Body is the whole request object, for extension fields. Parameters and
	// Context share its memory: do not change them.
	Body Parameters `json:"-"`
}

// A ProvisionResponse answers a [ProvisionRequest].
type ProvisionResponse struct {
	// Outcome is Completed (201), AlreadyExists (200) or Accepted (202).
	Outcome Outcome `json:"-"`
	// DashboardURL, if the instance has a dashboard, must be in this response, also
	// with the outcome Accepted.
	DashboardURL string `json:"dashboard_url,omitempty"`
	// Operation identifies an accepted operation in polls. It has at most 10,000
	// characters and may be empty. Prefer unreserved URL characters.
	Operation string            `json:"operation,omitempty"`
	Metadata  *InstanceMetadata `json:"metadata,omitempty"`
	// RetryAfter, when positive, tells the platform when to poll an accepted
	// operation.
	RetryAfter time.Duration `json:"-"`
}

// InstanceMetadata describes an instance (spec.md, "Service Instance Metadata").
type InstanceMetadata struct {
	Labels     map[string]any `json:"labels,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

// An UpdateRequest asks to change an instance (spec.md, "Updating a Service
// Instance"). The broker must not change what the request leaves out.
type UpdateRequest struct {
	InstanceID string `json:"-"`
	ServiceID  string `json:"service_id"`
	// PlanID is the new plan, the current plan, or empty for no change.
	PlanID string `json:"plan_id,omitempty"`
	// Service and Plan point into the catalog. Plan is nil if PlanID is empty.
	Service *Service        `json:"-"`
	Plan    *Plan           `json:"-"`
	Context PlatformContext `json:"context,omitzero"`
	// Parameters is nil if the request has none.
	Parameters      Parameters       `json:"parameters,omitempty"`
	PreviousValues  *PreviousValues  `json:"previous_values,omitempty"`
	MaintenanceInfo *MaintenanceInfo `json:"maintenance_info,omitempty"`
	// AcceptsIncomplete allows the outcome Accepted.
	AcceptsIncomplete bool   `json:"-"`
	Caller            Caller `json:"-"`
	// Body is the whole request object, for extension fields. Parameters and
	// Context share its memory: do not change them.
	Body Parameters `json:"-"`

	validation parameterValidation
}

// PreviousValues are the values that the platform recorded before an update
// (spec.md, "Previous Values Object"). All fields are optional. They can be wrong,
// so the handler does not check requests against them.
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
	// DashboardURL is the new URL. If it is empty, the platform keeps the old one.
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
	// Service and Plan are nil if they are no longer in the catalog, because
	// instances of a retired plan must stay deletable.
	Service *Service
	Plan    *Plan
	// AcceptsIncomplete allows the outcome Accepted.
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
	// Parameters may leave out sensitive values.
	Parameters      Parameters        `json:"parameters,omitempty"`
	MaintenanceInfo *MaintenanceInfo  `json:"maintenance_info,omitempty"`
	Metadata        *InstanceMetadata `json:"metadata,omitempty"`
}
