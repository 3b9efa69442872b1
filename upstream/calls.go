package upstream

import (
	"context"
	"errors"
	"net/http"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
)

// forwardedCaller returns the fields of a caller that the broker receives. It omits the
// platform's API version, since the responses are translated.
func forwardedCaller(c openbroker.Caller) openbroker.Caller {
	return openbroker.Caller{Identity: c.Identity, RequestIdentity: c.RequestIdentity}
}

// call sends a call and logs the violations in the response. In mode Enforce, it
// returns an error for violations that affect the meaning of the response.
func call[T any](ctx context.Context, b *Broker, kind, name string, accepts bool, caller openbroker.Caller, send func(context.Context) (T, error)) (response T, raw *client.Response, err error) {
	raw = new(client.Response)
	if err := b.limit.allow(caller.Platform); err != nil {
		return response, raw, err
	}
	response, err = send(client.WithResponse(ctx, raw))
	found := inspect(kind, raw, accepts)
	b.report.log(ctx, name, caller.RequestIdentity, found)
	if err == nil && b.config.Mode == Enforce {
		for _, v := range found {
			if changesMeaning(v) {
				return response, raw, openbroker.NewError(http.StatusBadGateway, "", "The service broker returned an invalid response: "+v.text+".")
			}
		}
	}
	if err != nil {
		err = platformError(err)
	}
	return response, raw, err
}

// changesMeaning reports whether correcting a violation would change the meaning of the
// response.
func changesMeaning(v violation) bool {
	return v.clause == clauseAsync || v.clause == clausePolling || v.clause == clauseResponse
}

// Provision forwards a provision.
func (b *Broker) Provision(ctx context.Context, r *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	sent := *r
	sent.Caller = forwardedCaller(r.Caller)
	response, _, err := call(ctx, b, kindCreate, "provision", r.AcceptsIncomplete, r.Caller, func(ctx context.Context) (*openbroker.ProvisionResponse, error) {
		return b.config.Client.Provision(ctx, &sent)
	})
	if err != nil {
		return nil, err
	}
	response.Operation = pollable(response.Operation)
	if response.Outcome == openbroker.Accepted && !r.AcceptsIncomplete {
		if err := b.await(ctx, client.ProvisionOperation(&sent, response)); err != nil {
			return nil, err
		}
		response.Outcome, response.Operation = openbroker.Completed, ""
	}
	return response, nil
}

// Update forwards an update.
func (b *Broker) Update(ctx context.Context, r *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
	sent := *r
	sent.Caller = forwardedCaller(r.Caller)
	response, _, err := call(ctx, b, kindUpdate, "update", r.AcceptsIncomplete, r.Caller, func(ctx context.Context) (*openbroker.UpdateResponse, error) {
		return b.config.Client.Update(ctx, &sent)
	})
	if err != nil {
		return nil, err
	}
	response.Operation = pollable(response.Operation)
	if response.Outcome == openbroker.Accepted && !r.AcceptsIncomplete {
		if err := b.await(ctx, client.UpdateOperation(&sent, response)); err != nil {
			return nil, err
		}
		response.Outcome, response.Operation = openbroker.Completed, ""
	}
	return response, nil
}

// Deprovision forwards a deprovision. It treats a 404, which older brokers return, as
// a 410.
func (b *Broker) Deprovision(ctx context.Context, r *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	sent := *r
	sent.Caller = forwardedCaller(r.Caller)
	response, _, err := call(ctx, b, kindDelete, "deprovision", r.AcceptsIncomplete, r.Caller, func(ctx context.Context) (*openbroker.DeprovisionResponse, error) {
		return b.config.Client.Deprovision(ctx, &sent)
	})
	if err != nil {
		return nil, goneIfMissing(err, openbroker.ErrInstanceDoesNotExist)
	}
	response.Operation = pollable(response.Operation)
	if response.Outcome == openbroker.Accepted && !r.AcceptsIncomplete {
		if err := b.await(ctx, client.DeprovisionOperation(&sent, response)); err != nil {
			return nil, err
		}
		response.Outcome, response.Operation = openbroker.Completed, ""
	}
	return response, nil
}

// Bind forwards a bind.
func (b *Broker) Bind(ctx context.Context, r *openbroker.BindRequest) (*openbroker.BindResponse, error) {
	sent := *r
	sent.Caller = forwardedCaller(r.Caller)
	response, _, err := call(ctx, b, kindCreate, "bind", r.AcceptsIncomplete, r.Caller, func(ctx context.Context) (*openbroker.BindResponse, error) {
		return b.config.Client.Bind(ctx, &sent)
	})
	if err != nil {
		return nil, err
	}
	response.Operation = pollable(response.Operation)
	if response.Outcome != openbroker.Accepted || r.AcceptsIncomplete {
		return response, nil
	}
	if err := b.await(ctx, client.BindOperation(&sent, response)); err != nil {
		return nil, err
	}
	fetched, err := b.GetBinding(ctx, &openbroker.GetBindingRequest{InstanceID: r.InstanceID, BindingID: r.BindingID, ServiceID: r.ServiceID, PlanID: r.PlanID, Caller: r.Caller})
	if err != nil {
		return nil, err
	}
	return &openbroker.BindResponse{
		Metadata: fetched.Metadata, Credentials: fetched.Credentials, SyslogDrainURL: fetched.SyslogDrainURL,
		RouteServiceURL: fetched.RouteServiceURL, VolumeMounts: fetched.VolumeMounts, Endpoints: fetched.Endpoints,
	}, nil
}

