package serve

import (
	"context"
	"sync/atomic"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

// A publicBroker is an engine whose catalog platforms see without the fields that are
// for providers.
type publicBroker struct {
	*durable.Engine
	providers *provider.Set
	last      atomic.Pointer[publicCatalog]
}

// A publicCatalog is a catalog of the engine, and what platforms see of it.
type publicCatalog struct{ full, public *openbroker.Catalog }

// Catalog returns the catalog. It is the same one until that of the engine changes.
func (b *publicBroker) Catalog(ctx context.Context) (*openbroker.Catalog, error) {
	full, err := b.Engine.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	if last := b.last.Load(); last != nil && last.full == full {
		return last.public, nil
	}
	next := &publicCatalog{full: full, public: b.providers.Public(full)}
	b.last.Store(next)
	return next.public, nil
}
