package frombrokerapi

import (
	"context"
	"encoding/json"
	"time"

	"github.com/openbroker/openbroker"
)

type adapter[S, PD, PS, DD, DS, FD, GS, UD, US, OD, O, BD, B, ND, NS, FB, GB any] struct {
	broker Broker[S, PD, PS, DD, DS, FD, GS, UD, US, OD, O, BD, B, ND, NS, FB, GB]
	options
}

// Catalog calls Services.
func (a *adapter[S, PD, PS, DD, DS, FD, GS, UD, US, OD, O, BD, B, ND, NS, FB, GB]) Catalog(ctx context.Context) (*openbroker.Catalog, error) {
	services, err := a.broker.Services(a.context(ctx, openbroker.CallerFrom(ctx)))
	if err != nil {
		return nil, translate(err)
	}
	catalog := new(openbroker.Catalog)
	if err := convert("the catalog", map[string]any{"services": services}, catalog); err != nil {
		return nil, err
	}
	dropEmptySchemas(catalog)
	return catalog, nil
}

// Provision calls Provision.
func (a *adapter[S, PD, PS, DD, DS, FD, GS, UD, US, OD, O, BD, B, ND, NS, FB, GB]) Provision(ctx context.Context, r *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	var details PD
	if err := convert("the request", r, &details); err != nil {
		return nil, err
	}
	spec, err := a.broker.Provision(a.context(ctx, r.Caller), r.InstanceID, details, r.AcceptsIncomplete)
	if err != nil {
		return nil, translate(err)
	}
	s, err := readSpec(spec)
	if err != nil {
		return nil, err
	}
	return &openbroker.ProvisionResponse{Outcome: s.outcome(), DashboardURL: s.DashboardURL, Operation: s.operation(), Metadata: s.instanceMetadata()}, nil
}

// Update calls Update.
func (a *adapter[S, PD, PS, DD, DS, FD, GS, UD, US, OD, O, BD, B, ND, NS, FB, GB]) Update(ctx context.Context, r *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
	var details UD
	if err := convert("the request", r, &details); err != nil {
		return nil, err
	}
	spec, err := a.broker.Update(a.context(ctx, r.Caller), r.InstanceID, details, r.AcceptsIncomplete)
	if err != nil {
		return nil, translate(err)
	}
	s, err := readSpec(spec)
	if err != nil {
		return nil, err
	}
	return &openbroker.UpdateResponse{Outcome: s.outcome(), DashboardURL: s.DashboardURL, Operation: s.operation(), Metadata: s.instanceMetadata()}, nil
}

// Deprovision calls Deprovision.
func (a *adapter[S, PD, PS, DD, DS, FD, GS, UD, US, OD, O, BD, B, ND, NS, FB, GB]) Deprovision(ctx context.Context, r *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	var details DD
	if err := convert("the request", ids(r.ServiceID, r.PlanID), &details); err != nil {
		return nil, err
	}
	spec, err := a.broker.Deprovision(a.context(ctx, r.Caller), r.InstanceID, details, r.AcceptsIncomplete)
	if err != nil {
		return nil, translate(err)
	}
	s, err := readSpec(spec)
	if err != nil {
		return nil, err
	}
	return &openbroker.DeprovisionResponse{Outcome: s.outcome(), Operation: s.operation()}, nil
}

// GetInstance calls GetInstance.
func (a *adapter[S, PD, PS, DD, DS, FD, GS, UD, US, OD, O, BD, B, ND, NS, FB, GB]) GetInstance(ctx context.Context, r *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
	var details FD
	if err := convert("the request", ids(r.ServiceID, r.PlanID), &details); err != nil {
		return nil, err
	}
	spec, err := a.broker.GetInstance(a.context(ctx, r.Caller), r.InstanceID, details)
	if err != nil {
		return nil, translate(err)
	}
	s, err := readSpec(spec)
	if err != nil {
		return nil, err
	}
	return &openbroker.GetInstanceResponse{
		ServiceID: s.ServiceID, PlanID: s.PlanID, DashboardURL: s.DashboardURL,
		Parameters: objectOrNil(s.Parameters), Metadata: s.instanceMetadata(),
	}, nil
}

// LastOperation calls LastOperation.
func (a *adapter[S, PD, PS, DD, DS, FD, GS, UD, US, OD, O, BD, B, ND, NS, FB, GB]) LastOperation(ctx context.Context, r *openbroker.LastOperationRequest) (*openbroker.LastOperationResponse, error) {
	var details OD
	if err := convert("the request", poll(r.ServiceID, r.PlanID, r.Operation), &details); err != nil {
		return nil, err
	}
	state, err := a.broker.LastOperation(a.context(ctx, r.Caller), r.InstanceID, details)
	return lastOperation(state, err)
}

