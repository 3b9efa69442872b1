package durable

import (
	"context"
	"maps"

	"github.com/openbroker/openbroker"
)

// A RequestPreparer is a [Provider] that decides what it gets in place of the parameters
// of a request. The engine asks it when it accepts the request, before it calls a
// [RequestChecker], and records the answer. So all attempts of an operation, and later
// calls for the instance or binding, get the same parameters, whatever the catalog says
// then. GET requests return the parameters as they were given.
//
// The methods must have no effects, and be quick, because the request waits for them. An
// error is the answer to the request, by the rules of [openbroker.Broker], and the engine
// records nothing.
type RequestPreparer interface {
	Provider
	// PrepareInstance prepares a provision or, if previous is not nil, an update.
	// Parameters and GivenParameters of the instance are the same.
	PrepareInstance(ctx context.Context, instance Instance, previous *Instance) (Preparation, error)
	// PrepareBinding prepares a bind. It returns the parameters, or nil for those of the
	// request.
	PrepareBinding(ctx context.Context, binding Binding) (openbroker.Parameters, error)
}

// A Preparation is what a [RequestPreparer] returns for an instance.
type Preparation struct {
	// Parameters is the Parameters of the instance from now on. It is a JSON object, or
	// nil for those of the request.
	Parameters openbroker.Parameters
	// Metadata, unless nil, is added to the metadata that the provider returns. Its
	// values take precedence. That of an update replaces that of the provision.
	Metadata *openbroker.InstanceMetadata
}

// prepareInstance asks the provider, and puts its answer into wanted.
func (e *Engine) prepareInstance(ctx context.Context, record *InstanceRecord, wanted *instanceDetails, previous *Instance) error {
	wanted.PreparedParameters, wanted.PreparedMetadata = nil, nil
	preparer, ok := e.provider.(RequestPreparer)
	if !ok {
		return nil
	}
	made, err := preparer.PrepareInstance(ctx, e.instance(record, wanted), previous)
	if err != nil {
		return err
	}
	wanted.PreparedParameters, wanted.PreparedMetadata = object(made.Parameters), made.Metadata
	return nil
}

// prepareBinding asks the provider, and puts its answer into wanted.
func (e *Engine) prepareBinding(ctx context.Context, instance Instance, record *BindingRecord, wanted *bindingDetails) error {
	preparer, ok := e.provider.(RequestPreparer)
	if !ok {
		return nil
	}
	parameters, err := preparer.PrepareBinding(ctx, e.binding(instance, record, wanted))
	wanted.PreparedParameters = object(parameters)
	return err
}

// effective returns the parameters for the provider.
func effective(given, prepared object) openbroker.Parameters {
	if prepared != nil {
		return openbroker.Parameters(prepared)
	}
	return openbroker.Parameters(given)
}

// metadata returns the metadata of the provider with that of a [Preparation].
func (d *instanceDetails) metadata() *openbroker.InstanceMetadata {
	switch {
	case d.PreparedMetadata == nil:
		return d.Metadata
	case d.Metadata == nil:
		return d.PreparedMetadata
	}
	return &openbroker.InstanceMetadata{
		Labels:     joined(d.Metadata.Labels, d.PreparedMetadata.Labels),
		Attributes: joined(d.Metadata.Attributes, d.PreparedMetadata.Attributes),
	}
}

func joined(first, second map[string]any) map[string]any {
	if len(second) == 0 {
		return first
	}
	all := make(map[string]any, len(first)+len(second))
	maps.Copy(all, first)
	maps.Copy(all, second)
	return all
}
