package client

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/openbroker/openbroker"
)

// Bind creates a binding, or the successor of one if PredecessorBindingID is set
// (spec.md, "Binding"): PUT
// /v2/service_instances/:instance_id/service_bindings/:binding_id. The outcome is
// Completed for 201, AlreadyExists for 200 and Accepted for 202; see [BindOperation].
// To get the credentials of an accepted binding, call [Client.GetBinding] after
// [Client.Wait]. Numbers in credentials have the type [json.Number].
func (c *Client) Bind(ctx context.Context, r *openbroker.BindRequest) (*openbroker.BindResponse, error) {
	body, err := encodeBind(r)
	if err != nil {
		return nil, err
	}
	call := newChange("bind", http.MethodPut, Orphan{
		Kind: KindBind, InstanceID: r.InstanceID, BindingID: r.BindingID,
		ServiceID: r.ServiceID, PlanID: r.PlanID, key: isServiceKey(r),
	}, r.AcceptsIncomplete, r.Caller)
	call.body, call.hide = body, hiddenTexts(r.Parameters)
	response := new(openbroker.BindResponse)
	response.Outcome, err = c.change(ctx, call, http.StatusCreated, func(a *brokerResponse, fields *reader) {
		var binding openbroker.GetBindingResponse
		readBinding(fields, &binding)
		fields.read("operation", &response.Operation)
		response.RetryAfter = a.retryAfter()
		response.Metadata, response.Credentials, response.SyslogDrainURL = binding.Metadata, binding.Credentials, binding.SyslogDrainURL
		response.RouteServiceURL, response.VolumeMounts, response.Endpoints = binding.RouteServiceURL, binding.VolumeMounts, binding.Endpoints
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// encodeBind encodes the body of a bind request. It keeps a bind_resource that was
// received from a platform unchanged.
func encodeBind(r *openbroker.BindRequest) ([]byte, error) {
	if r.BindResource == nil || len(r.BindResource.Raw) == 0 {
		return encodeBody(r, r.Body)
	}
	// The outer field hides the inner one of the same name.
	type fields openbroker.BindRequest
	return encodeBody(struct {
		*fields
		BindResource json.RawMessage `json:"bind_resource"`
	}{(*fields)(r), r.BindResource.Raw}, r.Body)
}

// isServiceKey reports whether a binding belongs to neither an application nor a
// route. Cloud Foundry calls such a binding a service key.
func isServiceKey(r *openbroker.BindRequest) bool {
	resource := r.BindResource
	return r.AppGUID == "" && (resource == nil || resource.AppGUID == "" && resource.Route == "")
}

// Unbind deletes a binding (spec.md, "Unbinding"): DELETE
// /v2/service_instances/:instance_id/service_bindings/:binding_id. The outcome is
// Completed for 200 and Accepted for 202; see [UnbindOperation]. If the binding does
// not exist (410), Unbind returns [openbroker.ErrBindingDoesNotExist].
func (c *Client) Unbind(ctx context.Context, r *openbroker.UnbindRequest) (*openbroker.UnbindResponse, error) {
	response := new(openbroker.UnbindResponse)
	var err error
	response.Outcome, err = c.remove(ctx, "unbind", Orphan{
		Kind: KindUnbind, InstanceID: r.InstanceID, BindingID: r.BindingID, ServiceID: r.ServiceID, PlanID: r.PlanID,
	}, r.AcceptsIncomplete, r.Caller, func(a *brokerResponse, fields *reader) {
		fields.read("operation", &response.Operation)
		response.RetryAfter = a.retryAfter()
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// GetBinding fetches a binding with its credentials (spec.md, "Fetching a Service
// Binding"): GET /v2/service_instances/:instance_id/service_bindings/:binding_id.
// Only services that are bindings_retrievable support it. If the binding does not
// exist or is still being created, GetBinding returns
// [openbroker.ErrBindingDoesNotExist]. Numbers in credentials have the type
// [json.Number].
func (c *Client) GetBinding(ctx context.Context, r *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
	response := new(openbroker.GetBindingResponse)
	err := c.fetch(ctx, &call{
		name: "fetch binding", method: http.MethodGet, instance: r.InstanceID, binding: r.BindingID, caller: r.Caller,
		query:  []parameter{{"service_id", r.ServiceID}, {"plan_id", r.PlanID}},
		repeat: repetition{safe: c.retries}, onBinding: true,
	}, func(_ *brokerResponse, fields *reader) {
		readBinding(fields, response)
		fields.read("parameters", &response.Parameters)
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

func readBinding(fields *reader, b *openbroker.GetBindingResponse) {
	fields.optional("metadata", &b.Metadata)
	fields.read("credentials", &b.Credentials)
	fields.read("syslog_drain_url", &b.SyslogDrainURL)
	fields.read("route_service_url", &b.RouteServiceURL)
	fields.read("volume_mounts", &b.VolumeMounts)
	fields.optional("endpoints", &b.Endpoints)
}
