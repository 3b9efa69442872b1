package planvalues

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/openbroker/openbroker/internal/jsonpointer"
	"github.com/openbroker/openbroker/internal/spelling"
)

// A Schema has the names of the parameters that schemas have. Without names, they are not
// known.
type Schema struct {
	known bool
	names map[string]bool
}

// SchemaOf returns the names of the parameters in JSON Schemas, such as those of create
// and update; nil is a schema that the plan does not have.
func SchemaOf(raw ...json.RawMessage) Schema {
	s := Schema{names: map[string]bool{}}
	for _, text := range raw {
		schema := Object(text)
		if len(schema) == 0 {
			continue
		}
		properties, has := schema["properties"].(map[string]any)
		if !has && schema["additionalProperties"] != false {
			return Schema{}
		}
		s.known = true
		for _, name := range []string{"$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "patternProperties", "dependencies", "dependentSchemas"} {
			if schema[name] != nil {
				return Schema{} // Properties may be anywhere in it.
			}
		}
		for name := range properties {
			s.names[name] = true
		}
	}
	return s
}

// Advice returns what is probably a mistake, for the schemas of instances and bindings.
func (p *Plan) Advice(instance, binding Schema) []Problem {
	return slices.Concat(p.parameterAdvice(instance, binding), p.credentialAdvice(), p.labelAdvice())
}

func (p *Plan) parameterAdvice(instance, binding Schema) []Problem {
	var found []Problem
	pick := func(ofBinding bool) (Schema, *changes, string) {
		if ofBinding {
			return binding, &p.bindingParameters, FieldBindingParameters
		}
		return instance, &p.parameters, FieldParameters
	}
	for _, r := range p.references {
		schema, c, own := pick(r.OfBinding)
		settled := slices.Contains(c.settles(), r.Name)
		problem := Problem{Rule: RuleUnknown, Pointer: r.Pointer, Offset: r.Offset, Name: !r.inTemplate && !strings.HasSuffix(r.what, "remove")}
		switch {
		case r.inTemplate && has(c.defaults, r.Name) || r.inTemplate && settled && r.Field != own:
			continue
		case r.inTemplate && settled:
			problem.Message = fmt.Sprintf("%s: the plan sets %.80q itself, and templates of %s do not have it", r.what, r.Name, own)
		case !schema.known || schema.names[r.Name]:
			continue
		default:
			problem.Message = fmt.Sprintf("%s: the plan's schema has no parameter %.80q%s", r.what, r.Name, schema.suggestion(r.Name))
		}
		found = append(found, problem)
	}
	for _, r := range p.settled {
		if schema, _, _ := pick(r.OfBinding); schema.names[r.Name] {
			found = append(found, Problem{
				Rule: RuleOffered, Pointer: r.Pointer, Name: true,
				Message: fmt.Sprintf("%s: the plan sets %.80q, and its schema offers that to users, whose requests are refused", r.what, r.Name),
			})
		}
	}
	return found
}

func (s Schema) suggestion(name string) string {
	if near := spelling.Nearest(name, slices.Sorted(maps.Keys(s.names))); near != "" {
		return fmt.Sprintf(": did you mean %q?", near)
	}
	return ""
}

// fileKey matches the keys that Cloud Foundry can make files of.
var fileKey = regexp.MustCompile(`^[a-z0-9\-._]{1,253}$`)

func (p *Plan) credentialAdvice() []Problem {
	var found []Problem
	check := func(key, pointer string, name bool) {
		if !fileKey.MatchString(key) {
			found = append(found, Problem{
				Rule: RuleCredential, Pointer: "/" + FieldCredentials + pointer, Name: name,
				Message: fmt.Sprintf("the credential %.80q cannot become a file: Cloud Foundry refuses applications with file-based bindings", key),
			})
		}
	}
	for _, f := range p.credentials.set {
		check(f.name, "/set/"+jsonpointer.Escape(f.name), true)
	}
	for _, r := range p.credentials.renames {
		check(r.to, "/rename/"+jsonpointer.Escape(r.from), false)
	}
	return found
}

var (
	labelKey   = pattern(`^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)
	labelValue = pattern(`^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$`)
)

// pattern compiles an expression when it is first used: it is large, and most programs do
// without.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

func (p *Plan) labelAdvice() []Problem {
	var found []Problem
	for _, f := range p.labels {
		pointer := "/" + FieldLabels + "/" + jsonpointer.Escape(f.name)
		if !labelKey().MatchString(f.name) {
			found = append(found, Problem{Rule: RuleLabel, Pointer: pointer, Name: true, Message: fmt.Sprintf("platforms may ignore the label %.80q because of its name", f.name)})
		}
		if value, literal := f.scalar(); literal && !labelValue().MatchString(value) {
			found = append(found, Problem{Rule: RuleLabel, Pointer: pointer, Message: fmt.Sprintf("platforms may ignore the label %.80q because of its value", f.name)})
		}
	}
	for i, tag := range p.tags {
		if !labelKey().MatchString(tag) {
			found = append(found, Problem{Rule: RuleLabel, Pointer: fmt.Sprintf("/%s/%d", FieldTags, i), Message: fmt.Sprintf("platforms may ignore the tag %.80q because of its name", tag)})
		}
	}
	return found
}
