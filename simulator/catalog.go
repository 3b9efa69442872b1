package simulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// The ids of the catalog. They never change.
const (
	ServiceID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e00"

	// SyncPlanID is synchronous.
	SyncPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e01"
	// AsyncPlanID is asynchronous: it answers with 202 or AsyncRequired.
	AsyncPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e02"
	// AsyncBindingPlanID is asynchronous only for bind and unbind.
	AsyncBindingPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e03"
	// AppOnlyPlanID answers a bind without an application with RequiresApp.
	AppOnlyPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e04"
	// NotBindablePlanID is not bindable.
	NotBindablePlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e05"
	// RotatablePlanID has bindings that can be rotated.
	RotatablePlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e06"
	// SchemaPlanID accepts only parameters that are valid by its schemas.
	SchemaPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e07"
	// UpdateablePlanID has instances that can change to the plan sync.
	UpdateablePlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e08"
	// ExpiringPlanID has bindings that expire and can be rotated.
	ExpiringPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e09"
	// RoutePlanID returns a route_service_url.
	RoutePlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e0a"
	// SyslogPlanID returns a syslog_drain_url.
	SyslogPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e0b"
	// VolumePlanID returns volume_mounts.
	VolumePlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e0c"
	// AsyncSyncBindingPlanID is asynchronous except for bind and unbind.
	AsyncSyncBindingPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e0d"
	// EndpointsPlanID returns endpoints with the credentials. The other plans do
	// not, because some clients cannot decode them.
	EndpointsPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e0e"
)

// MaintenanceVersion is the initial maintenance_info version of the plans async
// and updateable; see [Simulator.SetMaintenanceInfo].
const MaintenanceVersion = "1.0.0"

// pollingDuration is the maximum_polling_duration of the plan async in seconds.
const pollingDuration = 600

// The schemas of the plan schema are draft-04, because Cloud Foundry refuses
// draft-07 and later.
const (
	instanceSchema = `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","additionalProperties":false,"properties":{` +
		`"size":{"type":"integer","minimum":1,"maximum":10,"description":"how large, from 1 to 10"},` +
		`"zone":{"type":"string","enum":["a","b","c"],"description":"where"},` +
		`"labels":{"type":"object","additionalProperties":{"type":"string"},"description":"any labels"}}}`

	bindingSchema = `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","additionalProperties":false,"properties":{` +
		`"mode":{"type":"string","enum":["r","rw"],"default":"rw","description":"r to read only"}}}`
)

// permissions has the permission that the service requires for a plan. The map is
// read-only.
var permissions = map[string]string{
	SyslogPlanID: openbroker.PermissionSyslogDrain, RoutePlanID: openbroker.PermissionRouteForwarding, VolumePlanID: openbroker.PermissionVolumeMount,
}

// Catalog returns the initial catalog: the service simulated with all plans.
func Catalog() *openbroker.Catalog { return newCatalog(nil, firstMaintenance()) }

func firstMaintenance() *openbroker.MaintenanceInfo {
	return &openbroker.MaintenanceInfo{Version: MaintenanceVersion, Description: "The simulated software."}
}

// newCatalog returns the catalog with the named plans and the permissions that
// they require. Without names, it has all plans.
func newCatalog(names []string, maintenance *openbroker.MaintenanceInfo) *openbroker.Catalog {
	catalog := fullCatalog(maintenance)
	service := &catalog.Services[0]
	if len(names) > 0 {
		service.Plans = slices.DeleteFunc(service.Plans, func(p openbroker.Plan) bool { return !slices.Contains(names, p.Name) })
	}
	for i := range service.Plans {
		if permission := permissions[service.Plans[i].ID]; permission != "" {
			service.Requires = append(service.Requires, permission)
		}
	}
	return catalog
}

// PlanNames returns the names of all plans, sorted.
func PlanNames() []string { return slices.Sorted(maps.Values(planNames)) }

// CheckPlans returns an error if a name is not the name of a plan of [Catalog].
func CheckPlans(names []string) error {
	for _, name := range names {
		if !slices.Contains(PlanNames(), name) {
			return fmt.Errorf("the plan %q does not exist: choose from %s", shorten(name), strings.Join(PlanNames(), ", "))
		}
	}
	return nil
}

