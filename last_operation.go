package openbroker

import (
	"net/http"
	"strings"
	"unicode/utf8"
)

// maxOperationLength is the maximum length of an operation in characters (spec.md,
// "Provisioning" and others, field operation).
const maxOperationLength = 10_000

// lastOperation answers GET /v2/service_instances/:instance_id/last_operation
// (spec.md, "Polling Last Operation for Service Instances").
func (c *call) lastOperation() *Error {
	operation, err := c.readPoll()
	if err != nil {
		return err
	}
	response, failed := c.broker.LastOperation(c.r.Context(), &LastOperationRequest{
		InstanceID: c.target.instanceID, ServiceID: c.serviceID, PlanID: c.planID,
		Operation: operation, Caller: c.caller,
	})
	if failed != nil {
		return c.brokerError(failed)
	}
	return c.replyState(response, true)
}

// lastBindingOperation answers GET
// /v2/service_instances/:instance_id/service_bindings/:binding_id/last_operation
// (spec.md, "Polling Last Operation for Service Bindings").
func (c *call) lastBindingOperation() *Error {
	operation, err := c.readPoll()
	if err != nil {
		return err
	}
	response, failed := c.broker.LastBindingOperation(c.r.Context(), &LastBindingOperationRequest{
		InstanceID: c.target.instanceID, BindingID: c.target.bindingID,
		ServiceID: c.serviceID, PlanID: c.planID, Operation: operation, Caller: c.caller,
	})
	if failed != nil {
		return c.brokerError(failed)
	}
	return c.replyState(response, false)
}

func (c *call) readPoll() (operation string, err *Error) {
	if err := c.readHints(); err != nil {
		return "", err
	}
	operation = c.query.get("operation")
	if utf8.RuneCountInString(operation) > maxOperationLength {
		return "", ErrBadRequest.WithDescription("operation has more than %d characters", maxOperationLength)
	}
	if !utf8.ValidString(operation) || strings.ContainsRune(operation, 0) {
		return "", ErrBadRequest.WithDescription("operation contains a NUL character or is not UTF-8")
	}
	return operation, nil
}

// replyState sends the state of an operation without the fields that the
// specification forbids for that state.
func (c *call) replyState(response *LastOperationResponse, ofInstance bool) *Error {
	if response == nil {
		return c.programmingError("the last operation is nil without an error")
	}
	switch response.State {
	case OperationInProgress:
		c.retryAfter(response.RetryAfter)
	case OperationSucceeded, OperationFailed:
	default:
		return c.programmingError("the state of the last operation is %q", response.State)
	}
	sent := *response
	if !ofInstance || response.State != OperationFailed {
		sent.InstanceUsable, sent.UpdateRepeatable = nil, nil
	}
	return c.reply(http.StatusOK, &sent)
}
