package openbroker

import (
	"encoding/json"
	"net/http"
)

type bindWire struct {
	ServiceID            string          `json:"service_id"`
	PlanID               string          `json:"plan_id"`
	Context              json.RawMessage `json:"context"`
	AppGUID              string          `json:"app_guid"`
	BindResource         json.RawMessage `json:"bind_resource"`
	PredecessorBindingID *string         `json:"predecessor_binding_id"`
	Parameters           json.RawMessage `json:"parameters"`
}

// bind answers PUT
// /v2/service_instances/:instance_id/service_bindings/:binding_id (spec.md,
// "Binding").
func (c *call) bind() *Error {
	r, err := c.readBind()
	if err != nil {
		return err
	}
	response, failed := c.broker.Bind(c.r.Context(), r)
	if failed != nil {
		return c.brokerError(failed)
	}
	if response == nil {
		return c.programmingError("Bind returned nil without an error")
	}
	status, err := c.checkOutcome(response.Outcome, response.Operation, r.AcceptsIncomplete, http.StatusCreated)
	if err != nil {
		return err
	}
	if status == http.StatusAccepted {
		if r.Service != nil && !r.Service.BindingsRetrievable {
			// The credentials could never be fetched, and Cloud Foundry fails
			// such a binding without deleting it.
			return c.programmingError("Bind accepted an operation, but the service %q is not bindings_retrievable", r.Service.Name)
		}
		c.retryAfter(response.RetryAfter)
		return c.reply(status, &BindResponse{Operation: response.Operation})
	}
	if err := c.checkBinding(r.Service, response.binding()); err != nil {
		return err
	}
	done := *response
	done.Operation = ""
	return c.reply(status, &done)
}

func (c *call) readBind() (*BindRequest, *Error) {
	if err := c.parseQuery(); err != nil {
		return nil, err
	}
	var wire bindWire
	body, err := c.readBody(&wire)
	if err != nil {
		return nil, err
	}
	c.serviceID, c.planID = wire.ServiceID, wire.PlanID
	r := &BindRequest{
		InstanceID: c.target.instanceID, BindingID: c.target.bindingID,
		ServiceID: wire.ServiceID, PlanID: wire.PlanID, AppGUID: wire.AppGUID,
		AcceptsIncomplete: c.acceptsIncomplete(), Caller: c.caller, Body: body,
	}
	if wire.PredecessorBindingID != nil {
		r.PredecessorBindingID = *wire.PredecessorBindingID
		if err := checkID("predecessor_binding_id", r.PredecessorBindingID); err != nil {
			return nil, err
		}
		if r.PredecessorBindingID == r.BindingID {
			return nil, ErrBadRequest.WithDescription("predecessor_binding_id must be another binding than binding_id")
		}
	}
	if r.Parameters, err = readParameters(wire.Parameters); err != nil {
		return nil, err
	}
	if _, err := readContext(wire.Context, &r.Context); err != nil {
		return nil, err
	}
	if err := r.readResource(wire.BindResource); err != nil {
		return nil, err
	}
	return r, c.resolveBind(r)
}

// readResource reads bind_resource. An empty app_guid counts as absent: Korifi
// sends it for service keys.
func (r *BindRequest) readResource(raw json.RawMessage) *Error {
	object, err := optionalObject("bind_resource", raw)
	if err != nil {
		return err
	}
	if object != nil {
		r.BindResource = &BindResource{Raw: object}
		if err := json.Unmarshal(object, r.BindResource); err != nil {
			return ErrBadRequest.WithDescription("%s", describeJSON(err, "bind_resource"))
		}
		if r.AppGUID == "" {
			r.AppGUID = r.BindResource.AppGUID
		} else if other := r.BindResource.AppGUID; other != "" && other != r.AppGUID {
			return ErrBadRequest.WithDescription("app_guid and bind_resource.app_guid are different")
		}
	}
	return nil
}

// resolveBind fills in the service and the plan. A rotation may leave both out,
// but not one.
func (c *call) resolveBind(r *BindRequest) *Error {
	if r.PredecessorBindingID != "" && r.ServiceID == "" && r.PlanID == "" {
		return nil
	}
	if err := required("service_id", r.ServiceID); err != nil {
		return err
	}
	if err := required("plan_id", r.PlanID); err != nil {
		return err
	}
	version, err := c.current()
	if err != nil {
		return err
	}
	if r.Service, r.Plan, err = version.find(r.ServiceID, r.PlanID); err != nil {
		return err
	}
	if !r.Service.PlanBindable(r.Plan) {
		return ErrBadRequest.WithDescription("plan_id: the plan %q of the service %q is not bindable", r.Plan.Name, r.Service.Name)
	}
	if r.PredecessorBindingID != "" && !r.Plan.BindingRotatable {
		return ErrBadRequest.WithDescription("predecessor_binding_id: the plan %q of the service %q does not support the rotation of bindings", r.Plan.Name, r.Service.Name)
	}
	return nil
}

// unbind answers DELETE
// /v2/service_instances/:instance_id/service_bindings/:binding_id (spec.md,
// "Unbinding").
func (c *call) unbind() *Error {
	service, plan, err := c.readDelete()
	if err != nil {
		return err
	}
	r := &UnbindRequest{
		InstanceID: c.target.instanceID, BindingID: c.target.bindingID,
		ServiceID: c.serviceID, PlanID: c.planID, Service: service, Plan: plan,
		AcceptsIncomplete: c.acceptsIncomplete(), Caller: c.caller,
	}
	response, failed := c.broker.Unbind(c.r.Context(), r)
	if failed != nil {
		return c.brokerError(failed)
	}
	if response == nil {
		return c.programmingError("Unbind returned nil without an error")
	}
	return c.replyDelete(response.Outcome, response, response.Operation, response.RetryAfter, r.AcceptsIncomplete)
}
