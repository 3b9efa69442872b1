package narrow

import (
	"maps"
	"slices"
	"strings"
)

func (c *comparison) arrays(old conjunction, s *schema) bool {
	if old.types&typeArray == 0 {
		return true
	}
	length := func(value any) (int, bool) {
		array, ok := value.([]any)
		return len(array), ok
	}
	ok := c.limit(old, s, "minItems", 1, typeArray, length)
	ok = c.limit(old, s, "maxItems", -1, typeArray, length) && ok
	if s.unique && !slices.ContainsFunc(old.parts, func(o *schema) bool { return o.unique }) {
		if most, limited := old.limit("maxItems", -1); !limited || most.compare(whole(1)) > 0 {
			ok = c.report(s, "uniqueItems", "elements must differ")
		}
	}
	ok = c.items(old, s) && ok
	return c.contained(old, s) && ok
}

func (c *comparison) items(old conjunction, s *schema) bool {
	if len(s.prefix) == 0 && s.rest == nil {
		return true
	}
	longest := len(s.prefix)
	for _, o := range old.parts {
		longest = max(longest, len(o.prefix))
	}
	most, limited := old.limit("maxItems", -1)
	ok := true
	for i := range longest + 1 {
		if limited && most.compare(whole(i)) <= 0 {
			break // The array has no such element.
		}
		need := s.rest
		if i < len(s.prefix) {
			need = s.prefix[i]
		}
		if need == nil {
			continue
		}
		was := old.item(i)
		if was.empty() {
			break // No array that old accepts has this element or a later one.
		}
		if need.never && i < longest {
			ok = c.report(s, s.restName, "the element %d is no longer accepted", i)
			break
		}
		ok = c.impliesInside(was, need) && ok
	}
	return ok
}

func (c *comparison) contained(old conjunction, s *schema) bool {
	if s.contains == nil {
		return true
	}
	least := s.minContains.compare(decimal{}) <= 0
	most := s.maxContains == nil
	for _, o := range old.parts {
		if o.contains == nil {
			continue
		}
		if !least && o.minContains.compare(s.minContains) >= 0 {
			c.trying++
			least = c.impliesInside(conjoin(o.contains), s.contains)
			c.trying--
		}
		if !most && o.maxContains != nil && o.maxContains.compare(*s.maxContains) <= 0 {
			c.trying++
			most = c.impliesInside(conjoin(s.contains), o.contains)
			c.trying--
		}
	}
	if least && most {
		return true
	}
	return c.doubt(s, "contains", "must contain other elements")
}

func (c *comparison) objects(old conjunction, s *schema) bool {
	if old.types&typeObject == 0 {
		return true
	}
	size := func(value any) (int, bool) {
		object, ok := value.(map[string]any)
		return len(object), ok
	}
	ok := c.limit(old, s, "minProperties", 1, typeObject, size)
	ok = c.limit(old, s, "maxProperties", -1, typeObject, size) && ok
	for _, name := range slices.Sorted(maps.Keys(s.required)) {
		if old.requires(name) || known(old, typeObject, func(value any) bool {
			object, _ := value.(map[string]any)
			_, there := object[name]
			return there
		}) {
			continue
		}
		ok = c.report(s, "required", "%q is required", name)
	}
	ok = c.properties(old, s) && ok
	ok = c.undescribed(old, s) && ok
	return c.dependencies(old, s) && ok
}

// properties compares the properties that a schema names.
func (c *comparison) properties(old conjunction, s *schema) bool {
	if s.properties == nil && s.byPattern == nil && s.additional == nil {
		return true
	}
	ok := true
	for _, name := range slices.Sorted(maps.Keys(old.names(s))) {
		if !c.spend(old.patterns() + len(s.byPattern)) {
			return c.doubt(s, "properties", "are too many for the comparison")
		}
		was, declared := old.property(name)
		if was.empty() {
			continue
		}
		for _, need := range s.possible(name) {
			if need.never && declared {
				ok = c.report(s, strings.TrimPrefix(child("", "properties", name), "/"), "the property is no longer accepted")
				break
			}
			ok = c.property(was, declared, need) && ok
		}
	}
	return ok
}

