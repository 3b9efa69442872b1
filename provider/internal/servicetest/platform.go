package servicetest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
)

// The organization and the space of all instances.
const (
	organization = "fc8e6c5e-6d3a-4f0a-9d7c-0e8a7a4a2f01"
	space        = "4a5d3c0e-7f0b-4d0b-9b9a-1f2f3a4b5c02"
)

// parameters returns the object with the names and values, or nil without any.
func parameters(t *testing.T, fields map[string]any) openbroker.Parameters {
	t.Helper()
	if fields == nil {
		return nil
	}
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return openbroker.Parameters(text)
}

// Provision creates an instance of the plan, and waits.
func (b *Broker) Provision(t *testing.T, id, plan string, fields map[string]any) error {
	t.Helper()
	r := &openbroker.ProvisionRequest{
		InstanceID: id, ServiceID: b.offer.ID, PlanID: b.plan(t, plan), Parameters: parameters(t, fields),
		OrganizationGUID: organization, SpaceGUID: space, AcceptsIncomplete: true,
	}
	response, err := b.Client.Provision(t.Context(), r)
	if err == nil && response.Outcome == openbroker.Accepted {
		_, err = b.Client.Wait(t.Context(), client.ProvisionOperation(r, response), nil)
	}
	return err
}

// Update changes an instance to the plan, and waits.
func (b *Broker) Update(t *testing.T, id, from, to string, fields map[string]any) error {
	t.Helper()
	r := &openbroker.UpdateRequest{
		InstanceID: id, ServiceID: b.offer.ID, PlanID: b.plan(t, to), Parameters: parameters(t, fields), AcceptsIncomplete: true,
		PreviousValues: &openbroker.PreviousValues{PlanID: b.plan(t, from)},
	}
	response, err := b.Client.Update(t.Context(), r)
	if err == nil && response.Outcome == openbroker.Accepted {
		_, err = b.Client.Wait(t.Context(), client.UpdateOperation(r, response), nil)
	}
	return err
}

// Deprovision deletes an instance of the plan, and waits. It is no error if it is gone.
func (b *Broker) Deprovision(t *testing.T, id, plan string) error {
	t.Helper()
	r := &openbroker.DeprovisionRequest{InstanceID: id, ServiceID: b.offer.ID, PlanID: b.plan(t, plan), AcceptsIncomplete: true}
	response, err := b.Client.Deprovision(t.Context(), r)
	if err == nil && response.Outcome == openbroker.Accepted {
		_, err = b.Client.Wait(t.Context(), client.DeprovisionOperation(r, response), nil)
	}
	return ignoreGone(err)
}

// Bind creates a binding of an instance of the plan, waits, and returns the credentials.
func (b *Broker) Bind(t *testing.T, instance, id, plan string, fields map[string]any) (openbroker.Credentials, error) {
	t.Helper()
	return b.rotate(t, instance, id, plan, "", fields)
}

// Rotate is Bind with a predecessor.
func (b *Broker) Rotate(t *testing.T, instance, id, plan, predecessor string) (openbroker.Credentials, error) {
	t.Helper()
	return b.rotate(t, instance, id, plan, predecessor, nil)
}

func (b *Broker) rotate(t *testing.T, instance, id, plan, predecessor string, fields map[string]any) (openbroker.Credentials, error) {
	t.Helper()
	r := &openbroker.BindRequest{
		InstanceID: instance, BindingID: id, Parameters: parameters(t, fields), AcceptsIncomplete: true, PredecessorBindingID: predecessor,
	}
	if predecessor == "" {
		r.ServiceID, r.PlanID = b.offer.ID, b.plan(t, plan)
		r.BindResource = &openbroker.BindResource{AppGUID: "0b8c1f7e-3f5a-4a53-8f7e-7d9b5b0c9a03"}
	}
	response, err := b.Client.Bind(t.Context(), r)
	if err != nil {
		return nil, err
	}
	if response.Outcome != openbroker.Accepted {
		return response.Credentials, nil
	}
	if _, err := b.Client.Wait(t.Context(), client.BindOperation(r, response), nil); err != nil {
		return nil, err
	}
	fetched, err := b.Client.GetBinding(t.Context(), &openbroker.GetBindingRequest{InstanceID: instance, BindingID: id})
	if err != nil {
		return nil, err
	}
	return fetched.Credentials, nil
}

// Unbind deletes a binding, and waits. It is no error if it is gone.
func (b *Broker) Unbind(t *testing.T, instance, id, plan string) error {
	t.Helper()
	r := &openbroker.UnbindRequest{InstanceID: instance, BindingID: id, ServiceID: b.offer.ID, PlanID: b.plan(t, plan), AcceptsIncomplete: true}
	response, err := b.Client.Unbind(t.Context(), r)
	if err == nil && response.Outcome == openbroker.Accepted {
		_, err = b.Client.Wait(t.Context(), client.UnbindOperation(r, response), nil)
	}
	return ignoreGone(err)
}

func ignoreGone(err error) error {
	var refusal *client.ResponseError
	if errors.As(err, &refusal) && refusal.StatusCode == http.StatusGone {
		return nil
	}
	return err
}

// Resources returns what the provider lists.
func (b *Broker) Resources(ctx context.Context) ([]string, error) {
	lister, ok := b.Providers.Lister(b.service.Definition.Name())
	if !ok {
		return nil, errors.New("the provider cannot list its resources")
	}
	var names []string
	for name, err := range lister.Resources(ctx) {
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// must fails the test on an error.
func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
