package openbroker

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Permissions that a service may require (spec.md, "Service Offering Object",
// field requires). Without the permission, platforms refuse a binding that has the
// field.
const (
	PermissionSyslogDrain     = "syslog_drain"
	PermissionRouteForwarding = "route_forwarding"
	PermissionVolumeMount     = "volume_mount"
)

// A Catalog lists the service offerings of a broker (spec.md, "Catalog
// Management"). Do not change a catalog that a [Broker] has returned.
type Catalog struct {
	Services []Service `json:"services"`
	// Extensions holds the fields that the specification does not define.
	Extensions Extensions `json:"-"`
}

// A Service is a service offering (spec.md, "Service Offering Object").
type Service struct {
	// ID is globally unique and never changes. A GUID is recommended.
	ID string `json:"id"`
	// Name is unique in the catalog; letters, digits, periods and hyphens are
	// recommended.
	Name        string `json:"name"`
	Description string `json:"description"`
	// Tags name a classification or technology, such as "relational".
	Tags []string `json:"tags,omitempty"`
	// Requires lists the permissions that bindings need: PermissionSyslogDrain,
	// PermissionRouteForwarding or PermissionVolumeMount.
	Requires []string `json:"requires,omitempty"`
	// Bindable is the default of the plans.
	Bindable             bool `json:"bindable"`
	InstancesRetrievable bool `json:"instances_retrievable,omitempty"`
	BindingsRetrievable  bool `json:"bindings_retrievable,omitempty"`
	AllowContextUpdates  bool `json:"allow_context_updates,omitempty"`
	// Metadata follows the conventions of profile.md, "Service Metadata".
	Metadata *ServiceMetadata `json:"metadata,omitempty"`
	// DashboardClient is an extension of Cloud Foundry.
	DashboardClient *DashboardClient `json:"dashboard_client,omitempty"`
	// PlanUpdateable is the default of the plans. The specification keeps the
	// misspelling.
	PlanUpdateable bool   `json:"plan_updateable,omitempty"`
	Plans          []Plan `json:"plans"`
	// Extensions holds the fields that the specification does not define.
	Extensions Extensions `json:"-"`
}

// A Plan is a variant of a service (spec.md, "Service Plan Object").
type Plan struct {
	// ID is globally unique and never changes. A GUID is recommended.
	ID string `json:"id"`
	// Name is unique within the service.
	Name        string        `json:"name"`
	Description string        `json:"description"`
	Metadata    *PlanMetadata `json:"metadata,omitempty"`
	// Free reports whether the plan is free of charge. Nil means true.
	Free *bool `json:"free,omitempty"`
	// Bindable overrides that of the service unless nil.
	Bindable         *bool `json:"bindable,omitempty"`
	BindingRotatable bool  `json:"binding_rotatable,omitempty"`
	// PlanUpdateable reports whether an instance of this plan may move to another
	// plan. It overrides that of the service unless nil.
	PlanUpdateable *bool    `json:"plan_updateable,omitempty"`
	Schemas        *Schemas `json:"schemas,omitempty"`
	// MaximumPollingDuration is how long platforms poll an operation, in seconds.
	MaximumPollingDuration *int             `json:"maximum_polling_duration,omitempty"`
	MaintenanceInfo        *MaintenanceInfo `json:"maintenance_info,omitempty"`
	// Extensions holds the fields that the specification does not define.
	Extensions Extensions `json:"-"`
}

// ServiceMetadata describes a service to people (profile.md, "Service Metadata
// Fields"). Platforms treat it as opaque, so a field of an unexpected type is kept
// in Extensions.
type ServiceMetadata struct {
	DisplayName         string `json:"displayName,omitempty"`
	ImageURL            string `json:"imageUrl,omitempty"`
	LongDescription     string `json:"longDescription,omitempty"`
	ProviderDisplayName string `json:"providerDisplayName,omitempty"`
	DocumentationURL    string `json:"documentationUrl,omitempty"`
	SupportURL          string `json:"supportUrl,omitempty"`
	// Shareable allows Cloud Foundry to share instances across spaces.
	Shareable *bool `json:"shareable,omitempty"`
	// Extensions holds all other fields.
	Extensions Extensions `json:"-"`
}

// PlanMetadata describes a plan to people (profile.md, "Plan Metadata
// Fields"). A field of an unexpected type is kept in Extensions.
type PlanMetadata struct {
	DisplayName string   `json:"displayName,omitempty"`
	Bullets     []string `json:"bullets,omitempty"`
	Costs       []Cost   `json:"costs,omitempty"`
	// Extensions holds all other fields.
	Extensions Extensions `json:"-"`
}

// A Cost is one price of a plan (profile.md, "Cost Object").
type Cost struct {
	// Amount maps a currency code, such as "usd", to an amount.
	Amount map[string]float64 `json:"amount"`
	// Unit is the unit that Amount pays for, such as "MONTHLY".
	Unit string `json:"unit"`
	// Extensions holds all other fields.
	Extensions Extensions `json:"-"`
}

// A DashboardClient is the OAuth client of a dashboard (profile.md, "Dashboard
// Client Object").
type DashboardClient struct {
	ID          string `json:"id"`
	Secret      string `json:"secret"`
	RedirectURI string `json:"redirect_uri,omitempty"`
	// Extensions holds all other fields.
	Extensions Extensions `json:"-"`
}

// Schemas holds the JSON Schemas of the parameters of a plan (spec.md, "Schemas
// Object"). A nil schema allows any parameters.
type Schemas struct {
	ServiceInstance *InstanceSchemas `json:"service_instance,omitempty"`
	ServiceBinding  *BindingSchemas  `json:"service_binding,omitempty"`
	// Extensions holds all other fields.
	Extensions Extensions `json:"-"`
}

// InstanceSchemas holds the schemas for creating and updating an instance (spec.md,
// "Service Instance Schema Object").
type InstanceSchemas struct {
	Create *InputParametersSchema `json:"create,omitempty"`
	Update *InputParametersSchema `json:"update,omitempty"`
	// Extensions holds all other fields.
	Extensions Extensions `json:"-"`
}

// BindingSchemas holds the schema for creating a binding (spec.md, "Service Binding
// Schema Object").
type BindingSchemas struct {
	Create *InputParametersSchema `json:"create,omitempty"`
	// Extensions holds all other fields.
	Extensions Extensions `json:"-"`
}

// An InputParametersSchema wraps a JSON Schema (spec.md, "Input Parameters
// Schema Object"). The schema must have "$schema", must not refer to other
// documents, and must not exceed 64 kB.
type InputParametersSchema struct {
	Parameters json.RawMessage `json:"parameters,omitempty"`
	// Extensions holds all other fields.
	Extensions Extensions `json:"-"`
}

// MaintenanceInfo is the maintenance version of a plan or an instance (spec.md,
// "Maintenance Info Object"). The handler compares only Version.
type MaintenanceInfo struct {
	// Version is a semantic version, as defined by Semantic Versioning 2.0.
	Version     string `json:"version"`
	Description string `json:"description,omitempty"`
	// Extensions holds all other fields.
	Extensions Extensions `json:"-"`
}

// Service returns the service with the given id, or nil.
func (c *Catalog) Service(id string) *Service {
	for i := range c.Services {
		if c.Services[i].ID == id {
			return &c.Services[i]
		}
	}
	return nil
}

// Plan returns the plan with the given id, or nil.
func (s *Service) Plan(id string) *Plan {
	for i := range s.Plans {
		if s.Plans[i].ID == id {
			return &s.Plans[i]
		}
	}
	return nil
}

// PlanBindable reports whether instances of p, a plan of s, can be bound. The plan
// decides; the service decides if the plan does not.
func (s *Service) PlanBindable(p *Plan) bool {
	if p != nil && p.Bindable != nil {
		return *p.Bindable
	}
	return s.Bindable
}

// PlanChangeAllowed reports whether an instance of p, a plan of s, may move to
// another plan. The plan decides; the service decides if the plan does not.
func (s *Service) PlanChangeAllowed(p *Plan) bool {
	if p != nil && p.PlanUpdateable != nil {
		return *p.PlanUpdateable
	}
	return s.PlanUpdateable
}

// IsFree reports whether the plan is free of charge, which is the default.
func (p *Plan) IsFree() bool { return p.Free == nil || *p.Free }

// Validate checks the rules of the specification that make ids and names
// unambiguous: required fields are not empty, every service has a plan, and ids and
// names are unique. It returns all problems, joined; each names the field as in
// services[0].plans[1].id.
func (c *Catalog) Validate() error {
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	required := func(path, field, value string) {
		if value == "" {
			report("%s.%s is empty: the specification requires a non-empty string", path, field)
		}
	}
	unique := func(seen map[string]string, what, path, value string) {
		if first, ok := seen[value]; ok && value != "" {
			report("%s: %s %q is already used by %s", path, what, value, first)
			return
		}
		seen[value] = path
	}
	serviceIDs, serviceNames, planIDs := map[string]string{}, map[string]string{}, map[string]string{}
	for i := range c.Services {
		service := &c.Services[i]
		path := fmt.Sprintf("services[%d]", i)
		required(path, "id", service.ID)
		required(path, "name", service.Name)
		required(path, "description", service.Description)
		unique(serviceIDs, "service id", path, service.ID)
		unique(serviceNames, "service name", path, service.Name)
		if len(service.Plans) == 0 {
			report("%s.plans is empty: a service needs at least one plan", path)
		}
		planNames := map[string]string{}
		for j := range service.Plans {
			plan := &service.Plans[j]
			path := fmt.Sprintf("%s.plans[%d]", path, j)
			required(path, "id", plan.ID)
			required(path, "name", plan.Name)
			required(path, "description", plan.Description)
			unique(planIDs, "plan id", path, plan.ID)
			unique(planNames, "plan name", path, plan.Name)
		}
	}
	return errors.Join(problems...)
}
