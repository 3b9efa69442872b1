package openbroker

import "net/http"

// getInstance answers GET /v2/service_instances/:instance_id (spec.md,
// "Fetching a Service Instance").
func (c *call) getInstance() *Error {
	if err := c.readHints(); err != nil {
		return err
	}
	response, failed := c.broker.GetInstance(c.r.Context(), &GetInstanceRequest{
		InstanceID: c.target.instanceID, ServiceID: c.serviceID, PlanID: c.planID, Caller: c.caller,
	})
	if failed != nil {
		return c.brokerError(failed)
	}
	if response == nil {
		return c.programmingError("GetInstance returned nil without an error")
	}
	if err := c.checkObject("parameters", response.Parameters); err != nil {
		return err
	}
	return c.reply(http.StatusOK, response)
}

// getBinding answers GET
// /v2/service_instances/:instance_id/service_bindings/:binding_id (spec.md,
// "Fetching a Service Binding").
func (c *call) getBinding() *Error {
	if err := c.readHints(); err != nil {
		return err
	}
	response, failed := c.broker.GetBinding(c.r.Context(), &GetBindingRequest{
		InstanceID: c.target.instanceID, BindingID: c.target.bindingID,
		ServiceID: c.serviceID, PlanID: c.planID, Caller: c.caller,
	})
	if failed != nil {
		return c.brokerError(failed)
	}
	if response == nil {
		return c.programmingError("GetBinding returned nil without an error")
	}
	if err := c.checkObject("parameters", response.Parameters); err != nil {
		return err
	}
	if err := c.checkBinding(response); err != nil {
		return err
	}
	c.warnAboutPermissions(response)
	return c.reply(http.StatusOK, response)
}