func fullCatalog(maintenance *openbroker.MaintenanceInfo) *openbroker.Catalog {
	yes, no, polling := true, false, pollingDuration
	plan := func(id, description string, change func(*openbroker.Plan)) openbroker.Plan {
		name := planNames[id]
		p := openbroker.Plan{
			ID: id, Name: name, Description: description, Free: &yes,
			Metadata: &openbroker.PlanMetadata{DisplayName: name, Bullets: []string{description}},
		}
		if change != nil {
			change(&p)
		}
		return p
	}
	rotatable := func(p *openbroker.Plan) { p.BindingRotatable = true }
	return &openbroker.Catalog{Services: []openbroker.Service{{
		ID: ServiceID, Name: "simulated", Description: "Simulates services and their faults for tests of platforms.",
		Tags:     []string{"simulated", "test"},
		Bindable: true, InstancesRetrievable: true, BindingsRetrievable: true, AllowContextUpdates: true,
		Metadata: &openbroker.ServiceMetadata{DisplayName: "Simulated", LongDescription: "It creates no real resources.", Shareable: &yes},
		Plans: []openbroker.Plan{
			plan(SyncPlanID, "Operations are synchronous.", nil),
			plan(AsyncPlanID, "Operations are asynchronous.", func(p *openbroker.Plan) {
				p.MaintenanceInfo, p.MaximumPollingDuration = maintenance, &polling
			}),
			plan(AsyncBindingPlanID, "Operations on bindings are asynchronous.", nil),
			plan(AppOnlyPlanID, "Binds only to applications.", nil),
			plan(NotBindablePlanID, "Instances cannot be bound.", func(p *openbroker.Plan) { p.Bindable = &no }),
			plan(RotatablePlanID, "Bindings can be rotated.", rotatable),
			plan(SchemaPlanID, "Parameters are validated against schemas.", func(p *openbroker.Plan) {
				p.Schemas = &openbroker.Schemas{
					ServiceInstance: &openbroker.InstanceSchemas{Create: schema(instanceSchema), Update: schema(instanceSchema)},
					ServiceBinding:  &openbroker.BindingSchemas{Create: schema(bindingSchema)},
				}
			}),
			plan(UpdateablePlanID, "Instances can change to the plan sync.", func(p *openbroker.Plan) {
				p.PlanUpdateable, p.MaintenanceInfo = &yes, maintenance
			}),
			plan(ExpiringPlanID, "Bindings expire and can be rotated.", rotatable),
			plan(RoutePlanID, "Bindings of routes have a route service.", nil),
			plan(SyslogPlanID, "Bindings have a syslog drain.", nil),
			plan(VolumePlanID, "Bindings have a volume to mount.", nil),
			plan(AsyncSyncBindingPlanID, "Operations on instances are asynchronous.", nil),
			plan(EndpointsPlanID, "Bindings have network endpoints.", nil),
		},
	}}}
}

func schema(parameters string) *openbroker.InputParametersSchema {
	return &openbroker.InputParametersSchema{Parameters: json.RawMessage(parameters)}
}

// policies returns the policies of the plans. They fix the mode of each operation,
// so that it does not depend on the duration.
func policies() map[string]durable.Policy {
	return map[string]durable.Policy{
		AsyncPlanID:            {Mode: durable.ModeAsynchronous, Deadline: operationDeadline},
		AsyncBindingPlanID:     {Mode: durable.ModeSynchronous, BindingMode: durable.ModeAsynchronous, Deadline: operationDeadline},
		AsyncSyncBindingPlanID: {Mode: durable.ModeAsynchronous, BindingMode: durable.ModeSynchronous, Deadline: operationDeadline},
	}
}

// otherPolicy returns the policy of all other plans.
func otherPolicy() durable.Policy {
	return durable.Policy{Mode: durable.ModeSynchronous, Deadline: operationDeadline}
}

// planNames has the names of the plans by id. The map is read-only.
var planNames = map[string]string{
	SyncPlanID: "sync", AsyncPlanID: "async", AsyncBindingPlanID: "async-binding", AppOnlyPlanID: "app-only",
	NotBindablePlanID: "not-bindable", RotatablePlanID: "rotatable", SchemaPlanID: "schema", UpdateablePlanID: "updateable",
	ExpiringPlanID: "expiring", RoutePlanID: "route", SyslogPlanID: "syslog", VolumePlanID: "volume",
	AsyncSyncBindingPlanID: "async-sync-binding", EndpointsPlanID: "endpoints",
}