// Bind calls Bind.
func (a *adapter[S, PD, PS, DD, DS, FD, GS, UD, US, OD, O, BD, B, ND, NS, FB, GB]) Bind(ctx context.Context, r *openbroker.BindRequest) (*openbroker.BindResponse, error) {
	if r.PredecessorBindingID != "" {
		return nil, openbroker.ErrBadRequest.WithDescription("predecessor_binding_id: this service broker does not support the rotation of bindings")
	}
	var details BD
	if err := convert("the request", r, &details); err != nil {
		return nil, err
	}
	spec, err := a.broker.Bind(a.context(ctx, r.Caller), r.InstanceID, r.BindingID, details, r.AcceptsIncomplete)
	if err != nil {
		return nil, translateBind(err)
	}
	s, err := readSpec(spec)
	if err != nil {
		return nil, err
	}
	binding, err := s.binding()
	if err != nil {
		return nil, err
	}
	return &openbroker.BindResponse{
		Outcome: s.outcome(), Operation: s.operation(), Metadata: binding.Metadata, Credentials: binding.Credentials,
		SyslogDrainURL: binding.SyslogDrainURL, RouteServiceURL: binding.RouteServiceURL,
		VolumeMounts: binding.VolumeMounts, Endpoints: binding.Endpoints,
	}, nil
}

// Unbind calls Unbind.
func (a *adapter[S, PD, PS, DD, DS, FD, GS, UD, US, OD, O, BD, B, ND, NS, FB, GB]) Unbind(ctx context.Context, r *openbroker.UnbindRequest) (*openbroker.UnbindResponse, error) {
	var details ND
	if err := convert("the request", ids(r.ServiceID, r.PlanID), &details); err != nil {
		return nil, err
	}
	spec, err := a.broker.Unbind(a.context(ctx, r.Caller), r.InstanceID, r.BindingID, details, r.AcceptsIncomplete)
	if err != nil {
		return nil, translate(err)
	}
	s, err := readSpec(spec)
	if err != nil {
		return nil, err
	}
	return &openbroker.UnbindResponse{Outcome: s.outcome(), Operation: s.operation()}, nil
}

// GetBinding calls GetBinding.
func (a *adapter[S, PD, PS, DD, DS, FD, GS, UD, US, OD, O, BD, B, ND, NS, FB, GB]) GetBinding(ctx context.Context, r *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
	var details FB
	if err := convert("the request", ids(r.ServiceID, r.PlanID), &details); err != nil {
		return nil, err
	}
	spec, err := a.broker.GetBinding(a.context(ctx, r.Caller), r.InstanceID, r.BindingID, details)
	if err != nil {
		return nil, translate(err)
	}
	s, err := readSpec(spec)
	if err != nil {
		return nil, err
	}
	return s.binding()
}

// LastBindingOperation calls LastBindingOperation.
func (a *adapter[S, PD, PS, DD, DS, FD, GS, UD, US, OD, O, BD, B, ND, NS, FB, GB]) LastBindingOperation(ctx context.Context, r *openbroker.LastBindingOperationRequest) (*openbroker.LastOperationResponse, error) {
	var details OD
	if err := convert("the request", poll(r.ServiceID, r.PlanID, r.Operation), &details); err != nil {
		return nil, err
	}
	state, err := a.broker.LastBindingOperation(a.context(ctx, r.Caller), r.InstanceID, r.BindingID, details)
	return lastOperation(state, err)
}

func ids(serviceID, planID string) map[string]string {
	return map[string]string{"service_id": serviceID, "plan_id": planID}
}

func poll(serviceID, planID, operation string) map[string]string {
	return map[string]string{"service_id": serviceID, "plan_id": planID, "operation": operation}
}

func lastOperation(state any, err error) (*openbroker.LastOperationResponse, error) {
	if err != nil {
		return nil, translate(err)
	}
	s, err := readSpec(state)
	if err != nil {
		return nil, err
	}
	return &openbroker.LastOperationResponse{State: openbroker.OperationState(s.State), Description: s.Description}, nil
}

func objectOrNil(raw json.RawMessage) openbroker.Parameters {
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	return openbroker.Parameters(raw)
}

// parseTime parses a time of brokerapi, which is a string. An invalid one counts as
// absent.
func parseTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t
}
