package specimen

import (
	"fmt"
	"strings"
)

// breakDocument is the one place for faults of the catalog's content. The
// catalog above is valid. The faults are in the first service, in its last
// plan, or in both.
func (b *Broker) breakDocument(document object) {
	services := document["services"].([]any) //nolint:errcheck // The broker made the document.
	first := services[0].(object)            //nolint:errcheck // As above.
	plans := first["plans"].([]any)          //nolint:errcheck // As above.
	last := plans[len(plans)-1].(object)     //nolint:errcheck // As above.
	b.breakServices(document, services)
	b.breakServiceMetadata(first)
	b.breakService(first, services)
	b.breakPlan(last, plans, services)
	b.breakPlanMetadata(last)
	b.breakDetails(last)
}

func (b *Broker) breakServices(document object, services []any) {
	switch b.config.Mutation {
	case "catalog.services-missing":
		delete(document, "services")
	case "catalog.services-null":
		document["services"] = nil
	case "catalog.services-object":
		document["services"] = object{"specimen": services[0]}
	case "catalog.services-empty":
		document["services"] = []any{}
	case "catalog.service-null":
		document["services"] = append(services, nil)
	}
}

func (b *Broker) breakService(first object, services []any) {
	second, _ := services[len(services)-1].(object)
	switch b.config.Mutation {
	case "catalog.service-id-missing":
		delete(first, "id")
	case "catalog.service-id-empty":
		first["id"] = ""
	case "catalog.service-id-number":
		first["id"] = 1
	case "catalog.service-id-duplicate":
		second["id"] = first["id"]
	case "catalog.service-id-changes":
		second["id"] = fmt.Sprintf("changed-%d", b.catalogs)
	case "catalog.service-id-not-guid":
		second["id"] = "specimen-reticent"
	case "catalog.service-name-missing":
		delete(first, "name")
	case "catalog.service-name-empty":
		first["name"] = ""
	case "catalog.service-name-duplicate":
		second["name"] = first["name"]
	case "catalog.service-name-unfriendly":
		first["name"] = "My Specimen!"
	case "catalog.service-name-blank":
		first["name"] = "  "
	case "catalog.service-name-64":
		first["name"] = strings.Repeat("n", 64)
	case "catalog.service-name-256":
		first["name"] = strings.Repeat("n", 256)
	case "catalog.service-description-missing":
		delete(first, "description")
	case "catalog.service-description-empty":
		first["description"] = ""
	case "catalog.service-description-long":
		first["description"] = strings.Repeat("A service. ", 30)
	case "catalog.service-description-10001":
		first["description"] = strings.Repeat("d", 10_001)
	case "catalog.bindable-missing":
		delete(first, "bindable")
	case "catalog.bindable-text":
		first["bindable"] = "true"
	case "catalog.tags-text":
		first["tags"] = "test,specimen"
	case "catalog.tags-null":
		first["tags"] = nil
	case "catalog.tags-of-numbers":
		first["tags"] = []any{1, 2}
	case "catalog.tags-2049":
		first["tags"] = []any{strings.Repeat("t", 1024), strings.Repeat("u", 1025)}
	case "catalog.requires-unknown":
		second["requires"] = []any{"root_access"}
	case "catalog.requires-text":
		second["requires"] = "syslog_drain"
	case "catalog.instances-retrievable-text":
		first["instances_retrievable"] = "true"
	case "catalog.bindings-retrievable-number":
		first["bindings_retrievable"] = 1
	case "catalog.bindings-retrievable-missing":
		delete(first, "bindings_retrievable")
	case "catalog.allow-context-updates-text":
		first["allow_context_updates"] = "yes"
	case "catalog.service-plan-updateable-text":
		first["plan_updateable"] = "false"
	case "catalog.plans-missing":
		delete(second, "plans")
	case "catalog.plans-empty":
		second["plans"] = []any{}
	case "catalog.plans-null":
		second["plans"] = nil
	}
}

// breakServiceMetadata breaks what profile.md defines for a service.
func (b *Broker) breakServiceMetadata(first object) {
	metadata, _ := first["metadata"].(object)
	client, _ := first["dashboard_client"].(object)
	switch b.config.Mutation {
	case "catalog.service-metadata-array":
		first["metadata"] = []any{}
	case "catalog.display-name-number":
		metadata["displayName"] = 1
	case "catalog.documentation-url-array":
		metadata["documentationUrl"] = []any{metadata["documentationUrl"]}
	case "catalog.shareable-text":
		metadata["shareable"] = "true"
	case "catalog.dashboard-client-text":
		first["dashboard_client"] = "client"
	case "catalog.dashboard-client-without-secret":
		delete(client, "secret")
	case "catalog.dashboard-client-without-redirect-uri":
		delete(client, "redirect_uri")
	case "catalog.dashboard-client-duplicate":
		client["id"] = "specimen.sys-client"
	}
}