// Unbind forwards an unbind. It treats a 404, which older brokers return, as a 410.
func (b *Broker) Unbind(ctx context.Context, r *openbroker.UnbindRequest) (*openbroker.UnbindResponse, error) {
	sent := *r
	sent.Caller = forwardedCaller(r.Caller)
	response, _, err := call(ctx, b, kindDelete, "unbind", r.AcceptsIncomplete, r.Caller, func(ctx context.Context) (*openbroker.UnbindResponse, error) {
		return b.config.Client.Unbind(ctx, &sent)
	})
	if err != nil {
		return nil, goneIfMissing(err, openbroker.ErrBindingDoesNotExist)
	}
	response.Operation = pollable(response.Operation)
	if response.Outcome == openbroker.Accepted && !r.AcceptsIncomplete {
		if err := b.await(ctx, client.UnbindOperation(&sent, response)); err != nil {
			return nil, err
		}
		response.Outcome, response.Operation = openbroker.Completed, ""
	}
	return response, nil
}

// GetInstance forwards a fetch.
func (b *Broker) GetInstance(ctx context.Context, r *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
	sent := *r
	sent.Caller = forwardedCaller(r.Caller)
	response, _, err := call(ctx, b, kindFetch, "fetch instance", false, r.Caller, func(ctx context.Context) (*openbroker.GetInstanceResponse, error) {
		return b.config.Client.GetInstance(ctx, &sent)
	})
	return response, err
}

// GetBinding forwards a fetch.
func (b *Broker) GetBinding(ctx context.Context, r *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
	sent := *r
	sent.Caller = forwardedCaller(r.Caller)
	response, _, err := call(ctx, b, kindFetch, "fetch binding", false, r.Caller, func(ctx context.Context) (*openbroker.GetBindingResponse, error) {
		return b.config.Client.GetBinding(ctx, &sent)
	})
	return response, err
}

// LastOperation forwards a poll.
func (b *Broker) LastOperation(ctx context.Context, r *openbroker.LastOperationRequest) (*openbroker.LastOperationResponse, error) {
	sent := *r
	sent.Caller = forwardedCaller(r.Caller)
	response, raw, err := call(ctx, b, kindPoll, "last operation", false, r.Caller, func(ctx context.Context) (*openbroker.LastOperationResponse, error) {
		return b.config.Client.LastOperation(ctx, &sent)
	})
	return b.readPoll(response, raw, err)
}

// LastBindingOperation forwards a poll.
func (b *Broker) LastBindingOperation(ctx context.Context, r *openbroker.LastBindingOperationRequest) (*openbroker.LastOperationResponse, error) {
	sent := *r
	sent.Caller = forwardedCaller(r.Caller)
	response, raw, err := call(ctx, b, kindPoll, "last binding operation", false, r.Caller, func(ctx context.Context) (*openbroker.LastOperationResponse, error) {
		return b.config.Client.LastBindingOperation(ctx, &sent)
	})
	return b.readPoll(response, raw, err)
}

// readPoll also accepts misspelled states, unless the mode is Enforce.
func (b *Broker) readPoll(response *openbroker.LastOperationResponse, raw *client.Response, err error) (*openbroker.LastOperationResponse, error) {
	if err == nil || b.config.Mode == Enforce || raw.StatusCode != http.StatusOK {
		return response, err
	}
	fields, ok := objectOf(raw.Body)
	if !ok {
		return nil, err
	}
	spelling, _ := text(fields["state"])
	state, ok := readState(spelling)
	if !ok {
		return nil, err
	}
	description, _ := text(fields["description"])
	return &openbroker.LastOperationResponse{State: state, Description: description}, nil
}

// goneIfMissing turns the 404 of a deletion into a 410.
func goneIfMissing(err error, missing *openbroker.Error) error {
	var response *client.ResponseError
	if errors.As(err, &response) && response.StatusCode == http.StatusNotFound {
		return missing.WithCause(err)
	}
	return err
}

// pollable returns the operation, or "" if it is too long for polls.
func pollable(operation string) string {
	if len(operation) > maxOperation {
		return ""
	}
	return operation
}

// await waits for the end of an operation, for a platform that does not support
// asynchronous operations.
func (b *Broker) await(ctx context.Context, o client.Operation) error {
	ctx, cancel := context.WithTimeout(ctx, b.config.SyncWait)
	defer cancel()
	_, err := b.config.Client.Wait(ctx, o, nil)
	var failed *client.OperationError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failed):
		description := failed.Description
		if description == "" {
			description = "The operation failed."
		}
		return openbroker.NewError(http.StatusInternalServerError, "", description).WithCause(err)
	case ctx.Err() != nil:
		return openbroker.NewError(http.StatusGatewayTimeout, "", "The service broker did not finish in time, and the request does not accept an asynchronous operation.").WithCause(err)
	default:
		return platformError(err)
	}
}
