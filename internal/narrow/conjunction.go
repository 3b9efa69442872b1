package narrow

import (
	"slices"
	"strings"
)

// A conjunction is a set of schemas that must all accept a value.
type conjunction struct {
	parts []*schema
	// types are the types that all of them accept.
	types typeSet
}

// conjoin returns the conjunction of schemas, with their references and the parts of their
// allOf.
func conjoin(schemas ...*schema) conjunction {
	c := conjunction{types: typeAny}
	for _, s := range schemas {
		c.add(s)
	}
	return c
}

// with returns the conjunction with more schemas.
func (c conjunction) with(schemas ...*schema) conjunction {
	c.parts = slices.Clip(c.parts)
	for _, s := range schemas {
		c.add(s)
	}
	return c
}

func (c *conjunction) add(s *schema) {
	if s == nil || slices.Contains(c.parts, s) {
		return
	}
	c.parts = append(c.parts, s)
	c.types &= s.types
	if s.never {
		c.types = 0
	}
	if s.values != nil {
		set := typeSet(0)
		for _, value := range s.values {
			set |= typeOf(value)
		}
		c.types &= set
	}
	if s.reference != "" {
		if target, ok := s.document.resolve(s.reference); ok {
			c.add(target)
		}
	}
	for _, part := range s.all {
		c.add(part)
	}
}

// only returns the conjunction for values of some types.
func (c conjunction) only(types typeSet) conjunction {
	c.types &= types
	return c
}

// empty reports whether it is certain that the conjunction accepts no value.
func (c conjunction) empty() bool {
	if c.types == 0 {
		return true
	}
	values, limited := c.values()
	return limited && len(values) == 0
}

// values returns the values that the conjunction may accept, if they are limited.
func (c conjunction) values() (values map[string]any, limited bool) {
	for _, s := range c.parts {
		if s.values == nil {
			continue
		}
		common := map[string]any{}
		for key, value := range s.values {
			if _, ok := values[key]; (ok || !limited) && typeOf(value)&c.types != 0 {
				common[key] = value
			}
		}
		values, limited = common, true
	}
	return values, limited
}

// size is the work to compute the values.
func (c conjunction) size() int {
	size := 0
	for _, s := range c.parts {
		size += len(s.values)
	}
	return size
}

// key returns the same text for the same conjunction.
func (c conjunction) key(key *strings.Builder) {
	key.WriteByte(byte(c.types))
	for _, s := range c.parts {
		if s.document.after {
			key.WriteByte('+')
		} else {
			key.WriteByte('-')
		}
		key.WriteString(s.pointer)
		key.WriteByte(0)
	}
}

// requires reports whether the property is required.
func (c conjunction) requires(name string) bool {
	return slices.ContainsFunc(c.parts, func(s *schema) bool { return s.required[name] })
}

// limit returns the strictest limit of a kind. sign is 1 if the largest limit is the
// strictest.
func (c conjunction) limit(name string, sign int) (strictest decimal, ok bool) {
	for _, s := range c.parts {
		if d, there := s.limits[name]; there && (!ok || sign*d.compare(strictest) > 0) {
			strictest, ok = d, true
		}
	}
	return strictest, ok
}

// property returns the conjunction for the value of a property. declared reports whether a
// part describes the property.
func (c conjunction) property(name string) (value conjunction, declared bool) {
	value.types = typeAny
	for _, s := range c.parts {
		schemas, says := s.property(name)
		for _, part := range schemas {
			value.add(part)
		}
		declared = declared || says
	}
	return value, declared
}

// property returns the schemas that certainly apply to a property.
func (s *schema) property(name string) (schemas []*schema, declared bool) {
	if property := s.properties[name]; property != nil {
		schemas, declared = append(schemas, property), true
	}
	uncertain := false
	for pattern, property := range s.byPattern {
		switch match := s.expressions[pattern]; {
		case match == nil:
			uncertain = true
		case match.MatchString(name):
			schemas, declared = append(schemas, property), true
		}
	}
	if !declared && !uncertain && s.additional != nil {
		schemas = append(schemas, s.additional)
	}
	return schemas, declared
}

// possible returns all schemas that may apply to a property.
func (s *schema) possible(name string) []*schema {
	var schemas []*schema
	property := s.properties[name]
	certain := property != nil
	if certain {
		schemas = append(schemas, property)
	}
	for pattern, property := range s.byPattern {
		match := s.expressions[pattern]
		if match == nil || match.MatchString(name) {
			schemas = append(schemas, property)
			certain = certain || match != nil
		}
	}
	if !certain && s.additional != nil {
		schemas = append(schemas, s.additional)
	}
	return schemas
}

// item returns the conjunction for the element of an array at an index.
func (c conjunction) item(i int) conjunction {
	item := conjunction{types: typeAny}
	for _, s := range c.parts {
		if i < len(s.prefix) {
			item.add(s.prefix[i])
		} else {
			item.add(s.rest)
		}
	}
	return item
}

// names returns the names of the properties in any part.
func (c conjunction) names(more ...*schema) map[string]bool {
	names := map[string]bool{}
	for _, s := range append(slices.Clip(c.parts), more...) {
		for name := range s.properties {
			names[name] = true
		}
	}
	return names
}

// patterns returns the number of patterns for names of properties.
func (c conjunction) patterns() int {
	n := len(c.parts)
	for _, s := range c.parts {
		n += len(s.byPattern)
	}
	return n
}
