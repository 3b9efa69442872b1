package openbroker

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Extensions holds the fields of a JSON object that the specification does not
// define, by name (spec.md, "Vendor Extension Fields"). Decoding and encoding keep
// them. Encoding ignores a name that the specification defines unless that field is
// empty.
type Extensions map[string]json.RawMessage

// marshalExtended encodes the struct v and adds the extension fields, sorted
// by name.
func marshalExtended(v any, extensions Extensions) ([]byte, error) {
	encoded, err := encodeJSON(v)
	if err != nil || len(extensions) == 0 {
		return encoded, err
	}
	var known map[string]json.RawMessage
	if err := json.Unmarshal(encoded, &known); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.Write(encoded[:len(encoded)-1])
	for _, name := range slices.Sorted(maps.Keys(extensions)) {
		if _, taken := known[name]; taken {
			continue
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		key, err := encodeJSON(name)
		if err != nil {
			return nil, err
		}
		out.Write(key)
		out.WriteByte(':')
		value := extensions[name]
		if len(value) == 0 {
			value = json.RawMessage("null")
		}
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// unmarshalExtended decodes the JSON object data into the struct that v points
// to, and fields that v does not define into extensions, a field of v. A defined
// field of an unexpected type is an error, or goes into extensions if opaque.
func unmarshalExtended(data []byte, v any, extensions *Extensions, opaque bool) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	target := reflect.ValueOf(v).Elem()
	target.SetZero()
	for i := range target.NumField() {
		name, _, _ := strings.Cut(target.Type().Field(i).Tag.Get("json"), ",")
		raw, ok := fields[name]
		if !ok || name == "-" {
			continue
		}
		field := target.Field(i)
		if err := json.Unmarshal(raw, field.Addr().Interface()); err != nil {
			field.SetZero()
			if opaque {
				continue
			}
			return fmt.Errorf("%s: %w", name, err)
		}
		delete(fields, name)
	}
	if len(fields) > 0 {
		*extensions = fields
	}
	return nil
}

// The methods below call the two functions above for each type with an Extensions
// field. The local type has no methods, which prevents recursion.

// MarshalJSON encodes the object with its extension fields. Services is an array, never null.
func (c Catalog) MarshalJSON() ([]byte, error) {
	if c.Services == nil {
		c.Services = []Service{}
	}
	type plain Catalog
	return marshalExtended(plain(c), c.Extensions)
}

// UnmarshalJSON decodes the object and keeps its extension fields.
func (c *Catalog) UnmarshalJSON(data []byte) error {
	type plain Catalog
	return unmarshalExtended(data, (*plain)(c), &c.Extensions, false)
}

// MarshalJSON encodes the object with its extension fields. Plans is an array, never null.
func (s Service) MarshalJSON() ([]byte, error) {
	if s.Plans == nil {
		s.Plans = []Plan{}
	}
	type plain Service
	return marshalExtended(plain(s), s.Extensions)
}

// UnmarshalJSON decodes the object and keeps its extension fields.
func (s *Service) UnmarshalJSON(data []byte) error {
	type plain Service
	return unmarshalExtended(data, (*plain)(s), &s.Extensions, false)
}

// MarshalJSON encodes the object with its extension fields.
func (p Plan) MarshalJSON() ([]byte, error) {
	type plain Plan
	return marshalExtended(plain(p), p.Extensions)
}

// UnmarshalJSON decodes the object and keeps its extension fields.
func (p *Plan) UnmarshalJSON(data []byte) error {
	type plain Plan
	return unmarshalExtended(data, (*plain)(p), &p.Extensions, false)
}

// MarshalJSON encodes the object with its extension fields.
func (m ServiceMetadata) MarshalJSON() ([]byte, error) {
	type plain ServiceMetadata
	return marshalExtended(plain(m), m.Extensions)
}

// UnmarshalJSON decodes the object and keeps its extension fields.
func (m *ServiceMetadata) UnmarshalJSON(data []byte) error {
	type plain ServiceMetadata
	return unmarshalExtended(data, (*plain)(m), &m.Extensions, true)
}

// MarshalJSON encodes the object with its extension fields.
func (m PlanMetadata) MarshalJSON() ([]byte, error) {
	type plain PlanMetadata
	return marshalExtended(plain(m), m.Extensions)
}

// UnmarshalJSON decodes the object and keeps its extension fields.
func (m *PlanMetadata) UnmarshalJSON(data []byte) error {
	type plain PlanMetadata
	return unmarshalExtended(data, (*plain)(m), &m.Extensions, true)
}

// MarshalJSON encodes the object with its extension fields.
func (c Cost) MarshalJSON() ([]byte, error) {
	type plain Cost
	return marshalExtended(plain(c), c.Extensions)
}

// UnmarshalJSON decodes the object and keeps its extension fields.
func (c *Cost) UnmarshalJSON(data []byte) error {
	type plain Cost
	return unmarshalExtended(data, (*plain)(c), &c.Extensions, false)
}

// MarshalJSON encodes the object with its extension fields, and the secret.
func (d DashboardClient) MarshalJSON() ([]byte, error) {
	type plain DashboardClient
	return marshalExtended(plain(d), d.Extensions)
}

// UnmarshalJSON decodes the object and keeps its extension fields.
func (d *DashboardClient) UnmarshalJSON(data []byte) error {
	type plain DashboardClient
	return unmarshalExtended(data, (*plain)(d), &d.Extensions, false)
}

// MarshalJSON encodes the object with its extension fields.
func (s Schemas) MarshalJSON() ([]byte, error) {
	type plain Schemas
	return marshalExtended(plain(s), s.Extensions)
}

// UnmarshalJSON decodes the object and keeps its extension fields.
func (s *Schemas) UnmarshalJSON(data []byte) error {
	type plain Schemas
	return unmarshalExtended(data, (*plain)(s), &s.Extensions, false)
}

// MarshalJSON encodes the object with its extension fields.
func (s InstanceSchemas) MarshalJSON() ([]byte, error) {
	type plain InstanceSchemas
	return marshalExtended(plain(s), s.Extensions)
}

// UnmarshalJSON decodes the object and keeps its extension fields.
func (s *InstanceSchemas) UnmarshalJSON(data []byte) error {
	type plain InstanceSchemas
	return unmarshalExtended(data, (*plain)(s), &s.Extensions, false)
}

// MarshalJSON encodes the object with its extension fields.
func (s BindingSchemas) MarshalJSON() ([]byte, error) {
	type plain BindingSchemas
	return marshalExtended(plain(s), s.Extensions)
}

// UnmarshalJSON decodes the object and keeps its extension fields.
func (s *BindingSchemas) UnmarshalJSON(data []byte) error {
	type plain BindingSchemas
	return unmarshalExtended(data, (*plain)(s), &s.Extensions, false)
}

// MarshalJSON encodes the object with its extension fields.
func (s InputParametersSchema) MarshalJSON() ([]byte, error) {
	type plain InputParametersSchema
	return marshalExtended(plain(s), s.Extensions)
}

// UnmarshalJSON decodes the object and keeps its extension fields.
func (s *InputParametersSchema) UnmarshalJSON(data []byte) error {
	type plain InputParametersSchema
	return unmarshalExtended(data, (*plain)(s), &s.Extensions, false)
}

// MarshalJSON encodes the object with its extension fields.
func (m MaintenanceInfo) MarshalJSON() ([]byte, error) {
	type plain MaintenanceInfo
	return marshalExtended(plain(m), m.Extensions)
}

// UnmarshalJSON decodes the object and keeps its extension fields.
func (m *MaintenanceInfo) UnmarshalJSON(data []byte) error {
	type plain MaintenanceInfo
	return unmarshalExtended(data, (*plain)(m), &m.Extensions, false)
}
