package durable

import (
	"context"
	"errors"

	"github.com/openbroker/openbroker"
)

// GetInstance fetches an instance (spec.md, "Fetching a Service Instance").
// Errors: ErrInstanceDoesNotExist, also during the creation; ErrConcurrency during an
// update or a deletion; ErrUnavailable if the store fails.
func (e *Engine) GetInstance(ctx context.Context, r *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
	snapshot, err := e.load(ctx, keyOf(&r.Caller, r.InstanceID, ""))
	if err != nil {
		return nil, err
	}
	record := snapshot.Instance
	if record == nil {
		return nil, openbroker.ErrInstanceDoesNotExist
	}
	switch record.Status {
	case StatusReady:
	case StatusUpdating, StatusDeleting:
		return nil, openbroker.ErrConcurrency
	default:
		return nil, openbroker.ErrInstanceDoesNotExist
	}
	details, err := e.openInstance(record)
	if err != nil {
		return nil, err
	}
	return &openbroker.GetInstanceResponse{
		ServiceID: record.ServiceID, PlanID: record.PlanID, DashboardURL: details.DashboardURL,
		Parameters: openbroker.Parameters(details.Parameters), MaintenanceInfo: details.MaintenanceInfo, Metadata: details.metadata(),
	}, nil
}

// GetBinding fetches a binding with its credentials (spec.md, "Fetching a Service
// Binding"). Errors: ErrBindingDoesNotExist, also during the creation and the
// deletion; ErrUnavailable if the store fails.
func (e *Engine) GetBinding(ctx context.Context, r *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
	snapshot, err := e.load(ctx, keyOf(&r.Caller, r.InstanceID, r.BindingID))
	if err != nil {
		return nil, err
	}
	if snapshot.Binding == nil || snapshot.Binding.Status != StatusReady {
		return nil, openbroker.ErrBindingDoesNotExist
	}
	details, err := e.openBinding(snapshot.Binding)
	if err != nil {
		return nil, err
	}
	response := openbroker.GetBindingResponse{}
	if details.Bound != nil {
		response = *details.Bound
	}
	response.Parameters = openbroker.Parameters(details.Parameters)
	return &response, nil
}

// LastOperation returns the state of the operation that the request names or, if it
// names none or an unknown one, of the last operation on the instance (spec.md,
// "Polling Last Operation for Service Instances"). Errors: ErrInstanceDoesNotExist if
// the instance never had an operation; ErrGone for a deletion that succeeded longer
// than [Config].DeletedGrace ago; ErrUnavailable if the store fails.
func (e *Engine) LastOperation(ctx context.Context, r *openbroker.LastOperationRequest) (*openbroker.LastOperationResponse, error) {
	return e.lastOperation(ctx, keyOf(&r.Caller, r.InstanceID, ""), r.Operation, openbroker.ErrInstanceDoesNotExist)
}

// LastBindingOperation is like LastOperation, for a binding (spec.md, "Polling Last
// Operation for Service Bindings"). It returns ErrBindingDoesNotExist if the binding
// never had an operation.
func (e *Engine) LastBindingOperation(ctx context.Context, r *openbroker.LastBindingOperationRequest) (*openbroker.LastOperationResponse, error) {
	return e.lastOperation(ctx, keyOf(&r.Caller, r.InstanceID, r.BindingID), r.Operation, openbroker.ErrBindingDoesNotExist)
}

func (e *Engine) lastOperation(ctx context.Context, key Key, id string, unknown error) (*openbroker.LastOperationResponse, error) {
	record, err := e.store.Operation(ctx, key, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, unknown
	case err != nil:
		return nil, unavailable(err)
	}
	response := &openbroker.LastOperationResponse{State: openbroker.OperationInProgress, Description: record.Description, RetryAfter: e.config.RetryAfter}
	switch record.State {
	case OperationSucceeded:
		deletes := record.Kind == KindDeprovision || record.Kind == KindUnbind
		if deletes && record.FinishedAt.Add(e.config.DeletedGrace).Before(e.now()) {
			return nil, openbroker.ErrGone
		}
		response.State = openbroker.OperationSucceeded
	case OperationFailed:
		if record.DeliveredAt.IsZero() {
			e.deliver(ctx, record.ID)
		}
		f := readFailure(record.Failure)
		response.State, response.Description = openbroker.OperationFailed, f.Description
		if record.Kind == KindUpdate || record.Kind == KindDeprovision {
			response.InstanceUsable = f.InstanceUsable
		}
		if record.Kind == KindUpdate {
			response.UpdateRepeatable = f.UpdateRepeatable
		}
	case OperationActive, OperationCancelling:
	}
	return response, nil
}
