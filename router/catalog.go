package router

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/openbroker/openbroker"
)

// An index is an immutable view of the catalogs of all brokers.
type index struct {
	// sources holds the catalog of each member.
	sources []*openbroker.Catalog
	merged  *openbroker.Catalog
	// services and plans map ids to places.
	services, plans places
}

// A place is a service or a plan, with the position of its broker.
type place struct {
	position int
	service  *openbroker.Service
	plan     *openbroker.Plan
}

func (p place) String() string {
	text := fmt.Sprintf("service %q (id %q) of broker %d", p.service.Name, p.service.ID, p.position)
	if p.plan != nil {
		text = fmt.Sprintf("plan %q of %s", p.plan.Name, text)
	}
	return text
}

// places maps ids or names to places.
type places map[string]place

func (p places) add(what, value string, at place) error {
	if value == "" {
		// An empty id routes nothing, and the handler refuses such a catalog.
		return nil
	}
	if first, taken := p[value]; taken {
		return fmt.Errorf("%s %q is used twice: by %s and by %s", what, value, first, at)
	}
	p[value] = at
	return nil
}

// current returns the index of the current catalogs. It calls Catalog of each
// broker, and allocates nothing if no catalog has changed.
func (r *Router) current(ctx context.Context) (*index, error) {
	last := r.index.Load()
	var changed []*openbroker.Catalog
	for i := range r.members {
		source, err := r.members[i].Catalog(ctx)
		if err != nil {
			return nil, fmt.Errorf("router: read the catalog of broker %d: %w", i, err)
		}
		if source == nil {
			return nil, fmt.Errorf("router: the catalog of broker %d is nil without an error", i)
		}
		if changed == nil {
			if last != nil && last.sources[i] == source {
				continue
			}
			changed = make([]*openbroker.Catalog, len(r.members))
			if last != nil {
				copy(changed, last.sources)
			}
		}
		changed[i] = source
	}
	if changed == nil {
		return last, nil
	}
	return r.replace(changed)
}

// replace makes sources the current catalogs. The handler detects changes by the
// pointer of the merged catalog, so goroutines that see the same change must
// share one merged catalog.
func (r *Router) replace(sources []*openbroker.Catalog) (*index, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last := r.index.Load(); last != nil && equal(last.sources, sources) {
		return last, nil
	}
	next, err := newIndex(sources)
	if err != nil {
		return nil, err
	}
	r.index.Store(next)
	return next, nil
}

func equal(a, b []*openbroker.Catalog) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func newIndex(sources []*openbroker.Catalog) (*index, error) {
	x := &index{sources: sources, merged: &openbroker.Catalog{}, services: places{}, plans: places{}}
	var problems []error
	names := places{}
	for i, source := range sources {
		for j := range source.Services {
			service := &source.Services[j]
			at := place{position: i, service: service}
			problems = append(problems, x.services.add("service id", service.ID, at), names.add("service name", service.Name, at))
			for k := range service.Plans {
				at.plan = &service.Plans[k]
				problems = append(problems, x.plans.add("plan id", at.plan.ID, at))
			}
		}
		// The merged services share the plans of the broker's catalog.
		x.merged.Services = append(x.merged.Services, source.Services...)
		problems = append(problems, x.addExtensions(i))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("router: cannot merge the catalogs: %w", err)
	}
	return x, nil
}

// addExtensions adds the extension fields of a catalog to the merged catalog.
func (x *index) addExtensions(position int) error {
	for name, value := range x.sources[position].Extensions {
		if other, taken := x.merged.Extensions[name]; taken && !bytes.Equal(other, value) {
			return fmt.Errorf("the catalog of broker %d and that of an earlier broker have different values for the extension field %q: use the same value, or move the field to the services", position, name)
		}
		if x.merged.Extensions == nil {
			x.merged.Extensions = openbroker.Extensions{}
		}
		x.merged.Extensions[name] = value
	}
	return nil
}
