package durable

import (
	"context"
	"fmt"

	"github.com/openbroker/openbroker"
)

// errUnimplemented says that a provider does not implement a method.
var errUnimplemented = fmt.Errorf("the provider does not implement the operation: %w", openbroker.ErrNotImplemented)

// UnimplementedProvider fails every operation with [openbroker.ErrNotImplemented], 501.
// Embed it in a [Provider] that does not support all operations, such as one whose
// services are not bindable, so that methods that Provider gets later are answered too.
// Do not embed a nil Provider: its methods panic. The engine neither repeats nor cleans
// up an unimplemented operation.
type UnimplementedProvider struct{}

var _ Provider = UnimplementedProvider{}

// Provision returns ErrNotImplemented.
func (UnimplementedProvider) Provision(context.Context, *Task, Instance) (ProvisionResult, error) {
	return ProvisionResult{}, errUnimplemented
}

// Update returns ErrNotImplemented.
func (UnimplementedProvider) Update(context.Context, *Task, Instance, Instance) (UpdateResult, error) {
	return UpdateResult{}, errUnimplemented
}

// Deprovision returns ErrNotImplemented.
func (UnimplementedProvider) Deprovision(context.Context, *Task, Instance) error {
	return errUnimplemented
}

// Bind returns ErrNotImplemented.
func (UnimplementedProvider) Bind(context.Context, *Task, Binding) (BindResult, error) {
	return BindResult{}, errUnimplemented
}

// Unbind returns ErrNotImplemented.
func (UnimplementedProvider) Unbind(context.Context, *Task, Binding) error { return errUnimplemented }
