package openbroker

import (
	"encoding/json"
	"net/http"
)

type updateWire struct {
	ServiceID       string               `json:"service_id"`
	PlanID          string               `json:"plan_id"`
	Context         json.RawMessage      `json:"context"`
	Parameters      json.RawMessage      `json:"parameters"`
	PreviousValues  *previousValuesWire  `json:"previous_values"`
	MaintenanceInfo *maintenanceInfoWire `json:"maintenance_info"`
}

type previousValuesWire struct {
	ServiceID       string               `json:"service_id"`
	PlanID          string               `json:"plan_id"`
	OrganizationID  string               `json:"organization_id"`
	SpaceID         string               `json:"space_id"`
	MaintenanceInfo *maintenanceInfoWire `json:"maintenance_info"`
}

// update answers PATCH /v2/service_instances/:instance_id (spec.md, "Updating a
// Service Instance").
func (c *call) update() *Error {
	r, err := c.readUpdate()
	if err != nil {
		return err
	}
	response, failed := c.broker.Update(c.r.Context(), r)
	if failed != nil {
		return c.brokerError(failed)
	}
	if response == nil {
		return c.programmingError("Update returned nil without an error")
	}
	status, err := c.checkOutcome(response.Outcome, response.Operation, r.AcceptsIncomplete, http.StatusOK)
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

func (c *call) readUpdate() (*UpdateRequest, *Error) {
	if err := c.parseQuery(); err != nil {
		return nil, err
	}
	var wire updateWire
	body, err := c.readBody(&wire)
	if err != nil {
		return nil, err
	}
	c.serviceID, c.planID = wire.ServiceID, wire.PlanID
	r := &UpdateRequest{
		InstanceID: c.target.instanceID, ServiceID: wire.ServiceID, PlanID: wire.PlanID,
		PreviousValues:    wire.PreviousValues.values(),
		AcceptsIncomplete: c.acceptsIncomplete(), Caller: c.caller, Body: body,
	}
	if err := required("service_id", wire.ServiceID); err != nil {
		return nil, err
	}
	if r.Parameters, err = readParameters(wire.Parameters); err != nil {
		return nil, err
	}
	if _, err := readContext(wire.Context, &r.Context); err != nil {
		return nil, err
	}
	version, err := c.current()
	if err != nil {
		return nil, err
	}
	present, err := r.resolve(version)
	if err != nil {
		return nil, err
	}
	r.MaintenanceInfo, err = checkMaintenanceInfo(wire.MaintenanceInfo, present)
	return r, err
}

func (w *previousValuesWire) values() *PreviousValues {
	if w == nil {
		return nil
	}
	values := &PreviousValues{ServiceID: w.ServiceID, PlanID: w.PlanID, OrganizationID: w.OrganizationID, SpaceID: w.SpaceID}
	if w.MaintenanceInfo != nil {
		values.MaintenanceInfo = &MaintenanceInfo{Version: w.MaintenanceInfo.Version, Description: w.MaintenanceInfo.Description}
	}
	return values
}

// resolve fills in the service and the plan, and returns the plan that the
// instance has when the update is done, as far as the request tells: a request
// without plan_id leaves the plan alone, which may even be retired.
func (r *UpdateRequest) resolve(version *catalogVersion) (*Plan, *Error) {
	previous := ""
	if r.PreviousValues != nil {
		previous = r.PreviousValues.PlanID
	}
	if r.PlanID == "" {
		if r.Service = version.services[r.ServiceID]; r.Service == nil {
			return nil, ErrBadRequest.WithDescription("service_id %q is not in the catalog", shorten(r.ServiceID))
		}
		return r.Service.Plan(previous), nil
	}
	var err *Error
	if r.Service, r.Plan, err = version.find(r.ServiceID, r.PlanID); err != nil {
		return nil, err
	}
	// Whether a plan may be left is the business of that plan. Without
	// previous_values only a broker that keeps state can tell.
	if previous != "" && previous != r.PlanID && !r.Service.PlanChangeAllowed(r.Service.Plan(previous)) {
		return nil, ErrPlanChangeNotSupported.WithDescription("plan_id: instances of their present plan cannot move to another plan of the service %q", r.Service.Name)
	}
	return r.Plan, nil
}