func (c *comparison) property(was conjunction, declared bool, need *schema) bool {
	if !declared {
		c.undeclared++
		defer func() { c.undeclared-- }()
	}
	return c.impliesInside(was, need)
}

// undescribed compares the properties that no schema names, with and without a matching
// pattern. A property must match the schemas of all matching patterns or, without any,
// the schema of additional properties.
func (c *comparison) undescribed(old conjunction, s *schema) bool {
	ok := true
	for _, pattern := range slices.Sorted(maps.Keys(s.byPattern)) {
		need := s.byPattern[pattern]
		for _, o := range c.undescribedParts(old, pattern, true) {
			ok = c.property(o.value, o.declared, need) && ok
		}
	}
	if s.additional == nil {
		return ok
	}
	for _, o := range c.undescribedParts(old, "", false) {
		if _, same := s.byPattern[o.pattern]; same && o.declared {
			continue // In the new schema, too, these names are not additional.
		}
		if !o.value.empty() && s.additional.never {
			ok = c.report(s, "additionalProperties", "undescribed properties are no longer accepted")
			break
		}
		ok = c.property(o.value, o.declared, s.additional) && ok
	}
	return ok
}

// An undescribed is the requirement of the old schema for names that no schema describes.
type undescribed struct {
	pattern  string
	declared bool
	value    conjunction
}

// undescribedParts returns the cases for names that match pattern if matching is set, and
// otherwise for all names.
func (c *comparison) undescribedParts(old conjunction, pattern string, matching bool) []undescribed {
	base := conjunction{types: typeAny}
	patterns := map[string]bool{}
	for _, o := range old.parts {
		switch {
		case matching && o.byPattern[pattern] != nil:
			base.add(o.byPattern[pattern])
		case len(o.byPattern) == 0:
			base.add(o.additional)
		default:
			for other := range o.byPattern {
				patterns[other] = true
			}
		}
	}
	// Names that also match other patterns of the old schema may not be additional.
	// Therefore only the pattern and what applies to all names count.
	var cases []undescribed
	inPattern := func(other string) conjunction {
		value := base.with()
		for _, o := range old.parts {
			if o.byPattern[other] != nil {
				value.add(o.byPattern[other])
			}
		}
		return value
	}
	for _, other := range slices.Sorted(maps.Keys(patterns)) {
		c.spend(len(old.parts))
		cases = append(cases, undescribed{other, true, inPattern(other)})
	}
	rest := base.with()
	for _, o := range old.parts {
		if len(o.byPattern) > 0 && (!matching || o.byPattern[pattern] == nil) {
			rest.add(o.additional)
		}
	}
	return append(cases, undescribed{pattern, matching && slices.ContainsFunc(old.parts, func(o *schema) bool { return o.byPattern[pattern] != nil }), rest})
}

func (c *comparison) dependencies(old conjunction, s *schema) bool {
	ok := true
	if s.names != nil {
		names := conjunction{types: typeString}
		for _, o := range old.parts {
			names.add(o.names)
		}
		ok = c.impliesInside(names, s.names)
	}
	for _, name := range slices.Sorted(maps.Keys(s.dependent)) {
		if value, _ := old.property(name); value.empty() {
			continue
		}
		for _, need := range s.dependent[name] {
			if need == name || old.requires(need) || slices.ContainsFunc(old.parts, func(o *schema) bool { return slices.Contains(o.dependent[name], need) }) {
				continue
			}
			keyword := "dependentRequired"
			if s.document.draft < draft2019 {
				keyword = "dependencies"
			}
			ok = c.report(s, keyword, "%q is required together with %q", need, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.dependentSchemas)) {
		if value, _ := old.property(name); value.empty() {
			continue
		}
		with := old.with()
		for _, o := range old.parts {
			with.add(o.dependentSchemas[name])
		}
		ok = c.implies(with, s.dependentSchemas[name]) && ok
	}
	return ok
}
