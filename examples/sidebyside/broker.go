// Command sidebyside is a broker for openbroker. broker.py is the same broker for
// openbrokerapi 4.7.3, method by method.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"sync"

	"github.com/openbroker/openbroker"
)

const (
	service = "b0c1a2f4-6a4c-4a43-9d0e-3c5c6d0f1a01"
	small   = "b0c1a2f4-6a4c-4a43-9d0e-3c5c6d0f1a02"
	large   = "b0c1a2f4-6a4c-4a43-9d0e-3c5c6d0f1a03"
)

// Instances are compared with ==, so parameters have the order of json.Marshal.
type instance struct{ planID, parameters string }

type bindingKey struct{ instanceID, bindingID string }

type broker struct {
	openbroker.Unimplemented

	mu        sync.Mutex
	instances map[string]instance
	bindings  map[bindingKey]string // the application, or ""
}

func newBroker() *broker {
	return &broker{instances: map[string]instance{}, bindings: map[bindingKey]string{}}
}

var catalog = &openbroker.Catalog{Services: []openbroker.Service{{
	ID: service, Name: "notes", Description: "Notes, kept in memory.", Bindable: true, PlanUpdateable: true,
	InstancesRetrievable: true, BindingsRetrievable: true,
	Plans: []openbroker.Plan{
		{ID: small, Name: "small", Description: "Ready at once."},
		{ID: large, Name: "large", Description: "Ready at the first poll."},
	},
}}}

func (*broker) Catalog(context.Context) (*openbroker.Catalog, error) { return catalog, nil }

func (b *broker) Provision(_ context.Context, r *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	if r.PlanID == large && !r.AcceptsIncomplete {
		return nil, openbroker.ErrAsyncRequired
	}
	var parameters struct{ Title string }
	if err := r.Parameters.Decode(&parameters); err != nil {
		return nil, openbroker.ErrInvalidParameters.WithDescription("title must be a string")
	}
	wanted, err := newInstance(r.PlanID, r.Parameters)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	found, exists := b.instances[r.InstanceID]
	if exists && found != wanted {
		return nil, openbroker.ErrInstanceAlreadyExists
	}
	b.instances[r.InstanceID] = wanted
	response := &openbroker.ProvisionResponse{DashboardURL: "https://notes.example.com/" + parameters.Title}
	switch {
	case r.PlanID == large:
		response.Outcome, response.Operation = openbroker.Accepted, "create"
	case exists:
		response.Outcome = openbroker.AlreadyExists
	}
	return response, nil
}

func (b *broker) Update(_ context.Context, r *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
	wanted, err := newInstance(r.PlanID, r.Parameters)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	found, exists := b.instances[r.InstanceID]
	if !exists {
		return nil, openbroker.ErrInstanceDoesNotExist
	}
	b.instances[r.InstanceID] = instance{cmp.Or(wanted.planID, found.planID), cmp.Or(wanted.parameters, found.parameters)}
	return &openbroker.UpdateResponse{}, nil
}

func (b *broker) Deprovision(_ context.Context, r *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, exists := b.instances[r.InstanceID]; !exists {
		return nil, openbroker.ErrInstanceDoesNotExist
	}
	delete(b.instances, r.InstanceID)
	return &openbroker.DeprovisionResponse{}, nil
}

func (b *broker) Bind(_ context.Context, r *openbroker.BindRequest) (*openbroker.BindResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, exists := b.instances[r.InstanceID]; !exists {
		return nil, openbroker.ErrInstanceDoesNotExist
	}
	key := bindingKey{r.InstanceID, r.BindingID}
	application, exists := b.bindings[key]
	if exists && application != r.AppGUID {
		return nil, openbroker.ErrBindingAlreadyExists
	}
	b.bindings[key] = r.AppGUID
	response := &openbroker.BindResponse{Credentials: credentials(r.InstanceID, r.Caller.Principal.Name)}
	if exists {
		response.Outcome = openbroker.AlreadyExists
	}
	return response, nil
}

func (b *broker) Unbind(_ context.Context, r *openbroker.UnbindRequest) (*openbroker.UnbindResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := bindingKey{r.InstanceID, r.BindingID}
	if _, exists := b.bindings[key]; !exists {
		return nil, openbroker.ErrBindingDoesNotExist
	}
	delete(b.bindings, key)
	return &openbroker.UnbindResponse{}, nil
}

func (b *broker) GetInstance(_ context.Context, r *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found, exists := b.instances[r.InstanceID]
	if !exists {
		return nil, openbroker.ErrInstanceDoesNotExist
	}
	return &openbroker.GetInstanceResponse{ServiceID: service, PlanID: found.planID, Parameters: openbroker.Parameters(found.parameters)}, nil
}

func (b *broker) GetBinding(_ context.Context, r *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, exists := b.bindings[bindingKey{r.InstanceID, r.BindingID}]; !exists {
		return nil, openbroker.ErrBindingDoesNotExist
	}
	return &openbroker.GetBindingResponse{Credentials: credentials(r.InstanceID, "")}, nil
}

func (b *broker) LastOperation(_ context.Context, r *openbroker.LastOperationRequest) (*openbroker.LastOperationResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, exists := b.instances[r.InstanceID]; !exists {
		return nil, openbroker.ErrInstanceDoesNotExist
	}
	return &openbroker.LastOperationResponse{State: openbroker.OperationSucceeded, Description: "Done: " + cmp.Or(r.Operation, "nothing")}, nil
}

func newInstance(planID string, parameters openbroker.Parameters) (instance, error) {
	var object map[string]any
	if err := parameters.Decode(&object); err != nil || len(object) == 0 {
		return instance{planID: planID}, err
	}
	encoded, err := json.Marshal(object)
	return instance{planID, string(encoded)}, err
}

func credentials(instanceID, username string) openbroker.Credentials {
	result := openbroker.Credentials{"uri": "https://notes.example.com/api/" + instanceID}
	if username != "" {
		result["created_by"] = username
	}
	return result
}
