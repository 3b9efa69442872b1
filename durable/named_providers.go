package durable

import (
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
	// ProviderFor returns the name of the provider that makes new instances of a service
	// of the catalog. An error is the answer to the request, by the rules of
	// [openbroker.Broker].
	ProviderFor(service *openbroker.Service) (string, error)
	// HasProvider reports whether a provider has the name.
	HasProvider(name string) bool
}

// ErrProviderMissing says that instances exist whose provider is not among those of
// [NamedProviders].
var ErrProviderMissing = errors.New("the provider of existing instances is missing")

// providerSetting is the name of the setting with the name of the n-th provider, from 1,
// that made an instance. A setting never changes, so the names are a list that only
// grows.
func providerSetting(n int) string { return "provider." + strconv.Itoa(n) }

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

// checkProviders returns ErrProviderMissing if instances exist that were made by a
// provider that NamedProviders no longer has. It reads records only if there is such a
// provider.
func (e *Engine) checkProviders(ctx context.Context) error {
	named, ok := e.provider.(NamedProviders)
	if !ok {
		return nil
	}
	missing := map[string]bool{}
	for n := 1; ; n++ {
		name, err := e.store.Setting(ctx, providerSetting(n))
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
	if len(missing) == 0 {
		return nil
	}
	for _, status := range occupied() {
		filter := Filter{Status: status, Limit: 1000}
		for {
			records, err := e.store.Instances(ctx, filter)
			if err != nil {
				return fmt.Errorf("durable: the store cannot be read: %w", err)
			}
			for i := range records {
				details, err := e.openInstance(&records[i])
				if err != nil {
					return fmt.Errorf("durable: %w", err)
				}
				if key := records[i].Key; missing[details.Provider] {
					return fmt.Errorf("durable: %w: the provider %q made at least the instance %q of the platform %q: configure it under this name, or delete its instances first",
						ErrProviderMissing, details.Provider, key.InstanceID, key.Platform)
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