// breakPlanMetadata breaks what profile.md defines for a plan.
func (b *Broker) breakPlanMetadata(last object) {
	metadata, _ := last["metadata"].(object)
	switch b.config.Mutation {
	case "catalog.plan-metadata-text":
		last["metadata"] = "{}"
	case "catalog.bullets-text":
		metadata["bullets"] = "In memory"
	case "catalog.costs-object":
		metadata["costs"] = object{"eur": 1}
	case "catalog.costs-amount-number":
		metadata["costs"] = []any{object{"amount": 1, "unit": "MONTHLY"}}
	case "catalog.costs-amount-text":
		metadata["costs"] = []any{object{"amount": object{"eur": "1"}, "unit": "MONTHLY"}}
	case "catalog.costs-without-unit":
		metadata["costs"] = []any{object{"amount": object{"eur": 1}}}
	}
}

func (b *Broker) breakPlan(last object, plans, services []any) {
	other, _ := plans[0].(object)
	stranger, _ := services[len(services)-1].(object)["plans"].([]any)
	switch b.config.Mutation {
	case "catalog.plan-id-missing":
		delete(last, "id")
	case "catalog.plan-id-empty":
		last["id"] = ""
	case "catalog.plan-id-duplicate":
		last["id"] = other["id"]
	case "catalog.plan-id-of-other-service":
		last["id"] = stranger[0].(object)["id"] //nolint:errcheck // The broker made the document.
	case "catalog.plan-id-changes":
		last["id"] = fmt.Sprintf("changed-%d", b.catalogs)
	case "catalog.plan-id-not-guid":
		last["id"] = "plan-9"
	case "catalog.plan-name-missing":
		delete(last, "name")
	case "catalog.plan-name-empty":
		last["name"] = ""
	case "catalog.plan-name-duplicate":
		last["name"] = other["name"]
	case "catalog.plan-name-unfriendly":
		last["name"] = "plan with spaces"
	case "catalog.plan-name-64":
		last["name"] = strings.Repeat("n", 64)
	case "catalog.plan-description-missing":
		delete(last, "description")
	case "catalog.plan-description-empty":
		last["description"] = ""
	case "catalog.plan-description-long":
		last["description"] = strings.Repeat("A plan. ", 40)
	case "catalog.free-text":
		last["free"] = "false"
	case "catalog.plan-bindable-text":
		last["bindable"] = "true"
	case "catalog.plan-bindable-null":
		last["bindable"] = nil
	case "catalog.binding-rotatable-text":
		last["binding_rotatable"] = "true"
	case "catalog.plan-updateable-number":
		last["plan_updateable"] = 1
	case "catalog.polling-duration-text":
		last["maximum_polling_duration"] = "60"
	case "catalog.polling-duration-fraction":
		last["maximum_polling_duration"] = 60.5
	case "catalog.polling-duration-negative":
		last["maximum_polling_duration"] = -1
	}
}

// breakDetails breaks the schemas and maintenance_info of a plan.
func (b *Broker) breakDetails(last object) {
	schema := func(parameters any) {
		last["schemas"] = object{"service_instance": object{"create": object{"parameters": parameters}}}
	}
	const draft4 = "http://json-schema.org/draft-04/schema#"
	switch b.config.Mutation {
	case "catalog.schemas-array":
		last["schemas"] = []any{}
	case "catalog.schema-text":
		schema(`{"$schema": "` + draft4 + `"}`)
	case "catalog.schema-of-string":
		schema(object{"$schema": draft4, "type": "string"})
	case "catalog.schema-draft-07":
		schema(object{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"})
	case "catalog.schema-undeclared":
		schema(object{"type": "object"})
	case "catalog.schema-external-reference":
		schema(object{"$schema": draft4, "properties": object{"a": object{"$ref": "https://schemas.example.com/a.json"}}})
	case "catalog.schema-too-large":
		schema(object{"$schema": draft4, "type": "object", "description": strings.Repeat("large ", 12_000)})
	case "catalog.binding-schema-undeclared":
		last["schemas"] = object{"service_binding": object{"create": object{"parameters": object{"type": "object"}}}}
	case "catalog.update-schema-undeclared":
		last["schemas"] = object{"service_instance": object{"update": object{"parameters": object{"type": "object"}}}}
	case "catalog.maintenance-empty":
		last["maintenance_info"] = object{}
	case "catalog.maintenance-not-semantic":
		last["maintenance_info"] = object{"version": "v1.0"}
	case "catalog.maintenance-number":
		last["maintenance_info"] = object{"version": 1.0}
	case "catalog.maintenance-extension":
		last["maintenance_info"] = object{"version": "1.0.0", "specimen.window": "sunday"}
	case "catalog.maintenance-text":
		last["maintenance_info"] = "1.0.0"
	case "catalog.maintenance-description-number":
		last["maintenance_info"] = object{"version": "1.0.0", "description": 1}
	}
}
