package openbroker

import (
	"encoding/json"
	"net/http"
)

// provision answers PUT /v2/service_instances/:instance_id (spec.md,
// "Provisioning").
func (c *call) provision() *Error {
	r, err := c.readProvision()
	if err != nil {
		return err
	}
	response, failed := c.broker.Provision(c.r.Context(), r)
	if failed != nil {
		return c.brokerError(failed)
	}
	if response == nil {
		return c.programmingError("Provision returned nil without an error")
	}
	status, err := c.checkOutcome(response.Outcome, response.Operation, r.AcceptsIncomplete, http.StatusCreated)
	if err != nil {
		return err
	}
	if status == http.StatusAccepted {
		c.retryAfter(response.RetryAfter)
		return c.reply(status, response)
	}
	done := *response
	done.Operation = ""
	return c.reply(status, &done)
}

func (c *call) readProvision() (*ProvisionRequest, *Error) {
	r := &ProvisionRequest{InstanceID: c.target.instanceID, AcceptsIncomplete: c.acceptsIncomplete(), Caller: c.caller}
	var place place
	var err *Error
	r.Body, err = c.readBody(func(name string, value json.RawMessage) *Error {
		switch name {
		case "service_id":
			return readString(&r.ServiceID, name, value)
		case "plan_id":
			return readString(&r.PlanID, name, value)
		case "organization_guid":
			return readString(&r.OrganizationGUID, name, value)
		case "space_guid":
			return readString(&r.SpaceGUID, name, value)
		case "parameters":
			return readObject(&r.Parameters, name, value)
		case "context":
			return readContext(&r.Context, &place, value)
		case "maintenance_info":
			return readMaintenanceInfo(&r.MaintenanceInfo, name, value)
		default:
			return nil
		}
	})
	c.serviceID, c.planID = r.ServiceID, r.PlanID
	if err != nil {
		return nil, err
	}
	if err := required("service_id", r.ServiceID); err != nil {
		return nil, err
	}
	if err := required("plan_id", r.PlanID); err != nil {
		return nil, err
	}
	if err := c.resolvePlace(r, place); err != nil {
		return nil, err
	}
	version, err := c.current()
	if err != nil {
		return nil, err
	}
	if r.Service, r.Plan, err = version.find(r.ServiceID, r.PlanID); err != nil {
		return nil, err
	}
	if err := checkMaintenanceInfo(r.MaintenanceInfo, r.Plan); err != nil {
		return nil, err
	}
	return r, c.validateParameters(r)
}

func required(field, value string) *Error {
	if value == "" {
		return ErrBadRequest.WithDescription("%s is missing or empty: a non-empty string is required", field)
	}
	return nil
}

// A place is the organization and the space of a context.
type place struct{ organizationGUID, spaceGUID string }

// readContext reads a context. The guids must be strings if the platform is Cloud
// Foundry or absent. For other platforms they are extension fields of any type, and
// ignored unless they are usable strings.
func readContext(context *PlatformContext, place *place, value json.RawMessage) *Error {
	*context = PlatformContext{}
	place.organizationGUID, place.spaceGUID = "", ""
	if err := readObject(&context.Raw, "context", value); err != nil || context.Raw == nil {
		return err
	}
	var organization, space json.RawMessage
	for name, value := range members(context.Raw) {
		switch name {
		case "platform":
			if err := readString(&context.Platform, "context.platform", value); err != nil {
				return err
			}
		case "organization_guid":
			organization = value
		case "space_guid":
			space = value
		}
	}
	if err := context.readGUID(&place.organizationGUID, "context.organization_guid", organization); err != nil {
		return err
	}
	return context.readGUID(&place.spaceGUID, "context.space_guid", space)
}

func (c *PlatformContext) readGUID(into *string, field string, value json.RawMessage) *Error {
	if value == nil {
		return nil
	}
	err := readString(into, field, value)
	if c.maybeCloudFoundry() {
		return err
	}
	if err != nil || checkText(field, *into) != nil {
		*into = ""
	}
	return nil
}

func (c *PlatformContext) maybeCloudFoundry() bool {
	return c.Platform == "" || c.Platform == PlatformCloudFoundry
}

// resolvePlace sets the organization and the space of the request from its context,
// which replaces the deprecated fields (spec.md, "Provisioning", field context).
// Cloud Foundry and platforms that send no context must provide them.
func (c *call) resolvePlace(r *ProvisionRequest, inContext place) *Error {
	mandatory := !c.skipOrganizationCheck && r.Context.maybeCloudFoundry()
	for _, field := range [...]struct {
		name      string
		value     *string
		inContext string
	}{
		{"organization_guid", &r.OrganizationGUID, inContext.organizationGUID},
		{"space_guid", &r.SpaceGUID, inContext.spaceGUID},
	} {
		*field.value = c.prefer("context."+field.name, field.inContext, field.name, *field.value)
		if mandatory && *field.value == "" {
			return required(field.name, "")
		}
		if err := checkText(field.name, *field.value); err != nil {
			return err
		}
	}
	return nil
}

// readMaintenanceInfo reads the version of a maintenance_info and ignores the rest,
// as the specification requires. An object without values counts as absent, because
// clients that are generated from the OpenAPI document send {} or empty strings.
func readMaintenanceInfo(into **MaintenanceInfo, field string, value json.RawMessage) *Error {
	*into = nil
	info, empty := new(MaintenanceInfo), true
	present, err := readMembers(field, value, func(name string, value json.RawMessage) *Error {
		empty = empty && (isNull(value) || string(value) == `""`)
		if name == "version" {
			return readString(&info.Version, field+".version", value)
		}
		return nil
	})
	if present && !empty {
		*into = info
	}
	return err
}

// checkMaintenanceInfo compares the version with that of the plan, which may
// have changed since the platform read the catalog. plan is nil if the request does
// not name it.
func checkMaintenanceInfo(info *MaintenanceInfo, plan *Plan) *Error {
	if info == nil {
		return nil
	}
	if err := required("maintenance_info.version", info.Version); err != nil {
		return err
	}
	if plan != nil && (plan.MaintenanceInfo == nil || plan.MaintenanceInfo.Version != info.Version) {
		return ErrMaintenanceInfoConflict
	}
	return nil
}
