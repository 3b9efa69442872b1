package durable

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable/internal/document"
)

// NamedProviders is a [Provider] that passes calls on to one of several providers, each
// with a name. The engine records the name with each new instance, so that the instance
// stays with the provider that made it, whatever the catalog says later.
type NamedProviders interface {
	Provider
	ProviderNames
	// ProviderFor returns the name of the provider that makes new instances of a service
	// of the catalog. An error is the answer to the request, by the rules of
	// [openbroker.Broker].
	ProviderFor(service *openbroker.Service) (string, error)
	// ChecksCreation reports whether the provider of new instances of a service needs one
	// of the interfaces [RequestPreparer], [RequestChecker], [ResourceFinder] and
	// [DashboardProvider]. If not, the engine accepts a new instance without reading the store first.
	ChecksCreation(service *openbroker.Service) bool
}

// ProviderNames are the names of [NamedProviders].
type ProviderNames interface {
	// HasProvider reports whether a provider has the name.
	HasProvider(name string) bool
	// UnnamedProvider returns the name of the provider of instances that were accepted
	// before the engine recorded names. It must not depend on the catalog, which may give
	// their service to another provider.
	UnnamedProvider() string
}

// ErrProviderMissing says that instances exist whose provider is not among those of
// [NamedProviders]. An operation for which NamedProviders returns it is released for
// another attempt, which another replica may make, and the attempt does not count as
// failed.
var ErrProviderMissing = errors.New("the provider of existing instances is missing")

// providerSetting is the name of the setting with the name of the n-th provider, from 1,
// that made an instance. A setting never changes, so the names are a list that only
// grows.
func providerSetting(n int) string { return "provider." + strconv.Itoa(n) }

// namedSetting is the name of the setting that says that all instances have the name of
// their provider.
const namedSetting = "provider.all_named"

// providerFor returns the name to record with a new instance of a service, or an empty
// one. The name is in the list of the store before the instance is.
func (e *Engine) providerFor(ctx context.Context, serviceID string) (string, error) {
	named, ok := e.provider.(NamedProviders)
	if !ok {
		return "", nil
	}
	service := e.catalog.Load().Service(serviceID)
	if service == nil {
		return "", openbroker.ErrBadRequest.WithDescription("service_id is unknown")
	}
	name, err := named.ProviderFor(service)
	if err != nil || name == "" {
		return "", err
	}
	if _, listed := e.listed.Load(name); listed {
		return name, nil
	}
	for n := 1; ; n++ {
		stored, err := e.store.PutSetting(ctx, providerSetting(n), []byte(name))
		if err != nil {
			return "", unavailable(err)
		}
		e.listed.Store(string(stored), true)
		if string(stored) == name {
			return name, nil
		}
	}
}

// checksCreation reports whether the creation of an instance of a service can be refused
// before it is recorded.
func (e *Engine) checksCreation(serviceID string) bool {
	_, checks := e.provider.(RequestChecker)
	_, finds := e.provider.(ResourceFinder)
	_, dashboards := e.provider.(DashboardProvider)
	_, prepares := e.provider.(RequestPreparer)
	if !checks && !finds && !dashboards && !prepares {
		return false
	}
	named, ok := e.provider.(NamedProviders)
	service := e.catalog.Load().Service(serviceID)
	return !ok || service == nil || named.ChecksCreation(service)
}

// CheckProviders returns ErrProviderMissing if instances exist that were made by a
// provider that is not among the names. [New] calls it; a program can call it before it
// makes the providers, which may have effects. It reads records only if there can be such
// instances: of a name that was used before, or without a name. The error can also be one
// of the store, or say that the sealer does not open a record.
func CheckProviders(ctx context.Context, store Store, sealer Sealer, named ProviderNames) error {
	missing := map[string]bool{}
	for n := 1; ; n++ {
		name, err := store.Setting(ctx, providerSetting(n))
		if errors.Is(err, ErrNotFound) {
			break
		}
		if err != nil {
			return fmt.Errorf("durable: the store cannot be read: %w", err)
		}
		if !named.HasProvider(string(name)) {
			missing[string(name)] = true
		}
	}
	unnamed := false
	if name := named.UnnamedProvider(); !named.HasProvider(name) {
		_, err := store.Setting(ctx, namedSetting)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("durable: the store cannot be read: %w", err)
		}
		if unnamed = err != nil; unnamed {
			missing[name] = true
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if err := findInstanceOf(ctx, store, sealer, missing, named.UnnamedProvider()); err != nil {
		return err
	}
	if unnamed {
		// The next start need not read the records again.
		if _, err := store.PutSetting(ctx, namedSetting, []byte("true")); err != nil {
			return fmt.Errorf("durable: the store cannot be written: %w", err)
		}
	}
	return nil
}

// findInstanceOf returns ErrProviderMissing if an instance has one of the missing
// providers. Instances without a name have the unnamed one.
func findInstanceOf(ctx context.Context, store Store, sealer Sealer, missing map[string]bool, unnamed string) error {
	lifecycle := &Lifecycle{rules: rules{config: Config{Sealer: sealer}}}
	for _, status := range occupied() {
		filter := Filter{Status: status, Limit: 1000}
		for {
			records, err := store.Instances(ctx, filter)
			if err != nil {
				return fmt.Errorf("durable: the store cannot be read: %w", err)
			}
			for i := range records {
				name, err := lifecycle.ProviderOf(&records[i])
				if err != nil {
					return fmt.Errorf("durable: %w", err)
				}
				name = cmp.Or(name, unnamed)
				if key := records[i].Key; missing[name] {
					return fmt.Errorf("durable: %w: the provider %q made at least the instance %q of the platform %q: configure it under this name, or delete its instances first",
						ErrProviderMissing, name, key.InstanceID, key.Platform)
				}
			}
			if len(records) == 0 {
				break
			}
			filter.After = records[len(records)-1].Key
		}
	}
	return nil
}

// ProviderOf returns the name that [NamedProviders] had for the provider of an
// instance, or an empty one if none was recorded. The error says that the record cannot
// be opened.
func (l *Lifecycle) ProviderOf(record *InstanceRecord) (string, error) {
	d := new(document.Instance)
	err := l.rules.open(record.Data, d, ofInstance, record.Key.Instance(), "")
	return d.Provider, err
}
