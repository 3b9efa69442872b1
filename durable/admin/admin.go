package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// ErrRefused says that an intervention is not possible in the present state. The
// text of the error says why, and what to do instead.
var ErrRefused = errors.New("refused")

// An Admin inspects a store and intervenes in the work of its engines, whether
// they run in this process or in another one. It changes records by the rules of
// the engine, and adds every change to the audit trail.
type Admin struct {
	store     Store
	catalog   *openbroker.Catalog
	lifecycle *durable.Lifecycle
}

// New returns an Admin for a store. Catalog and configuration must be the same as
// for the engines. Without config.Sealer an Admin can list, but most interventions fail.
// New returns an error if the configuration or the catalog is invalid.
func New(catalog *openbroker.Catalog, store Store, config durable.Config) (*Admin, error) {
	if store == nil {
		return nil, errors.New("admin: the store is nil: pass a store")
	}
	lifecycle, err := durable.NewLifecycle(catalog, config)
	if err != nil {
		return nil, err
	}
	return &Admin{store: store, catalog: catalog, lifecycle: lifecycle}, nil
}

// A Target selects what to intervene in.
type Target struct {
	// Key is an instance or a binding.
	Key durable.Key
	// OperationID is an operation on it. Empty selects the open operation.
	OperationID string
}

// Find returns the operation, instance or binding with the id. platform and
// instanceID, if not empty, narrow the search; with an instanceID, Find returns
// only a binding or an operation of that instance. The error wraps
// durable.ErrNotFound if nothing has the id, and ErrRefused if several records do.
func (a *Admin) Find(ctx context.Context, id, platform, instanceID string) (Target, error) {
	if id == "" {
		return Target{}, fmt.Errorf("%w: the id is empty", ErrRefused)
	}
	operation, err := a.store.OperationByID(ctx, id)
	if err == nil && (platform == "" || operation.Key.Platform == platform) && (instanceID == "" || operation.Key.InstanceID == instanceID) {
		return Target{Key: operation.Key, OperationID: id}, nil
	}
	if err != nil && !errors.Is(err, durable.ErrNotFound) {
		return Target{}, err
	}
	const several = 2
	var found []durable.Key
	if instanceID == "" {
		instances, err := a.store.Instances(ctx, durable.Filter{Platform: platform, InstanceID: id, Limit: several})
		if err != nil {
			return Target{}, err
		}
		for i := range instances {
			found = append(found, instances[i].Key)
		}
	}
	bindings, err := a.store.Bindings(ctx, durable.Filter{Platform: platform, InstanceID: instanceID, BindingID: id, Limit: several})
	if err != nil {
		return Target{}, err
	}
	for i := range bindings {
		found = append(found, bindings[i].Key)
	}
	switch len(found) {
	case 0:
		return Target{}, fmt.Errorf("%w: no operation, service instance or service binding has the id %q", durable.ErrNotFound, id)
	case 1:
		return Target{Key: found[0]}, nil
	default:
		return Target{}, fmt.Errorf("%w: %q is the id of %s and of %s: name the platform or the service instance too", ErrRefused, id, describe(found[0]), describe(found[1]))
	}
}

// describe names the record of a key in messages.
func describe(key durable.Key) string {
	if key.BindingID != "" {
		return fmt.Sprintf("the binding %q of the instance %q of the platform %q", key.BindingID, key.InstanceID, key.Platform)
	}
	return fmt.Sprintf("the instance %q of the platform %q", key.InstanceID, key.Platform)
}
