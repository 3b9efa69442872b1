package client

import (
	"context"
	"fmt"
	"net/http"

	"github.com/openbroker/openbroker"
)

// LastOperation polls an operation on an instance once (spec.md, "Polling Last
// Operation for Service Instances"): GET
// /v2/service_instances/:instance_id/last_operation. To poll until the operation has
// ended, use [Client.Wait]. If the instance is gone (410), LastOperation returns
// [openbroker.ErrGone], which means that a deletion has succeeded.
func (c *Client) LastOperation(ctx context.Context, r *openbroker.LastOperationRequest) (*openbroker.LastOperationResponse, error) {
	return c.poll(ctx, &call{
		name: "last operation", method: http.MethodGet, instance: r.InstanceID, lastOperation: true, caller: r.Caller,
		query:  []parameter{{"service_id", r.ServiceID}, {"plan_id", r.PlanID}, {"operation", r.Operation}},
		repeat: repetition{safe: c.retries},
	})
}

// LastBindingOperation polls an operation on a binding once (spec.md, "Polling Last
// Operation for Service Bindings"): GET
// /v2/service_instances/:instance_id/service_bindings/:binding_id/last_operation. If
// the binding is gone (410), LastBindingOperation returns [openbroker.ErrGone].
func (c *Client) LastBindingOperation(ctx context.Context, r *openbroker.LastBindingOperationRequest) (*openbroker.LastOperationResponse, error) {
	return c.poll(ctx, &call{
		name: "last binding operation", method: http.MethodGet, instance: r.InstanceID, binding: r.BindingID, lastOperation: true, caller: r.Caller,
		query:  []parameter{{"service_id", r.ServiceID}, {"plan_id", r.PlanID}, {"operation", r.Operation}},
		repeat: repetition{safe: c.retries}, onBinding: true,
	})
}

func (c *Client) poll(ctx context.Context, call *call) (*openbroker.LastOperationResponse, error) {
	response := new(openbroker.LastOperationResponse)
	err := c.fetch(ctx, call, func(a *brokerResponse, fields *reader) {
		fields.read("state", &response.State)
		fields.optional("description", &response.Description)
		fields.optional("instance_usable", &response.InstanceUsable)
		fields.optional("update_repeatable", &response.UpdateRepeatable)
		response.RetryAfter = a.retryAfter()
		switch response.State {
		case openbroker.OperationInProgress, openbroker.OperationSucceeded, openbroker.OperationFailed:
		default:
			if fields.err == nil {
				fields.err = fmt.Errorf("state is %.40q: it must be %q, %q or %q", response.State, openbroker.OperationInProgress, openbroker.OperationSucceeded, openbroker.OperationFailed)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}
