package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openbroker/openbroker"
)

// Build returns a catalog with the services, in this order. It is an alternative to
// composite literals of [openbroker.Catalog], which need pointers and wrapping objects,
// for catalogs that are written in Go.
//
// The error lists all schemas that cannot be read, or all violations that [Validate]
// finds. Package lint checks the catalog for platforms; see [SourceOf].
func Build(services ...*ServiceBuilder) (*openbroker.Catalog, error) {
	c := &openbroker.Catalog{}
	var problems []error
	for _, s := range services {
		service := s.service
		service.Plans = nil
		problems = append(problems, s.problems...)
		for _, p := range s.plans {
			service.Plans = append(service.Plans, p.plan)
			problems = append(problems, p.problems...)
		}
		c.Services = append(c.Services, service)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	if err := Validate(c); err != nil {
		return nil, err
	}
	return c, nil
}

// A ServiceBuilder describes a service (spec.md, "Service Offering Object"). Its methods
// change it and return it.
type ServiceBuilder struct {
	service  openbroker.Service
	plans    []*PlanBuilder
	problems []error
}

// NewService describes a service. The id should be a GUID, and must never change. The name
// is what users type.
func NewService(id, name, description string) *ServiceBuilder {
	return &ServiceBuilder{service: openbroker.Service{ID: id, Name: name, Description: description}}
}

// Bindable allows bindings of instances, unless the plan forbids them.
func (s *ServiceBuilder) Bindable() *ServiceBuilder {
	s.service.Bindable = true
	return s
}

// PlanUpdateable allows instances to change their plan, unless the plan forbids it.
func (s *ServiceBuilder) PlanUpdateable() *ServiceBuilder {
	s.service.PlanUpdateable = true
	return s
}

// Retrievable allows platforms to fetch instances and bindings.
func (s *ServiceBuilder) Retrievable() *ServiceBuilder {
	s.service.InstancesRetrievable, s.service.BindingsRetrievable = true, true
	return s
}

// AllowContextUpdates asks platforms to send changes of the context of an instance.
func (s *ServiceBuilder) AllowContextUpdates() *ServiceBuilder {
	s.service.AllowContextUpdates = true
	return s
}

// Tags adds tags.
func (s *ServiceBuilder) Tags(tags ...string) *ServiceBuilder {
	s.service.Tags = append(s.service.Tags, tags...)
	return s
}

// Requires adds permissions that bindings need, such as
// [openbroker.PermissionSyslogDrain].
func (s *ServiceBuilder) Requires(permissions ...string) *ServiceBuilder {
	s.service.Requires = append(s.service.Requires, permissions...)
	return s
}

// Metadata sets the metadata.
func (s *ServiceBuilder) Metadata(metadata openbroker.ServiceMetadata) *ServiceBuilder {
	s.service.Metadata = &metadata
	return s
}

// DashboardClient sets the OAuth client of the dashboard.
func (s *ServiceBuilder) DashboardClient(client openbroker.DashboardClient) *ServiceBuilder {
	s.service.DashboardClient = &client
	return s
}

// Extension adds a field that the specification does not define.
func (s *ServiceBuilder) Extension(name string, value any) *ServiceBuilder {
	s.problems = extend(&s.service.Extensions, s.problems, "service "+s.service.Name, name, value)
	return s
}

// Plans adds plans.
func (s *ServiceBuilder) Plans(plans ...*PlanBuilder) *ServiceBuilder {
	s.plans = append(s.plans, plans...)
	return s
}

// A PlanBuilder describes a plan (spec.md, "Service Plan Object"). Its methods change it
// and return it.
type PlanBuilder struct {
	plan     openbroker.Plan
	problems []error
}

// NewPlan describes a plan. The id should be a GUID, and must never change. The name is
// what users type. The plan is free until it has costs.
func NewPlan(id, name, description string) *PlanBuilder {
	return (&PlanBuilder{plan: openbroker.Plan{ID: id, Name: name, Description: description}}).Free(true)
}

// Free sets whether instances are free of charge.
func (p *PlanBuilder) Free(free bool) *PlanBuilder {
	p.plan.Free = &free
	return p
}

// Costs adds prices of instances. The plan is no longer free.
func (p *PlanBuilder) Costs(costs ...openbroker.Cost) *PlanBuilder {
	if p.plan.Metadata == nil {
		p.plan.Metadata = &openbroker.PlanMetadata{}
	}
	p.plan.Metadata.Costs = append(slices.Clip(p.plan.Metadata.Costs), costs...)
	return p.Free(false)
}

// Metadata sets the metadata, and drops costs that were added before.
func (p *PlanBuilder) Metadata(metadata openbroker.PlanMetadata) *PlanBuilder {
	p.plan.Metadata = &metadata
	return p
}

// Bindable sets whether instances can be bound. It overrides the service.
func (p *PlanBuilder) Bindable(bindable bool) *PlanBuilder {
	p.plan.Bindable = &bindable
	return p
}

// BindingRotatable allows the rotation of bindings.
func (p *PlanBuilder) BindingRotatable() *PlanBuilder {
	p.plan.BindingRotatable = true
	return p
}

// PlanUpdateable sets whether instances can change to another plan. It overrides the
// service.
func (p *PlanBuilder) PlanUpdateable(updateable bool) *PlanBuilder {
	p.plan.PlanUpdateable = &updateable
	return p
}

// MaximumPollingDuration limits how long platforms poll an operation, in whole seconds,
// rounded up.
func (p *PlanBuilder) MaximumPollingDuration(limit time.Duration) *PlanBuilder {
	seconds := int((limit + time.Second - 1) / time.Second)
	p.plan.MaximumPollingDuration = &seconds
	return p
}

// Maintenance sets maintenance_info: a semantic version, and a description of its
// changes, which may be empty.
func (p *PlanBuilder) Maintenance(version, description string) *PlanBuilder {
	p.plan.MaintenanceInfo = &openbroker.MaintenanceInfo{Version: version, Description: description}
	return p
}

// CreateSchema sets the schema of the parameters for creating an instance.
func (p *PlanBuilder) CreateSchema(schema Schema) *PlanBuilder {
	p.instanceSchemas().Create = p.parameters("create an instance", schema)
	return p
}

// UpdateSchema sets the schema of the parameters for updating an instance.
func (p *PlanBuilder) UpdateSchema(schema Schema) *PlanBuilder {
	p.instanceSchemas().Update = p.parameters("update an instance", schema)
	return p
}

// BindSchema sets the schema of the parameters for creating a binding.
func (p *PlanBuilder) BindSchema(schema Schema) *PlanBuilder {
	p.schemas().ServiceBinding = &openbroker.BindingSchemas{Create: p.parameters("create a binding", schema)}
	return p
}

// Extension adds a field that the specification does not define.
func (p *PlanBuilder) Extension(name string, value any) *PlanBuilder {
	p.problems = extend(&p.plan.Extensions, p.problems, "plan "+p.plan.Name, name, value)
	return p
}

func (p *PlanBuilder) schemas() *openbroker.Schemas {
	if p.plan.Schemas == nil {
		p.plan.Schemas = &openbroker.Schemas{}
	}
	return p.plan.Schemas
}

func (p *PlanBuilder) instanceSchemas() *openbroker.InstanceSchemas {
	schemas := p.schemas()
	if schemas.ServiceInstance == nil {
		schemas.ServiceInstance = &openbroker.InstanceSchemas{}
	}
	return schemas.ServiceInstance
}

func (p *PlanBuilder) parameters(what string, schema Schema) *openbroker.InputParametersSchema {
	if schema.err != nil {
		p.problems = append(p.problems, fmt.Errorf("plan %s: the schema to %s: %w", p.plan.Name, what, schema.err))
	}
	return &openbroker.InputParametersSchema{Parameters: schema.parameters}
}

// extend adds an extension field, or a problem.
func extend(extensions *openbroker.Extensions, problems []error, whose, name string, value any) []error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return append(problems, fmt.Errorf("%s: the field %s: %w", whose, name, err))
	}
	if *extensions == nil {
		*extensions = openbroker.Extensions{}
	}
	(*extensions)[name] = encoded
	return problems
}
