package narrow

import (
	"maps"
	"slices"
)

func (c *comparison) alternatives(old conjunction, s *schema) bool {
	ok := true
	if s.any != nil && !c.anyOf(old, s.any) {
		ok = c.doubt(s, "anyOf", "may be narrower: an old case may not match any alternative")
	}
	if s.one != nil && !c.oneOf(old, s) {
		ok = c.doubt(s, "oneOf", "may be narrower: an old case may not match exactly one alternative")
	}
	return ok
}

// anyOf reports whether every value that old accepts matches an alternative.
func (c *comparison) anyOf(old conjunction, alternatives []*schema) bool {
	one := func(old conjunction) bool {
		return slices.ContainsFunc(alternatives, func(s *schema) bool { return c.try(old, s) })
	}
	if one(old) {
		return true
	}
	// Distinguish the cases of the old schema.
	for _, o := range old.parts {
		for _, cases := range [][]*schema{o.any, o.one} {
			if len(cases) > 0 && !slices.ContainsFunc(cases, func(s *schema) bool { return !one(old.with(s)) }) {
				return true
			}
		}
	}
	// Distinguish the types.
	for _, group := range typeGroups {
		if part := old.only(group.set); !part.empty() && (part.types == old.types || !one(part)) {
			return false
		}
	}
	return true
}

func (c *comparison) oneOf(old conjunction, s *schema) bool {
	if len(s.one) == 1 {
		return c.try(old, s.one[0])
	}
	for _, o := range old.parts {
		if len(o.one) == len(s.one) && c.same(o.one, s.one) {
			return true
		}
	}
	for i := range s.one {
		for j := range i {
			if !c.disjoint(old.with(s.one[i]), conjoin(s.one[j]), 0) {
				return false
			}
		}
	}
	return c.anyOf(old, s.one)
}

// same reports whether two lists are equal in any order.
func (c *comparison) same(a, b []*schema) bool {
	left := slices.Clone(a)
	for _, s := range b {
		i := slices.IndexFunc(left, func(o *schema) bool { return c.alike(o, s) })
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return len(left) == 0
}

// disjoint reports whether it is certain that no value satisfies both.
func (c *comparison) disjoint(a, b conjunction, depth int) bool {
	const deepest = 3
	if !c.spend(len(a.parts) + len(b.parts) + a.size() + b.size()) {
		return false
	}
	if a.empty() || b.empty() || a.types&b.types == 0 {
		return true
	}
	if left, limited := a.values(); limited {
		if right, limited := b.values(); limited {
			common := false
			for key := range left {
				_, there := right[key]
				common = common || there
			}
			if !common {
				return true
			}
		}
	}
	if a.types&b.types != typeObject || depth > deepest {
		return false
	}
	// Objects are disjoint if they require the same property with different values.
	for _, name := range slices.Sorted(maps.Keys(a.names(b.parts...))) {
		if !a.requires(name) && !b.requires(name) {
			continue
		}
		left, _ := a.property(name)
		right, _ := b.property(name)
		if c.disjoint(left, right, depth+1) {
			return true
		}
	}
	return false
}

func (c *comparison) conditions(old conjunction, s *schema) bool {
	ok := true
	if s.not != nil && !c.excludes(old, s.not) {
		ok = c.doubt(s, "not", "may be narrower: it may exclude values that were accepted")
	}
	if s.condition == nil || s.then == nil && s.other == nil {
		return ok
	}
	then, other := old.with(s.condition), old
	for _, o := range old.parts {
		if o.condition != nil && c.alike(o.condition, s.condition) {
			then, other = then.with(o.then), other.with(o.other)
		}
	}
	if s.then != nil && !c.try(then, s.then) {
		ok = c.doubt(s, "then", "may be narrower if the condition holds")
	}
	if s.other != nil && !c.try(other, s.other) {
		ok = c.doubt(s, "else", "may be narrower if the condition does not hold")
	}
	return ok
}

// excludes reports whether it is certain that old accepts no value that s accepts.
func (c *comparison) excludes(old conjunction, s *schema) bool {
	if c.disjoint(old, conjoin(s), 0) {
		return true
	}
	return slices.ContainsFunc(old.parts, func(o *schema) bool { return o.not != nil && c.try(conjoin(s), o.not) })
}
