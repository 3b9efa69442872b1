package catalog

import (
	"encoding/json"
	"slices"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/internal/narrow"
)

// schemas compares the schemas of parameters (spec.md, "Schemas Object").
//
// A narrower schema for updates or bindings is breaking, because parameters that users
// send for an existing instance are refused. A schema that we cannot prove wider counts as
// narrower, too. A narrower schema for creation needs attention: existing instances do not
// change, but scripts that create instances may fail, and a repeated request for an
// existing instance is refused. A property that was undescribed before also needs
// attention, because users may have sent it with another type.
func (s *site) schemas(old, next *openbroker.Schemas) {
	for _, c := range []struct {
		pointer, what string
		impact        Impact
		of            func(*openbroker.Schemas) *openbroker.InputParametersSchema
	}{
		{"schemas/service_instance/create", "creating an instance", ImpactAttention, createSchema},
		{"schemas/service_instance/update", "updating an instance", ImpactBreaking, updateSchema},
		{"schemas/service_binding/create", "creating a binding", ImpactBreaking, bindingSchema},
	} {
		before, after := c.of(old), c.of(next)
		s.parameters(c.pointer+"/parameters", c.what, c.impact, parameters(before), parameters(after))
		if len(changedExtensions(extensionsOf(before), extensionsOf(after))) > 0 {
			s.record(ChangeModified, ImpactCompatible, c.pointer, "extension fields next to the schema for %s have changed", c.what)
		}
	}
	if !slices.EqualFunc(schemaExtensions(old), schemaExtensions(next), func(a, b openbroker.Extensions) bool { return len(changedExtensions(a, b)) == 0 }) {
		s.record(ChangeModified, ImpactCompatible, "schemas", "extension fields next to the schemas have changed")
	}
}

func extensionsOf(s *openbroker.InputParametersSchema) openbroker.Extensions {
	if s == nil {
		return nil
	}
	return s.Extensions
}

// schemaExtensions returns the extension fields of the objects around the schemas.
func schemaExtensions(s *openbroker.Schemas) []openbroker.Extensions {
	extensions := make([]openbroker.Extensions, 3)
	if s == nil {
		return extensions
	}
	extensions[0] = s.Extensions
	if s.ServiceInstance != nil {
		extensions[1] = s.ServiceInstance.Extensions
	}
	if s.ServiceBinding != nil {
		extensions[2] = s.ServiceBinding.Extensions
	}
	return extensions
}

func createSchema(s *openbroker.Schemas) *openbroker.InputParametersSchema {
	if s == nil || s.ServiceInstance == nil {
		return nil
	}
	return s.ServiceInstance.Create
}

func updateSchema(s *openbroker.Schemas) *openbroker.InputParametersSchema {
	if s == nil || s.ServiceInstance == nil {
		return nil
	}
	return s.ServiceInstance.Update
}

func bindingSchema(s *openbroker.Schemas) *openbroker.InputParametersSchema {
	if s == nil || s.ServiceBinding == nil {
		return nil
	}
	return s.ServiceBinding.Create
}

func parameters(s *openbroker.InputParametersSchema) json.RawMessage {
	if s == nil {
		return nil
	}
	return s.Parameters
}

func (s *site) parameters(field, what string, impact Impact, old, next json.RawMessage) {
	switch {
	case len(old) == 0 && len(next) == 0, narrow.Same(old, next):
		return
	case len(old) == 0:
		s.record(ChangeNarrowed, ImpactAttention, field, "parameters for %s now have a schema: it may refuse parameters that it does not describe", what)
		return
	case len(next) == 0:
		s.record(ChangeWidened, ImpactCompatible, field, "parameters for %s no longer have a schema", what)
		return
	}
	findings := s.comparer.Find(old, next)
	for _, f := range findings {
		severity := impact
		if f.Undeclared {
			severity = ImpactAttention
		}
		at, unproven := f.Pointer, ""
		if at == "" {
			at = "the whole"
		}
		if f.Unproven {
			unproven = "; it counts as narrower"
		}
		change := *s
		change.change.Pointer += "/" + field + f.Pointer
		change.record(ChangeNarrowed, severity, "", "the schema for %s is narrower at %s: %s%s", what, at, f.Message, unproven)
	}
	switch {
	case len(findings) > 0:
	case len(s.comparer.Find(next, old)) > 0:
		s.record(ChangeWidened, ImpactCompatible, field, "the schema for %s accepts more parameters than before", what)
	default:
		s.record(ChangeModified, ImpactCompatible, field, "the schema for %s is written differently, and accepts the same parameters", what)
	}
	s.parameterDefaults(field, what, old, next)
}

// parameterDefaults compares the defaults in a schema, which apply if users leave a
// parameter out.
func (s *site) parameterDefaults(field, what string, old, next json.RawMessage) {
	for _, d := range narrow.Defaults(old, next) {
		s.record(ChangeModified, ImpactAttention, field+d.Pointer, "the schema for %s has another default at %s: %s instead of %s", what, d.Pointer, d.After, d.Before)
	}
}
