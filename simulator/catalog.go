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

	// SyncPlanID carries everything out before it answers.
	SyncPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e01"
	// AsyncPlanID answers 202 to everything, or AsyncRequired.
	AsyncPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e02"
	// AsyncBindingPlanID answers 202 to bind and unbind only.
	AsyncBindingPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e03"
	// AppOnlyPlanID answers a bind without an app with RequiresApp.
	AppOnlyPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e04"
	// NotBindablePlanID cannot be bound.
	NotBindablePlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e05"
	// RotatablePlanID has bindings that can be rotated.
	RotatablePlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e06"
	// SchemaPlanID takes the parameters that its schemas describe.
	SchemaPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e07"
	// UpdateablePlanID can change to the plan sync.
	UpdateablePlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e08"
	// ExpiringPlanID has bindings that expire, and that can be rotated.
	ExpiringPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e09"
	// RoutePlanID returns a route_service_url.
	RoutePlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e0a"
	// SyslogPlanID returns a syslog_drain_url.
	SyslogPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e0b"
	// VolumePlanID returns volume_mounts.
	VolumePlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e0c"
	// AsyncSyncBindingPlanID answers 202 to everything but bind and unbind.
	AsyncSyncBindingPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e0d"
	// EndpointsPlanID has endpoints beside the credentials. The others have none,
	// because there are clients that cannot read them.
	EndpointsPlanID = "7d0f5a3e-5f0c-4b1e-9a51-6a1b0c9d2e0e"
)

// MaintenanceVersion is the maintenance_info of the plans async and updateable
// at first; see [Simulator.SetMaintenanceInfo].
const MaintenanceVersion = "1.0.0"

// pollingDuration, in seconds, is how long platforms are to poll the plan async.
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

// permissions are what the service requires for the sake of a plan. It is never
// changed.
var permissions = map[string]string{
	SyslogPlanID: openbroker.PermissionSyslogDrain, RoutePlanID: openbroker.PermissionRouteForwarding, VolumePlanID: openbroker.PermissionVolumeMount,
}

// Catalog returns the service simulated with all of its plans, as it is at first.
func Catalog() *openbroker.Catalog { return newCatalog(nil, firstMaintenance()) }

func firstMaintenance() *openbroker.MaintenanceInfo {
	return &openbroker.MaintenanceInfo{Version: MaintenanceVersion, Description: "The simulated software."}
}

// newCatalog returns the catalog with the named plans, or all if there are none,
// and the permissions that these need.
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

// CheckPlans returns an error that names what is no plan of [Catalog].
func CheckPlans(names []string) error {
	for _, name := range names {
		if !slices.Contains(PlanNames(), name) {
			return fmt.Errorf("there is no plan %q: choose from %s", shorten(name), strings.Join(PlanNames(), ", "))
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
		ID: ServiceID, Name: "simulated", Description: "Simulates services, and their faults, to test platforms with.",
		Tags:     []string{"simulated", "test"},
		Bindable: true, InstancesRetrievable: true, BindingsRetrievable: true, AllowContextUpdates: true,
		Metadata: &openbroker.ServiceMetadata{DisplayName: "Simulated", LongDescription: "Nothing real is behind it.", Shareable: &yes},
		Plans: []openbroker.Plan{
			plan(SyncPlanID, "Everything is done when the answer comes.", nil),
			plan(AsyncPlanID, "Every answer is 202, and the operation is polled.", func(p *openbroker.Plan) {
				p.MaintenanceInfo, p.MaximumPollingDuration = maintenance, &polling
			}),
			plan(AsyncBindingPlanID, "Bindings are created and deleted asynchronously.", nil),
			plan(AppOnlyPlanID, "Binds to applications only.", nil),
			plan(NotBindablePlanID, "Cannot be bound.", func(p *openbroker.Plan) { p.Bindable = &no }),
			plan(RotatablePlanID, "Bindings can be rotated.", rotatable),
			plan(SchemaPlanID, "Takes the parameters that its schemas describe.", func(p *openbroker.Plan) {
				p.Schemas = &openbroker.Schemas{
					ServiceInstance: &openbroker.InstanceSchemas{Create: schema(instanceSchema), Update: schema(instanceSchema)},
					ServiceBinding:  &openbroker.BindingSchemas{Create: schema(bindingSchema)},
				}
			}),
			plan(UpdateablePlanID, "Changes to the plan sync.", func(p *openbroker.Plan) {
				p.PlanUpdateable, p.MaintenanceInfo = &yes, maintenance
			}),
			plan(ExpiringPlanID, "Bindings expire, and can be rotated.", rotatable),
			plan(RoutePlanID, "Bindings of routes have a route service.", nil),
			plan(SyslogPlanID, "Bindings have a syslog drain.", nil),
			plan(VolumePlanID, "Bindings have a volume to mount.", nil),
			plan(AsyncSyncBindingPlanID, "Instances are created, changed and deleted asynchronously.", nil),
			plan(EndpointsPlanID, "Bindings have network endpoints.", nil),
		},
	}}}
}

func schema(parameters string) *openbroker.InputParametersSchema {
	return &openbroker.InputParametersSchema{Parameters: json.RawMessage(parameters)}
}

// policies are how the plans' operations are treated: nothing is left to how
// long they happen to take.
func policies() map[string]durable.Policy {
	return map[string]durable.Policy{
		AsyncPlanID:            {Mode: durable.ModeAsynchronous, Deadline: operationDeadline},
		AsyncBindingPlanID:     {Mode: durable.ModeSynchronous, BindingMode: durable.ModeAsynchronous, Deadline: operationDeadline},
		AsyncSyncBindingPlanID: {Mode: durable.ModeAsynchronous, BindingMode: durable.ModeSynchronous, Deadline: operationDeadline},
	}
}

// otherPolicy is that of the other plans.
func otherPolicy() durable.Policy {
	return durable.Policy{Mode: durable.ModeSynchronous, Deadline: operationDeadline}
}

// planNames is never changed.
var planNames = map[string]string{
	SyncPlanID: "sync", AsyncPlanID: "async", AsyncBindingPlanID: "async-binding", AppOnlyPlanID: "app-only",
	NotBindablePlanID: "not-bindable", RotatablePlanID: "rotatable", SchemaPlanID: "schema", UpdateablePlanID: "updateable",
	ExpiringPlanID: "expiring", RoutePlanID: "route", SyslogPlanID: "syslog", VolumePlanID: "volume",
	AsyncSyncBindingPlanID: "async-sync-binding", EndpointsPlanID: "endpoints",
}
