package provider

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/internal/settings"
	"github.com/openbroker/openbroker/provider/internal/planvalues"
)

// A Set has the definitions of a program. It is immutable.
type Set struct {
	definitions []Definition
	// executable is the path of the program, if it can run helpers.
	executable string
}

// NamePattern matches names of definitions and of providers, in JSON Schemas too.
const NamePattern = `^[a-z][a-z0-9-]{0,62}$`

var namePattern = regexp.MustCompile(NamePattern)

const nameRule = `must be lower-case letters, digits and "-", at most 63, and begin with a letter`

// reserved are names that mean something else in a plan or a service.
var reserved = append([]string{"id", "name", "description", "metadata", "free", "bindable", "schemas", "plans", "requires", Field}, planvalues.Fields...)

// NewSet returns a set of definitions. The first one is that of a broker without
// configuration. The error has everything that is wrong with the definitions: names
// that are invalid or not unique, types that cannot be decoded, a default catalog that
// is invalid or that its own settings do not fit.
func NewSet(definitions ...Definition) (*Set, error) {
	s := &Set{definitions: slices.Clone(definitions)}
	var problems []error
	if len(definitions) == 0 {
		problems = append(problems, errors.New("the set has no definition"))
	}
	names := map[string]bool{}
	for _, d := range definitions {
		for _, problem := range d.problems() {
			problems = append(problems, fmt.Errorf("the definition %q: %w", d.name, problem))
		}
		if names[d.name] {
			problems = append(problems, fmt.Errorf("the definition %q: the name is that of another one", d.name))
		}
		names[d.name] = true
	}
	if len(problems) == 0 {
		problems = s.catalogProblems()
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	return s, nil
}

func (d Definition) problems() []error {
	var problems []error
	switch {
	case !namePattern.MatchString(d.name):
		problems = append(problems, fmt.Errorf("the name %s", nameRule))
	case slices.Contains(reserved, d.name):
		problems = append(problems, errors.New("the name is that of a field of services or plans; choose another one"))
	}
	if d.doc == "" || d.start == nil {
		problems = append(problems, errors.New("doc and constructor are required"))
	}
	if d.settings == nil || d.plan == nil {
		return append(problems, errors.New("it was not made with Define"))
	}
	problems = append(problems, settings.CheckType(d.settings)...)
	if d.plan == reflect.TypeFor[Free]() {
		return problems
	}
	// A catalog is no place for secrets, and is read without references and paths.
	return append(problems, settings.CheckType(d.plan, reflect.TypeFor[Secret](), reflect.TypeFor[Path](), reflect.TypeFor[Directory]())...)
}

// catalogProblems checks the default catalogs, each as if it was served alone.
func (s *Set) catalogProblems() []error {
	var problems []error
	for _, d := range s.definitions {
		group := &Group{set: s, members: []Named{{Name: d.name, Definition: d}}}
		source, err := d.source()
		if err == nil {
			_, err = source.Valid(func(catalog.Finding) {})
		}
		if err == nil {
			err = group.CheckSource(source)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("the definition %q: the default catalog: %w", d.name, err))
		}
	}
	return problems
}

// Definitions returns the definitions in their order.
func (s *Set) Definitions() []Definition { return slices.Clone(s.definitions) }

// Names returns the names of the definitions in their order.
func (s *Set) Names() []string {
	names := make([]string, len(s.definitions))
	for i, d := range s.definitions {
		names[i] = d.name
	}
	return names
}

// Definition returns the definition with the name.
func (s *Set) Definition(name string) (Definition, bool) {
	i := slices.IndexFunc(s.definitions, func(d Definition) bool { return d.name == name })
	if i < 0 {
		return Definition{}, false
	}
	return s.definitions[i], true
}

// ValidName returns an error unless a provider can have the name.
func ValidName(name string) error {
	if !namePattern.MatchString(name) {
		return errors.New(nameRule)
	}
	return nil
}
