package openbroker

import (
	"encoding/json"
	"net/http"
)

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
			// The platform could not fetch the credentials, and Cloud Foundry marks
			// such a binding as failed without deleting it.
			return c.programmingError("Bind accepted an operation, but the service %q is not bindings_retrievable", r.Service.Name)
		}
		c.retryAfter(response.RetryAfter)
		return c.reply(status, &BindResponse{Operation: response.Operation})
	}
	binding := response.binding()
	if err := c.checkPermissions(r.Service, binding); err != nil {
		return err
	}
	if err := c.checkBinding(binding); err != nil {
		return err
	}
	done := *response
	done.Operation = ""
	return c.reply(status, &done)
}

func (c *call) readBind() (*BindRequest, *Error) {
	r := &BindRequest{
		InstanceID: c.target.instanceID, BindingID: c.target.bindingID,
		AcceptsIncomplete: c.acceptsIncomplete(), Caller: c.caller,
	}
	rotates := false
	var err *Error
	r.Body, err = c.readBody(func(name string, value json.RawMessage) *Error {
		switch name {
		case "service_id":
			return readString(&r.ServiceID, name, value)
		case "plan_id":
			return readString(&r.PlanID, name, value)
		case "app_guid":
			return readString(&r.AppGUID, name, value)
		case "predecessor_binding_id":
			rotates = !isNull(value)
			return readString(&r.PredecessorBindingID, name, value)
		case "parameters":
			return readObject(&r.Parameters, name, value)
		case "context":
			return readContext(&r.Context, new(place), value)
		case "bind_resource":
			return r.readResource(value)
		default:
			return nil
		}
	})
	c.serviceID, c.planID = r.ServiceID, r.PlanID
	if err != nil {
		return nil, err
	}
	if rotates {
		if err := checkID("predecessor_binding_id", r.PredecessorBindingID); err != nil {
			return nil, err
		}
		if r.PredecessorBindingID == r.BindingID {
			return nil, ErrBadRequest.WithDescription("predecessor_binding_id must differ from binding_id")
		}
	}
	if err := c.resolveAppGUID(r); err != nil {
		return nil, err
	}
	return r, c.resolveBind(r)
}

func (r *BindRequest) readResource(value json.RawMessage) *Error {
	resource := new(BindResource)
	if err := readObject(&resource.Raw, "bind_resource", value); err != nil {
		return err
	}
	present, err := readMembers("bind_resource", value, func(name string, value json.RawMessage) *Error {
		field := "bind_resource." + name
		switch name {
		case "app_guid":
			return readString(&resource.AppGUID, field, value)
		case "route":
			return readString(&resource.Route, field, value)
		case "space_guid":
			return readString(&resource.SpaceGUID, field, value)
		case "credential_client_id":
			return readString(&resource.CredentialClientID, field, value)
		case "app_annotations":
			if err := json.Unmarshal(value, &resource.AppAnnotations); err != nil {
				return wrongType(field, "an object", value)
			}
		}
		return nil
	})
	if r.BindResource = nil; present {
		r.BindResource = resource
	}
	return err
}

// resolveAppGUID sets AppGUID to the app_guid of bind_resource, which replaces the
// deprecated field (spec.md, "Binding", field app_guid). An empty value counts as
// absent, because Korifi sends it for service keys.
func (c *call) resolveAppGUID(r *BindRequest) *Error {
	if resource := r.BindResource; resource != nil {
		r.AppGUID = c.prefer("bind_resource.app_guid", resource.AppGUID, "app_guid", r.AppGUID)
	}
	return checkText("app_guid", r.AppGUID)
}

// resolveBind sets the service and the plan and checks the request against them. A
// rotation may leave out both, but not one of them.
func (c *call) resolveBind(r *BindRequest) *Error {
	r.SetParameterValidator(c.parameterValidator)
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
	return c.validationError(r.ValidateParameters(r.Plan))
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
