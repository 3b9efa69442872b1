package durable

import (
	"context"
	"errors"
	"fmt"

	"github.com/openbroker/openbroker"
)

// ErrRefused says that an intervention is not possible as things are. The text
// of the error says why, and what to do instead.
var ErrRefused = errors.New("refused")

// An Admin looks into a store, and intervenes in what its engines do, in another
// process or in theirs. It changes what an engine would change, by the same
// rules, and every change is in the audit trail.
type Admin struct {
	store AdminStore
	// rules is an engine that never runs: it knows the policies, and how
	// documents are sealed.
	rules *Engine
}

// NewAdmin returns an Admin for a store. Catalog and configuration are those of
// the engines. Without config.Sealer an Admin can list, but most interventions
// fail. The error says what is wrong with the configuration or the catalog.
func NewAdmin(catalog *openbroker.Catalog, store AdminStore, config Config) (*Admin, error) {
	if catalog == nil || store == nil {
		return nil, errors.New("durable: a catalog and a store are needed")
	}
	if config.Sealer == nil {
		config.Sealer = noSealer{}
	}
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("durable: the configuration is invalid: %w", err)
	}
	rules := &Engine{config: config.withDefaults()}
	if err := rules.SetCatalog(catalog); err != nil {
		return nil, err
	}
	return &Admin{store: store, rules: rules}, nil
}

// noSealer stands for a sealer that is not at hand.
type noSealer struct{}

var _ Sealer = noSealer{}

var errNoSealer = errors.New("the keyset of the stored data is needed, and is not configured")

// Seal returns an error.
func (noSealer) Seal(_, _ []byte) ([]byte, error) { return nil, errNoSealer }

// Open returns an error.
func (noSealer) Open(_, _ []byte) ([]byte, error) { return nil, errNoSealer }

// A Target is what an intervention is about.
type Target struct {
	// Key is an instance or a binding.
	Key Key
	// OperationID, if not empty, is an operation of it. Otherwise the one is
	// meant that is open.
	OperationID string
}

// Find returns what an id stands for: an operation, an instance or a binding.
// platform and instanceID, if not empty, narrow that; with an instanceID the id
// is that of a binding or an operation of this instance. The error wraps
// ErrNotFound if there is nothing, and ErrRefused if there are several.
func (a *Admin) Find(ctx context.Context, id, platform, instanceID string) (Target, error) {
	if id == "" {
		return Target{}, fmt.Errorf("%w: the id is empty", ErrRefused)
	}
	operation, err := a.store.OperationByID(ctx, id)
	if err == nil && (platform == "" || operation.Key.Platform == platform) && (instanceID == "" || operation.Key.InstanceID == instanceID) {
		return Target{Key: operation.Key, OperationID: id}, nil
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Target{}, err
	}
	const several = 2
	var found []Key
	if instanceID == "" {
		instances, err := a.store.Instances(ctx, Filter{Platform: platform, InstanceID: id, Limit: several})
		if err != nil {
			return Target{}, err
		}
		for i := range instances {
			found = append(found, instances[i].Key)
		}
	}
	bindings, err := a.store.Bindings(ctx, Filter{Platform: platform, InstanceID: instanceID, BindingID: id, Limit: several})
	if err != nil {
		return Target{}, err
	}
	for i := range bindings {
		found = append(found, bindings[i].Key)
	}
	switch len(found) {
	case 0:
		return Target{}, fmt.Errorf("%w: %q is no operation, service instance or service binding", ErrNotFound, id)
	case 1:
		return Target{Key: found[0]}, nil
	default:
		return Target{}, fmt.Errorf("%w: %q stands for %s and for %s: narrow it by the platform or the service instance", ErrRefused, id, found[0].describe(), found[1].describe())
	}
}

// describe names the record of a key for people.
func (k Key) describe() string {
	if k.BindingID != "" {
		return fmt.Sprintf("the binding %q of the instance %q of the platform %q", k.BindingID, k.InstanceID, k.Platform)
	}
	return fmt.Sprintf("the instance %q of the platform %q", k.InstanceID, k.Platform)
}
