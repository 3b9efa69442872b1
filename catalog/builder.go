package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openbroker/openbroker"
)

// A Builder puts a catalog together, for people who write it in Go. Composite
// literals of [openbroker.Catalog] with [Check] do as well; a builder has names
// for what literals say with pointers and wrapping objects, and checks at the
// end.
type Builder struct {
	services []*ServiceBuilder
}

// New returns a builder of a catalog with the services, in this order.
func New(services ...*ServiceBuilder) *Builder { return &Builder{services: services} }

// Build returns the catalog, or all that is wrong with it: schemas that cannot
// be read, and what [Check] objects to, for the named platforms.
func (b *Builder) Build(platforms ...Platform) (*openbroker.Catalog, error) {
	c := &openbroker.Catalog{}
	var problems []error
	for _, s := range b.services {
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
	if err := Check(c, platforms...); err != nil {
		return nil, err
	}
	return c, nil
}

// A ServiceBuilder describes a service (spec.md, "Service Offering Object").
// Its methods change it, and return it.
type ServiceBuilder struct {
	service  openbroker.Service
	plans    []*PlanBuilder
	problems []error
}

// Service describes a service. The id never changes; a GUID is best. The name is
// what users type.
func Service(id, name, description string) *ServiceBuilder {
	return &ServiceBuilder{service: openbroker.Service{ID: id, Name: name, Description: description}}
}

// Bindable says that instances can be bound, unless their plan says otherwise.
func (s *ServiceBuilder) Bindable() *ServiceBuilder {
	s.service.Bindable = true
	return s
}

// PlanUpdateable says that instances can change their plan, unless it says
// otherwise.
func (s *ServiceBuilder) PlanUpdateable() *ServiceBuilder {
	s.service.PlanUpdateable = true
	return s
}

// Retrievable says that instances and bindings can be fetched.
func (s *ServiceBuilder) Retrievable() *ServiceBuilder {
	s.service.InstancesRetrievable, s.service.BindingsRetrievable = true, true
	return s
}

// AllowContextUpdates says that the broker wants to know when the context of
// an instance changes.
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

// A PlanBuilder describes a plan (spec.md, "Service Plan Object"). Its methods
// change it, and return it.
type PlanBuilder struct {
	plan     openbroker.Plan
	problems []error
}

// Plan describes a plan. The id never changes; a GUID is best. The name is what
// users type. The plan is free until it has costs.
func Plan(id, name, description string) *PlanBuilder {
	return (&PlanBuilder{plan: openbroker.Plan{ID: id, Name: name, Description: description}}).Free(true)
}

// Free says whether instances cost nothing.
func (p *PlanBuilder) Free(free bool) *PlanBuilder {
	p.plan.Free = &free
	return p
}

// Costs adds what instances cost, so that the plan is not free.
func (p *PlanBuilder) Costs(costs ...openbroker.Cost) *PlanBuilder {
	if p.plan.Metadata == nil {
		p.plan.Metadata = &openbroker.PlanMetadata{}
	}
	p.plan.Metadata.Costs = append(slices.Clip(p.plan.Metadata.Costs), costs...)
	return p.Free(false)
}

// Metadata sets the metadata; costs that were added before are lost.
func (p *PlanBuilder) Metadata(metadata openbroker.PlanMetadata) *PlanBuilder {
	p.plan.Metadata = &metadata
	return p
}

// Bindable says whether instances can be bound, whatever the service says.
func (p *PlanBuilder) Bindable(bindable bool) *PlanBuilder {
	p.plan.Bindable = &bindable
	return p
}

// BindingRotatable says that bindings can be rotated.
func (p *PlanBuilder) BindingRotatable() *PlanBuilder {
	p.plan.BindingRotatable = true
	return p
}

// PlanUpdateable says whether instances can change to another plan, whatever the
// service says.
func (p *PlanBuilder) PlanUpdateable(updateable bool) *PlanBuilder {
	p.plan.PlanUpdateable = &updateable
	return p
}

// MaximumPollingDuration limits how long platforms poll an operation; it counts
// in whole seconds, rounded up.
func (p *PlanBuilder) MaximumPollingDuration(limit time.Duration) *PlanBuilder {
	seconds := int((limit + time.Second - 1) / time.Second)
	p.plan.MaximumPollingDuration = &seconds
	return p
}

// Maintenance sets maintenance_info: the semantic version of what instances run
// on, and what changes with it, which may be empty.
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
