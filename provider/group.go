package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/internal/planvalues"
)

// Field is the extension field of a service with the name of its provider. Platforms do
// not see it; see [Set.Public].
const Field = "provider"

// A Named is a provider of a process: a definition with settings, under a name.
type Named struct {
	Name       string
	Definition Definition
	// Settings are those of [Definition.Settings], decoded.
	Settings any
}

// A Group has the providers of one process. Nothing of it runs before [Group.Start]. It
// is immutable.
type Group struct {
	set     *Set
	members []Named
}

// NewGroup returns a group of at least one provider. The error says which name is
// invalid or not unique, or which settings are not those of the definition. It does not check the settings:
// [Definition.Check] does.
func NewGroup(set *Set, members ...Named) (*Group, error) {
	if set == nil || len(members) == 0 {
		return nil, errors.New("provider: a set and at least one provider are needed")
	}
	names := map[string]bool{}
	for _, m := range members {
		if err := ValidName(m.Name); err != nil {
			return nil, fmt.Errorf("provider: the name %q %w", m.Name, err)
		}
		if names[m.Name] {
			return nil, fmt.Errorf("provider: two providers have the name %q", m.Name)
		}
		names[m.Name] = true
		if _, known := set.Definition(m.Definition.name); !known {
			return nil, fmt.Errorf("provider: the definition %q of %q is not in the set", m.Definition.name, m.Name)
		}
		if reflect.TypeOf(m.Settings) != reflect.PointerTo(m.Definition.settings) {
			return nil, fmt.Errorf("provider: the settings of %q are a %T", m.Name, m.Settings)
		}
	}
	return &Group{set: set, members: slices.Clone(members)}, nil
}

// Names returns the names of the providers in their order.
func (g *Group) Names() []string {
	names := make([]string, len(g.members))
	for i := range g.members {
		names[i] = g.members[i].Name
	}
	return names
}

// HasProvider reports whether a provider has the name.
func (g *Group) HasProvider(name string) bool { return g.member(name) != nil }

// UnnamedProvider returns the name of the first definition of the set, because that is
// the provider of a broker without configuration.
func (g *Group) UnnamedProvider() string { return g.set.definitions[0].name }

func (g *Group) member(name string) *Named {
	i := slices.IndexFunc(g.members, func(m Named) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	return &g.members[i]
}

// of returns the provider of a service, by its [Field]. A service without one has the
// only provider of the group.
func (g *Group) of(service *openbroker.Service) (*Named, error) {
	raw, named := service.Extensions[Field]
	if !named {
		if len(g.members) == 1 {
			return &g.members[0], nil
		}
		return nil, fmt.Errorf("names no provider: add %s: with one of %s", Field, g.list())
	}
	var name string
	if json.Unmarshal(raw, &name) != nil || name == "" {
		return nil, fmt.Errorf("must be the name of a provider, one of %s", g.list())
	}
	if m := g.member(name); m != nil {
		return m, nil
	}
	return nil, fmt.Errorf("is %.80q, and the configuration has no such provider: it has %s", name, g.list())
}

// SerialBindings reports whether the provider of a service needs operations on the
// bindings of one instance to run one after the other. See [Spec].
func (g *Group) SerialBindings(service *openbroker.Service) bool {
	m, err := g.of(service)
	return err == nil && m.Definition.serialBindings
}

func (g *Group) list() string { return strings.Join(g.Names(), ", ") }

// Catalog returns the catalog to serve without a catalog file: the default catalogs of
// all providers together. The error says which of them clash, as those of one definition
// under two names always do.
func (g *Group) Catalog() (*openbroker.Catalog, error) {
	all := &openbroker.Catalog{}
	owner := map[string]*Named{}
	for i := range g.members {
		m := &g.members[i]
		own, err := m.Definition.Catalog()
		if err != nil {
			return nil, err
		}
		for _, service := range own.Services {
			if err := claim(owner, m, &service); err != nil {
				return nil, err
			}
			if len(g.members) > 1 {
				service.Extensions = maps.Clone(service.Extensions)
				if service.Extensions == nil {
					service.Extensions = openbroker.Extensions{}
				}
				service.Extensions[Field] = json.RawMessage(`"` + m.Name + `"`)
			}
			all.Services = append(all.Services, service)
		}
	}
	return all, nil
}

// claim notes the ids and the name of a service. It returns an error if the default
// catalog of another provider has one of them.
func claim(owner map[string]*Named, m *Named, service *openbroker.Service) error {
	claims := []string{"the id " + service.ID, "the service name " + service.Name}
	for i := range service.Plans {
		claims = append(claims, "the id "+service.Plans[i].ID)
	}
	for _, what := range claims {
		other := owner[what]
		switch {
		case other == nil || other == m:
			owner[what] = m
		case other.Definition.name == m.Definition.name:
			return fmt.Errorf("the providers %s and %s are both %s, whose default catalog can be served only once: name a catalog with catalog.file, in which each service says %s: %s or %[1]s",
				other.Name, m.Name, m.Definition.name, Field, m.Name)
		default:
			return fmt.Errorf("the default catalogs of the providers %s and %s both have %s: name a catalog with catalog.file, in which each service says %s: %s or %[1]s",
				other.Name, m.Name, what, Field, m.Name)
		}
	}
	return nil
}

// Public returns the catalog as platforms see it: without the [Field] of services, the
// settings of plans, and what plans say about parameters, credentials and labels. It
// returns the given catalog if that has none of them.
func (s *Set) Public(c *openbroker.Catalog) *openbroker.Catalog {
	names := append(s.Names(), planvalues.Fields...)
	public := &openbroker.Catalog{Services: slices.Clone(c.Services), Extensions: c.Extensions}
	changed := false
	for i := range public.Services {
		service := &public.Services[i]
		changed = hide(&service.Extensions, Field) || changed
		copied := false
		for j := range service.Plans {
			if !hasAny(service.Plans[j].Extensions, names) {
				continue
			}
			if !copied {
				service.Plans, copied, changed = slices.Clone(service.Plans), true, true
			}
			hide(&service.Plans[j].Extensions, names...)
		}
	}
	if !changed {
		return c
	}
	return public
}

func hasAny(extensions openbroker.Extensions, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return extensions[name] != nil })
}

// hide removes fields from a copy of the extensions, and reports whether there were any.
func hide(extensions *openbroker.Extensions, names ...string) bool {
	if !hasAny(*extensions, names) {
		return false
	}
	kept := maps.Clone(*extensions)
	for _, name := range names {
		delete(kept, name)
	}
	if len(kept) == 0 {
		kept = nil
	}
	*extensions = kept
	return true
}
