package openbroker

// deprovision answers DELETE /v2/service_instances/:instance_id (spec.md,
// "Deprovisioning").
func (c *call) deprovision() *Error {
	service, plan, err := c.readDelete()
	if err != nil {
		return err
	}
	r := &DeprovisionRequest{
		InstanceID: c.target.instanceID, ServiceID: c.serviceID, PlanID: c.planID, Service: service, Plan: plan,
		AcceptsIncomplete: c.acceptsIncomplete(), Caller: c.caller,
	}
	response, failed := c.broker.Deprovision(c.r.Context(), r)
	if failed != nil {
		return c.brokerError(failed)
	}
	if response == nil {
		return c.programmingError("Deprovision returned nil without an error")
	}
	return c.replyDelete(response.Outcome, response, response.Operation, response.RetryAfter, r.AcceptsIncomplete)
}

// readDelete reads the query of a request to delete an instance or a binding.
func (c *call) readDelete() (*Service, *Plan, *Error) {
	if err := c.readHints(); err != nil {
		return nil, nil, err
	}
	if err := required("service_id", c.serviceID); err != nil {
		return nil, nil, err
	}
	if err := required("plan_id", c.planID); err != nil {
		return nil, nil, err
	}
	version, err := c.current()
	if err != nil {
		return nil, nil, err
	}
	return version.findRetired(c.serviceID, c.planID)
}

// readHints reads service_id and plan_id from the query.
func (c *call) readHints() *Error {
	c.serviceID, c.planID = c.query.get("service_id"), c.query.get("plan_id")
	if err := checkText("service_id", c.serviceID); err != nil {
		return err
	}
	return checkText("plan_id", c.planID)
}
