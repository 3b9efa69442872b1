package planvalues

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/openbroker/openbroker/internal/jsonpointer"
)

// A RefusedError says that a user gave parameters that the plan sets.
type RefusedError struct{ Names []string }

// Error has the JSON pointers of the parameters.
func (e *RefusedError) Error() string {
	all := make([]string, len(e.Names))
	for i, name := range e.Names {
		all[i] = "/" + jsonpointer.Escape(name) + ": the plan sets this parameter: leave it out"
	}
	return strings.Join(all, "; ")
}

// HasParameters reports whether the plan changes parameters of instances.
func (p *Plan) HasParameters() bool { return p.parameters.present }

// HasBindingParameters reports whether the plan changes parameters of bindings.
func (p *Plan) HasBindingParameters() bool { return p.bindingParameters.present }

// HasCredentials reports whether the plan changes credentials.
func (p *Plan) HasCredentials() bool { return p.credentials.present }

// HasLabels reports whether the plan has labels or tags.
func (p *Plan) HasLabels() bool { return len(p.labels)+len(p.tags) > 0 }

// Parameters returns the parameters of an instance for its provider, for what users gave:
// an object, or nil. tolerated says of a parameter that the plan sets whether it is
// overridden without a refusal. The error is a [*RefusedError] or a [*TemplateError].
func (p *Plan) Parameters(given json.RawMessage, data Data, tolerated func(name string) bool) (json.RawMessage, error) {
	return p.parameters.parameters(given, tolerated, func(current map[string]any) Data { return data.With(Parameters, current) })
}

// BindingParameters is Parameters for a binding.
func (p *Plan) BindingParameters(given json.RawMessage, data Data, tolerated func(name string) bool) (json.RawMessage, error) {
	return p.bindingParameters.parameters(given, tolerated, withBinding(data))
}

// withBinding returns a function that gives the data other parameters of the binding.
func withBinding(data Data) func(map[string]any) Data {
	binding, _ := data[Binding].(map[string]any)
	return func(current map[string]any) Data {
		return data.With(Binding, map[string]any(Data(binding).With(Parameters, current)))
	}
}

// parameters changes the parameters. with returns the data with the current ones.
func (c *changes) parameters(given json.RawMessage, tolerated func(name string) bool, with func(map[string]any) Data) (json.RawMessage, error) {
	current := Object(given)
	// Null means that a parameter is not given.
	isSet := func(name string) bool { return current[name] != nil }
	if refused := slices.DeleteFunc(c.settles(), func(name string) bool { return !isSet(name) || tolerated(name) }); len(refused) > 0 {
		return nil, &RefusedError{refused}
	}
	all, err := c.withDefaults(current, with)
	if err != nil {
		return nil, err
	}
	set, err := values(c.set, with(all))
	if err != nil {
		return nil, err
	}
	result := maps.Clone(all)
	for _, r := range c.renames {
		if value, ok := result[r.from]; ok {
			delete(result, r.from)
			result[r.to] = value
		}
	}
	for _, name := range c.removed {
		delete(result, name)
	}
	maps.Copy(result, set)
	return json.RawMessage(encoded(result)), nil
}

// settles returns the names of the parameters that the plan sets, sorted.
func (c *changes) settles() []string {
	var names []string
	for _, f := range c.set {
		names = append(names, f.name)
	}
	for _, r := range c.renames {
		names = append(names, r.to)
	}
	slices.Sort(names)
	return names
}

// withDefaults returns the parameters with the defaults of those that are not given.
func (c *changes) withDefaults(current map[string]any, with func(map[string]any) Data) (map[string]any, error) {
	all := maps.Clone(current)
	data := with(current)
	for _, f := range c.defaults {
		if current[f.name] != nil {
			continue
		}
		value, err := f.value(data)
		if err != nil {
			return nil, err
		}
		all[f.name] = value
	}
	return all, nil
}

// All returns the parameters of an instance under all names that templates of labels,
// bindings and credentials can use: what users gave, the defaults, and what the provider
// got. The error is a [*TemplateError].
func (p *Plan) All(given, got json.RawMessage, data Data) (map[string]any, error) {
	return p.parameters.all(given, got, func(current map[string]any) Data { return data.With(Parameters, current) })
}

// BindingAll is All for a binding.
func (p *Plan) BindingAll(given, got json.RawMessage, data Data) (map[string]any, error) {
	return p.bindingParameters.all(given, got, withBinding(data))
}

func (c *changes) all(given, got json.RawMessage, with func(map[string]any) Data) (map[string]any, error) {
	all, err := c.withDefaults(Object(given), with)
	if err != nil {
		return nil, err
	}
	maps.Copy(all, Object(got))
	return all, nil
}

// Labels returns the labels of an instance. The error is a [*TemplateError].
func (p *Plan) Labels(data Data) (map[string]any, error) {
	labels := make(map[string]any, len(p.labels)+len(p.tags))
	for _, f := range p.labels {
		value, literal := f.scalar()
		if !literal {
			var err error
			if value, err = f.template.evaluate(data); err != nil {
				return nil, err
			}
		}
		labels[f.name] = value
	}
	for _, tag := range p.tags {
		labels[tag] = ""
	}
	return labels, nil
}

// Credentials returns the credentials of a binding, for those that the provider returned.
// The error is a [*TemplateError].
func (p *Plan) Credentials(returned map[string]any, data Data) (map[string]any, error) {
	raw, err := json.Marshal(returned)
	if err != nil {
		return nil, errors.New("the credentials of the provider are not JSON") // The error may show them.
	}
	set, err := values(p.credentials.set, data.With(Credentials, Object(raw)))
	if err != nil {
		return nil, err
	}
	result := make(map[string]any, len(returned)+len(set))
	maps.Copy(result, returned)
	for _, r := range p.credentials.renames {
		value, ok := result[r.from]
		if !ok || value == nil {
			missing := absent{what: "." + Credentials + "." + r.from, null: ok}
			return nil, &TemplateError{Name: FieldCredentials + ".rename." + r.from, Absent: missing.what, reason: missing.reason()}
		}
		delete(result, r.from)
		result[r.to] = value
	}
	for _, name := range p.credentials.removed {
		delete(result, name)
	}
	maps.Copy(result, set)
	return result, nil
}
