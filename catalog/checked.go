package catalog

import (
	"iter"
	"net/http"
	"sync"

	"github.com/openbroker/openbroker/internal/tree"
)

// checked is a catalog as rules see it: the places of its objects, found once.
type checked struct {
	*place
	services []*service
	header   http.Header
	// served says that clients see the catalog as it is: no field that is null has
	// been left out.
	served bool

	analyse  sync.Once
	analysed []analysed
}

type service struct {
	*place
	plans []*plan
}

type plan struct {
	*place
	service *service
}

func (s *Source) checked() *checked {
	s.once.Do(func() {
		c := &checked{place: root(s.root), header: s.header, served: s.served}
		c.layOut(catalogShape)
		for at := range c.member("services").elements() {
			service := &service{place: at}
			if at.is(tree.Object) {
				c.services = append(c.services, service)
			}
			for at := range at.member("plans").elements() {
				if at.is(tree.Object) {
					service.plans = append(service.plans, &plan{at, service})
				}
			}
		}
		s.places = c
	})
	return s.places
}

// plans yields the plans of all services.
func (c *checked) plans() iter.Seq[*plan] {
	return func(yield func(*plan) bool) {
		for _, service := range c.services {
			for _, plan := range service.plans {
				if !yield(plan) {
					return
				}
			}
		}
	}
}

// schemas yields the schemas of the parameters of a plan that are there.
func schemas(plan *place) iter.Seq[*place] {
	return func(yield func(*place) bool) {
		all := plan.member("schemas")
		for _, path := range [][]string{{"service_instance", "create"}, {"service_instance", "update"}, {"service_binding", "create"}} {
			schema := all.path(path...).member("parameters")
			if schema.given() && !yield(schema) {
				return
			}
		}
	}
}
