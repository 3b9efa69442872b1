package openbroker

import "context"

// A Broker answers the ten calls of the Open Service Broker API.
//
// The handler calls a method only with a well-formed request that passed
// authentication, the version check and the checks against the catalog. It then
// checks the response against the specification. Methods may be called
// concurrently, even for the same instance. Platforms repeat requests, so a method
// may receive the same request again. The context ends when the client disconnects.
//
// To answer with an error, return an [*Error], wrapped or not: one of the
// sentinels such as [ErrInstanceDoesNotExist], a copy of one made with
// [Error.WithDescription], or a new one made with [NewError]. The handler logs any
// other error and answers with a generic 500. It does the same for a nil response
// without an error.
//
// The interface may grow before v1: embed [Unimplemented], which answers the calls
// that a broker does not implement.
type Broker interface {
	// Catalog returns the service offerings (spec.md, "Catalog Management"). The
	// handler calls it for nearly every request: keep the catalog in memory. Do not
	// change a catalog after returning it; return a new one instead.
	Catalog(ctx context.Context) (*Catalog, error)

	// Provision creates a service instance (spec.md, "Provisioning").
	// Usual errors: ErrInstanceAlreadyExists if an instance with this id and
	// different attributes exists, ErrAsyncRequired, ErrConcurrency,
	// ErrInvalidParameters, and the quota errors.
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
	// Instance"). Services with instances_retrievable need it. Usual errors:
	// ErrInstanceDoesNotExist, also while the instance is being created;
	// ErrConcurrency while it is being updated.
	GetInstance(ctx context.Context, r *GetInstanceRequest) (*GetInstanceResponse, error)

	// GetBinding fetches a binding (spec.md, "Fetching a Service Binding").
	// Services with bindings_retrievable need it. Usual error:
	// ErrBindingDoesNotExist, also while the binding is being created.
	GetBinding(ctx context.Context, r *GetBindingRequest) (*GetBindingResponse, error)

	// LastOperation returns the state of an accepted operation on an instance
	// (spec.md, "Polling Last Operation for Service Instances"). Usual errors:
	// ErrInstanceDoesNotExist (404) for an unknown instance, ErrGone (410) for a
	// deleted one.
	LastOperation(ctx context.Context, r *LastOperationRequest) (*LastOperationResponse, error)

	// LastBindingOperation is LastOperation for bindings (spec.md, "Polling
	// Last Operation for Service Bindings"). Usual errors:
	// ErrBindingDoesNotExist (404), ErrGone (410).
	LastBindingOperation(ctx context.Context, r *LastBindingOperationRequest) (*LastOperationResponse, error)
}

var _ Broker = Unimplemented{}

// Unimplemented answers every call of a [Broker] with [ErrNotImplemented], 501.
// Embed it in a broker: the broker then implements only the calls that it
// supports, and still compiles when the interface grows. Every broker must
// implement Catalog itself.
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
