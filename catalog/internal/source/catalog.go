package source

import (
	"iter"
	"net/http"

	"github.com/openbroker/openbroker/internal/tree"
)

// A Catalog has the places of the objects of a catalog, found once for all rules.
type Catalog struct {
	*Place
	Services []*Service
	// Header came with the catalog of a running broker.
	Header http.Header
	// Served marks the response of a running broker, whose clients see fields that are
	// null. A catalog from files is served without them.
	Served bool
}

// A Service is the place of a service.
type Service struct {
	*Place
	Plans []*Plan
}

// A Plan is the place of a plan.
type Plan struct {
	*Place
	Service *Service
}

// Catalog returns the places of the objects of the catalog.
func (s *Source) Catalog() *Catalog {
	s.once.Do(func() {
		c := &Catalog{Place: s.Root(), Header: s.header, Served: s.served}
		c.layOut(CatalogShape)
		for at := range c.Member("services").Elements() {
			service := &Service{Place: at}
			if at.Is(tree.Object) {
				c.Services = append(c.Services, service)
			}
			for at := range at.Member("plans").Elements() {
				if at.Is(tree.Object) {
					service.Plans = append(service.Plans, &Plan{at, service})
				}
			}
		}
		s.catalog = c
	})
	return s.catalog
}

// Plans yields the plans of all services.
func (c *Catalog) Plans() iter.Seq[*Plan] {
	return func(yield func(*Plan) bool) {
		for _, service := range c.Services {
			for _, plan := range service.Plans {
				if !yield(plan) {
					return
				}
			}
		}
	}
}

// Elsewhere returns the places below the top of a file that have services, if the top has
// none.
func (c *Catalog) Elsewhere() []*Place {
	if c.Node == nil || c.Served || c.Member("services").Given() {
		return nil
	}
	return servicesIn(&Place{Node: c.Node, At: c.At})
}

// Schemas yields the schemas of parameters of a plan.
func Schemas(plan *Place) iter.Seq[*Place] {
	return func(yield func(*Place) bool) {
		all := plan.Member("schemas")
		for _, path := range [][]string{{"service_instance", "create"}, {"service_instance", "update"}, {"service_binding", "create"}} {
			schema := all.Path(path...).Member("parameters")
			if schema.Given() && !yield(schema) {
				return
			}
		}
	}
}
