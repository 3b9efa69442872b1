package client

import (
	"context"
	"net/http"

	"github.com/openbroker/openbroker"
)

// Provision creates a service instance (spec.md, "Provisioning"): PUT
// /v2/service_instances/:instance_id. The outcome is Completed for 201, AlreadyExists
// for 200 and Accepted for 202; see [ProvisionOperation]. The client does not send
// Service and Plan of the request, but [Client.Wait] uses the plan's
// maximum_polling_duration.
func (c *Client) Provision(ctx context.Context, r *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	body, err := encodeBody(r, r.Body)
	if err != nil {
		return nil, err
	}
	call := newChange("provision", http.MethodPut, Orphan{
		Kind: KindProvision, InstanceID: r.InstanceID, ServiceID: r.ServiceID, PlanID: r.PlanID,
	}, r.AcceptsIncomplete, r.Caller)
	call.body, call.hide = body, hiddenTexts(r.Parameters)
	response := new(openbroker.ProvisionResponse)
	response.Outcome, err = c.change(ctx, call, http.StatusCreated, func(a *brokerResponse, fields *reader) {
		readInstanceFields(fields, &response.DashboardURL, &response.Metadata)
		fields.nullable("operation", &response.Operation)
		response.RetryAfter = a.retryAfter()
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// Update changes an instance (spec.md, "Updating a Service Instance"): PATCH
// /v2/service_instances/:instance_id. The outcome is Completed for 200 and Accepted
// for 202; see [UpdateOperation]. The client never repeats an update, and never
// deletes an instance after one.
func (c *Client) Update(ctx context.Context, r *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
	body, err := encodeBody(r, r.Body)
	if err != nil {
		return nil, err
	}
	call := newChange("update", http.MethodPatch, Orphan{
		Kind: KindUpdate, InstanceID: r.InstanceID, ServiceID: r.ServiceID, PlanID: r.PlanID,
	}, r.AcceptsIncomplete, r.Caller)
	call.body, call.hide = body, hiddenTexts(r.Parameters)
	response := new(openbroker.UpdateResponse)
	response.Outcome, err = c.change(ctx, call, http.StatusOK, func(a *brokerResponse, fields *reader) {
		readInstanceFields(fields, &response.DashboardURL, &response.Metadata)
		fields.nullable("operation", &response.Operation)
		response.RetryAfter = a.retryAfter()
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// Deprovision deletes an instance (spec.md, "Deprovisioning"): DELETE
// /v2/service_instances/:instance_id. The outcome is Completed for 200 and Accepted for
// 202; see [DeprovisionOperation]. If the instance does not exist (410), Deprovision
// returns [openbroker.ErrInstanceDoesNotExist], which most callers treat as a
// success.
func (c *Client) Deprovision(ctx context.Context, r *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	response := new(openbroker.DeprovisionResponse)
	var err error
	response.Outcome, err = c.remove(ctx, "deprovision", Orphan{
		Kind: KindDeprovision, InstanceID: r.InstanceID, ServiceID: r.ServiceID, PlanID: r.PlanID,
	}, r.AcceptsIncomplete, r.Caller, func(a *brokerResponse, fields *reader) {
		fields.read("operation", &response.Operation)
		response.RetryAfter = a.retryAfter()
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// GetInstance fetches an instance (spec.md, "Fetching a Service Instance"): GET
// /v2/service_instances/:instance_id. Only services that are instances_retrievable
// support it. If the instance does not exist or is still being created, GetInstance
// returns [openbroker.ErrInstanceDoesNotExist].
func (c *Client) GetInstance(ctx context.Context, r *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
	response := new(openbroker.GetInstanceResponse)
	err := c.fetch(ctx, &call{
		name: "fetch instance", method: http.MethodGet, instance: r.InstanceID, caller: r.Caller,
		query:  []parameter{{"service_id", r.ServiceID}, {"plan_id", r.PlanID}},
		repeat: repetition{safe: c.retries},
	}, func(_ *brokerResponse, fields *reader) {
		fields.read("service_id", &response.ServiceID)
		fields.read("plan_id", &response.PlanID)
		readInstanceFields(fields, &response.DashboardURL, &response.Metadata)
		fields.read("parameters", &response.Parameters)
		fields.optional("maintenance_info", &response.MaintenanceInfo)
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

func readInstanceFields(fields *reader, dashboardURL *string, metadata **openbroker.InstanceMetadata) {
	fields.nullable("dashboard_url", dashboardURL)
	fields.optional("metadata", metadata)
}
