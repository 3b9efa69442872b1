package specimen

import (
	"fmt"
	"slices"
)

// A service is a service offering with its plans. The ids are GUIDs.
type service struct {
	id, name, description string
	bindable              bool
	retrievable           bool // instances and bindings can be fetched
	requires              []string
	plans                 []*plan
}

type plan struct {
	id, name, description string
	service               *service

	bindable       *bool // nil inherits the value of the service
	asyncInstances bool  // provision, update and deprovision are asynchronous
	asyncBindings  bool  // bind and unbind are asynchronous
	requiresApp    bool
	rotatable      bool
	expiring       bool
	updateable     bool
	pinned         bool   // updateable, but to no existing plan
	maintenance    string // the version, or ""
	schema         object // for all parameters; nil allows any
}

func (p *plan) isBindable() bool {
	if p.bindable != nil {
		return *p.bindable
	}
	return p.service.bindable
}

// has reports whether the service has a plan with this id.
func (s *service) has(planID string) bool {
	return slices.ContainsFunc(s.plans, func(p *plan) bool { return p.id == planID })
}

// services returns the catalog. It has plans of each shape that the
// specification allows.
func (b *Broker) services() []*service {
	no, yes := false, true
	main := &service{
		name: "specimen", description: "Instances and bindings of every kind, for tests. Größe egal.",
		bindable: true, retrievable: true,
		plans: []*plan{
			{name: "sync", description: "All operations are synchronous."},
			{name: "async", description: "Instances take their time.", asyncInstances: true, maintenance: "1.2.0"},
			{name: "async-binding", description: "Bindings take their time.", asyncBindings: true, rotatable: true},
			{name: "app-only", description: "Bindings need an application.", requiresApp: true},
			{name: "not-bindable", description: "Nothing to bind to.", bindable: &no},
			{name: "rotatable", description: "Bindings have successors.", rotatable: true, expiring: true, updateable: true, pinned: true},
			{name: "schema", description: "Parameters follow a schema.", schema: sizes(), updateable: true},
			{name: "updateable", description: "Instances can change to another plan.", updateable: true, maintenance: "2.1.1+abcdef"},
			{name: "async-updateable", description: "Instances change slowly.", asyncInstances: true, asyncBindings: true, updateable: true},
		},
	}
	offer := []*service{main}
	for _, requirement := range []string{"syslog_drain", "route_forwarding", "volume_mount"} {
		offer = append(offer, &service{
			name: "specimen." + requirement[:3], description: "A service that requires " + requirement + ".",
			bindable: true, retrievable: true, requires: []string{requirement},
			plans: []*plan{{name: "standard", description: "The only plan."}},
		})
	}
	offer = append(offer, &service{
		name: "specimen-reticent", description: "A service without fetch endpoints.",
		plans: []*plan{
			{name: "bindable", description: "A bindable plan of a service that is not bindable.", bindable: &yes},
			{name: "plain", description: "A plan that is not bindable."},
		},
	})
	if b.varies("only-sync") {
		main.plans = main.plans[:1]
		offer = offer[:1]
	}
	if b.varies("nothing-retrievable") {
		main.retrievable = false
		main.plans = main.plans[:2]
	}
	number := 0
	for _, s := range offer {
		number++
		s.id = guid(number)
		for _, p := range s.plans {
			number++
			p.id, p.service = guid(number), s
		}
	}
	return offer
}

func guid(number int) string { return fmt.Sprintf("5bec13e5-0b2f-4c1d-9a17-%012d", number) }

// sizes returns the schema of the plan "schema".
func sizes() object {
	return object{
		"$schema":              "http://json-schema.org/draft-04/schema#",
		"type":                 "object",
		"additionalProperties": false,
		"required":             []any{"size"},
		"properties": object{
			"size": object{"type": "integer", "minimum": 1, "maximum": 10, "description": "How big."},
			"tier": object{"type": "string", "enum": []any{"slow", "fast"}},
			"name": object{"type": "string", "minLength": 1, "maxLength": 20},
		},
	}
}

// offers reports whether any service has a plan with this id.
func (b *Broker) offers(planID string) bool {
	return slices.ContainsFunc(b.offer, func(s *service) bool {
		return s.has(planID)
	})
}

// find returns the service and the plan with these ids, or nil for a missing
// one.
func (b *Broker) find(serviceID, planID string) (*service, *plan) {
	var found *service
	for _, s := range b.offer {
		if s.id == serviceID {
			found = s
		}
	}
	for _, s := range b.offer {
		for _, p := range s.plans {
			if p.id == planID && (s == found || found != nil && b.broken("catalog.plan-of-other-service-accepted")) {
				return found, p
			}
		}
	}
	return found, nil
}
