package openbroker

import "context"

// A Broker answers the ten calls of the Open Service Broker API.
//
// The handler calls a method only with a request that is well-formed and that
// passed authentication, the version check and the checks against the catalog;
// it then holds the response to the specification. A method may be called by
// many goroutines at once, also for one instance, and may be called again with
// the same request, because platforms repeat requests. The context ends when
// the client goes away.
//
// To answer with an error, return an [*Error] (wrapped, if you like): one of
// the sentinels such as [ErrInstanceDoesNotExist], a copy of one made with
// [Error.WithDescription], or one of your own made with [NewError]. Any other
// error is answered with a generic 500 and only logged. A nil response without
// an error is a programming error and answered with 500.
//
// Embed [Unimplemented] to answer the calls that a broker does not support.
type Broker interface {
	// Catalog returns the service offerings (spec.md, "Catalog Management").
	// It is called for nearly every request: keep the catalog in memory. A
	// catalog is immutable once returned; return another one to change it.
	Catalog(ctx context.Context) (*Catalog, error)

	// Provision creates a service instance (spec.md, "Provisioning").
	// Usual errors: ErrInstanceAlreadyExists when the id is in use with other
	// attributes, ErrAsyncRequired, ErrConcurrency, ErrInvalidParameters, and
	// the quota errors.
	Provision(ctx context.Context, r *ProvisionRequest) (*ProvisionResponse, error)

	// Update changes the plan, the parameters, the context or the maintenance
	// version of an instance (spec.md, "Updating a Service Instance").
	// Usual errors: ErrInstanceDoesNotExist, ErrPlanChangeNotSupported,
	// ErrAsyncRequired, ErrConcurrency, ErrInvalidParameters.
	Update(ctx context.Context, r *UpdateRequest) (*UpdateResponse, error)

	// Deprovision deletes an instance (spec.md, "Deprovisioning").
	// Usual errors: ErrInstanceDoesNotExist (answered with 410),
	// ErrAsyncRequired, ErrConcurrency.
	Deprovision(ctx context.Context, r *DeprovisionRequest) (*DeprovisionResponse, error)

	// Bind creates a binding, or rotates one when PredecessorBindingID is set
	// (spec.md, "Binding"). Usual errors: ErrBindingAlreadyExists,
	// ErrInstanceDoesNotExist, ErrRequiresApp, ErrAsyncRequired,
	// ErrConcurrency, ErrInvalidParameters.
	Bind(ctx context.Context, r *BindRequest) (*BindResponse, error)

	// Unbind deletes a binding (spec.md, "Unbinding"). Usual errors:
	// ErrBindingDoesNotExist (answered with 410), ErrAsyncRequired,
	// ErrConcurrency.
	Unbind(ctx context.Context, r *UnbindRequest) (*UnbindResponse, error)

	// GetInstance fetches an instance (spec.md, "Fetching a Service
	// Instance"); needed if a service says instances_retrievable. Usual
	// errors: ErrInstanceDoesNotExist, also while it is being created;
	// ErrConcurrency while it is being updated.
	GetInstance(ctx context.Context, r *GetInstanceRequest) (*GetInstanceResponse, error)

	// GetBinding fetches a binding (spec.md, "Fetching a Service Binding");
	// needed if a service says bindings_retrievable. Usual error:
	// ErrBindingDoesNotExist, also while it is being created.
	GetBinding(ctx context.Context, r *GetBindingRequest) (*GetBindingResponse, error)

	// LastOperation tells how an accepted operation on an instance is doing
	// (spec.md, "Polling Last Operation for Service Instances"). Usual errors:
	// ErrInstanceDoesNotExist (404) for one never known, ErrGone (410) for one
	// whose deletion has completed.
	LastOperation(ctx context.Context, r *LastOperationRequest) (*LastOperationResponse, error)

	// LastBindingOperation is LastOperation for bindings (spec.md, "Polling
	// Last Operation for Service Bindings"). Usual errors:
	// ErrBindingDoesNotExist (404), ErrGone (410).
	LastBindingOperation(ctx context.Context, r *LastBindingOperationRequest) (*LastOperationResponse, error)
}

var _ Broker = Unimplemented{}

// Unimplemented answers every call of a [Broker] with [ErrNotImplemented], 501.
// Embed it, so that a broker states only what it supports and still compiles
// when the interface grows. A broker must implement Catalog itself to be of
// any use.
type Unimplemented struct{}

// Catalog returns ErrNotImplemented.
func (Unimplemented) Catalog(context.Context) (*Catalog, error) {
	return nil, ErrNotImplemented
}

// Provision returns ErrNotImplemented.
func (Unimplemented) Provision(context.Context, *ProvisionRequest) (*ProvisionResponse, error) {
	return nil, ErrNotImplemented
}

// Update returns ErrNotImplemented.
func (Unimplemented) Update(context.Context, *UpdateRequest) (*UpdateResponse, error) {
	return nil, ErrNotImplemented
}

// Deprovision returns ErrNotImplemented.
func (Unimplemented) Deprovision(context.Context, *DeprovisionRequest) (*DeprovisionResponse, error) {
	return nil, ErrNotImplemented
}

// Bind returns ErrNotImplemented.
func (Unimplemented) Bind(context.Context, *BindRequest) (*BindResponse, error) {
	return nil, ErrNotImplemented
}

// Unbind returns ErrNotImplemented.
func (Unimplemented) Unbind(context.Context, *UnbindRequest) (*UnbindResponse, error) {
	return nil, ErrNotImplemented
}

// GetInstance returns ErrNotImplemented.
func (Unimplemented) GetInstance(context.Context, *GetInstanceRequest) (*GetInstanceResponse, error) {
	return nil, ErrNotImplemented
}

// GetBinding returns ErrNotImplemented.
func (Unimplemented) GetBinding(context.Context, *GetBindingRequest) (*GetBindingResponse, error) {
	return nil, ErrNotImplemented
}

// LastOperation returns ErrNotImplemented.
func (Unimplemented) LastOperation(context.Context, *LastOperationRequest) (*LastOperationResponse, error) {
	return nil, ErrNotImplemented
}

// LastBindingOperation returns ErrNotImplemented.
func (Unimplemented) LastBindingOperation(context.Context, *LastBindingOperationRequest) (*LastOperationResponse, error) {
	return nil, ErrNotImplemented
}
