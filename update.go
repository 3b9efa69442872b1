package openbroker

import (
	"encoding/json"
	"net/http"
)

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
	r := &UpdateRequest{InstanceID: c.target.instanceID, AcceptsIncomplete: c.acceptsIncomplete(), Caller: c.caller}
	var err *Error
	r.Body, err = c.readBody(func(name string, value json.RawMessage) *Error {
		switch name {
		case "service_id":
			return readString(&r.ServiceID, name, value)
		case "plan_id":
			return readString(&r.PlanID, name, value)
		case "parameters":
			return readObject(&r.Parameters, name, value)
		case "context":
			return readContext(&r.Context, new(place), value)
		case "previous_values":
			return r.readPreviousValues(value)
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
	version, err := c.current()
	if err != nil {
		return nil, err
	}
	if err := r.resolve(version); err != nil {
		return nil, err
	}
	if err := checkMaintenanceInfo(r.MaintenanceInfo, r.Plan); err != nil {
		return nil, err
	}
	r.SetParameterValidator(c.parameterValidator)
	return r, c.validationError(r.ValidateParameters(r.Plan))
}

func (r *UpdateRequest) readPreviousValues(value json.RawMessage) *Error {
	values := new(PreviousValues)
	present, err := readMembers("previous_values", value, func(name string, value json.RawMessage) *Error {
		field := "previous_values." + name
		switch name {
		case "service_id":
			return readString(&values.ServiceID, field, value)
		case "plan_id":
			return readString(&values.PlanID, field, value)
		case "organization_id":
			return readString(&values.OrganizationID, field, value)
		case "space_id":
			return readString(&values.SpaceID, field, value)
		case "maintenance_info":
			return readMaintenanceInfo(&values.MaintenanceInfo, field, value)
		default:
			return nil
		}
	})
	if r.PreviousValues = nil; present {
		r.PreviousValues = values
	}
	return err
}

// resolve sets the service and, with plan_id, the plan. Without plan_id, only a
// broker that keeps state knows the plan, which may be retired. It does not check
// whether the old plan allows the change: previous_values may be wrong, and the
// handler does not know the plan of the instance.
func (r *UpdateRequest) resolve(version *catalogVersion) (err *Error) {
	if r.PlanID == "" {
		if r.Service = version.services[r.ServiceID]; r.Service == nil {
			return ErrBadRequest.WithDescription("service_id %q is not in the catalog", shorten(r.ServiceID))
		}
		return nil
	}
	r.Service, r.Plan, err = version.find(r.ServiceID, r.PlanID)
	return err
}
