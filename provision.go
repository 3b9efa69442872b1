package openbroker

import (
	"cmp"
	"encoding/json"
	"net/http"
)

// A maintenanceInfoWire is a maintenance_info in a request. Extension fields
// and the description are ignored there, so it is decoded without them.
type maintenanceInfoWire struct {
	Version     string `json:"version"`
	Description string `json:"description"`
}

type provisionWire struct {
	ServiceID        string               `json:"service_id"`
	PlanID           string               `json:"plan_id"`
	Context          json.RawMessage      `json:"context"`
	OrganizationGUID string               `json:"organization_guid"`
	SpaceGUID        string               `json:"space_guid"`
	Parameters       json.RawMessage      `json:"parameters"`
	MaintenanceInfo  *maintenanceInfoWire `json:"maintenance_info"`
}

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
	if err := c.parseQuery(); err != nil {
		return nil, err
	}
	var wire provisionWire
	body, err := c.readBody(&wire)
	if err != nil {
		return nil, err
	}
	c.serviceID, c.planID = wire.ServiceID, wire.PlanID
	r := &ProvisionRequest{
		InstanceID: c.target.instanceID, ServiceID: wire.ServiceID, PlanID: wire.PlanID,
		AcceptsIncomplete: c.acceptsIncomplete(), Caller: c.caller, Body: body,
	}
	if err := required("service_id", wire.ServiceID); err != nil {
		return nil, err
	}
	if err := required("plan_id", wire.PlanID); err != nil {
		return nil, err
	}
	if r.Parameters, err = readParameters(wire.Parameters); err != nil {
		return nil, err
	}
	place, err := readContext(wire.Context, &r.Context)
	if err != nil {
		return nil, err
	}
	if r.OrganizationGUID, err = sameID("organization_guid", wire.OrganizationGUID, place.OrganizationGUID); err != nil {
		return nil, err
	}
	if r.SpaceGUID, err = sameID("space_guid", wire.SpaceGUID, place.SpaceGUID); err != nil {
		return nil, err
	}
	if err := c.checkPlace(r); err != nil {
		return nil, err
	}
	version, err := c.current()
	if err != nil {
		return nil, err
	}
	if r.Service, r.Plan, err = version.find(r.ServiceID, r.PlanID); err != nil {
		return nil, err
	}
	r.MaintenanceInfo, err = checkMaintenanceInfo(wire.MaintenanceInfo, r.Plan)
	return r, err
}

func required(field, value string) *Error {
	if value == "" {
		return ErrBadRequest.WithDescription("%s is missing or empty: a non-empty string is required", field)
	}
	return nil
}

func readParameters(raw json.RawMessage) (Parameters, *Error) {
	object, err := optionalObject("parameters", raw)
	return Parameters(object), err
}

// A place is the part of a context that the handler looks at.
type place struct {
	Platform         string `json:"platform"`
	OrganizationGUID string `json:"organization_guid"`
	SpaceGUID        string `json:"space_guid"`
}

func readContext(raw json.RawMessage, context *Context) (place, *Error) {
	object, err := optionalObject("context", raw)
	if err != nil || object == nil {
		return place{}, err
	}
	var found place
	if err := json.Unmarshal(object, &found); err != nil {
		return place{}, ErrBadRequest.WithDescription("%s", describeJSON(err, "context"))
	}
	context.Platform, context.Raw = found.Platform, object
	return found, nil
}

// sameID returns the id that stands in the request, in the context, or in both.
func sameID(field, id, inContext string) (string, *Error) {
	if id == "" || inContext == "" || id == inContext {
		return cmp.Or(id, inContext), nil
	}
	return "", ErrBadRequest.WithDescription("%s and context.%s are different", field, field)
}

// checkPlace demands organization and space of Cloud Foundry, and of platforms
// that send no context; others have neither.
func (c *call) checkPlace(r *ProvisionRequest) *Error {
	if c.skipOrganizationCheck || r.Context.Platform != "" && r.Context.Platform != PlatformCloudFoundry {
		return nil
	}
	if err := required("organization_guid", r.OrganizationGUID); err != nil {
		return err
	}
	return required("space_guid", r.SpaceGUID)
}

// checkMaintenanceInfo compares the version with that of the plan, which may
// have changed since the platform read the catalog.
func checkMaintenanceInfo(wire *maintenanceInfoWire, plan *Plan) (*MaintenanceInfo, *Error) {
	if wire == nil {
		return nil, nil
	}
	if err := required("maintenance_info.version", wire.Version); err != nil {
		return nil, err
	}
	if plan != nil && (plan.MaintenanceInfo == nil || plan.MaintenanceInfo.Version != wire.Version) {
		return nil, ErrMaintenanceInfoConflict
	}
	return &MaintenanceInfo{Version: wire.Version, Description: wire.Description}, nil
}
