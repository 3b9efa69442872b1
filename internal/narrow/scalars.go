package narrow

import (
	"encoding/json"
	"slices"
	"unicode/utf8"
)

func (c *comparison) numbers(old conjunction, s *schema) bool {
	if old.types&typeNumber == 0 {
		return true
	}
	ok := c.bound(old, s.lower, s, "minimum", 1, func(o *schema) *bound { return o.lower })
	ok = c.bound(old, s.upper, s, "maximum", -1, func(o *schema) *bound { return o.upper }) && ok
	for _, divisor := range s.multiples {
		if slices.ContainsFunc(old.parts, func(o *schema) bool {
			return slices.ContainsFunc(o.multiples, func(d decimal) bool { return d.multipleOf(divisor) })
		}) {
			continue
		}
		one, _ := parseDecimal("1")
		if old.types&typeFraction == 0 && one.multipleOf(divisor) {
			continue
		}
		if known(old, typeNumber, func(value any) bool {
			d, ok := number(value)
			return ok && d.multipleOf(divisor)
		}) {
			continue
		}
		ok = c.report(s, "multipleOf", "must be a multiple of %s", brief(s.value.(map[string]any)["multipleOf"])) //nolint:errcheck // It is an object.
	}
	return ok
}

func number(value any) (decimal, bool) {
	n, ok := value.(json.Number)
	if !ok {
		return decimal{}, false
	}
	return parseDecimal(n)
}

// known reports whether old allows only listed values, and the condition holds for all of
// them that have the types.
func known(old conjunction, types typeSet, holds func(value any) bool) bool {
	values, limited := old.values()
	if !limited {
		return false
	}
	for _, value := range values {
		if typeOf(value)&types != 0 && !holds(value) {
			return false
		}
	}
	return true
}

func (c *comparison) bound(old conjunction, need *bound, s *schema, what string, sign int, of func(*schema) *bound) bool {
	if need == nil {
		return true
	}
	within := func(d decimal) int { return sign * d.compare(need.value) }
	var was *bound
	for _, o := range old.parts {
		b := of(o)
		if b == nil {
			continue
		}
		if w := within(b.value); w > 0 || w == 0 && (b.exclusive || !need.exclusive) {
			return true
		}
		was = b
	}
	if known(old, typeNumber, func(value any) bool {
		d, ok := number(value)
		return ok && (within(d) > 0 || within(d) == 0 && !need.exclusive)
	}) {
		return true
	}
	verb := map[int]string{1: "raised", -1: "lowered"}[sign]
	switch {
	case was == nil:
		return c.report(s, need.keyword, "now has a %s: %s", what, show(need))
	case was.value.compare(need.value) == 0:
		return c.report(s, need.keyword, "the %s %s is no longer accepted", what, plain(need.value))
	default:
		return c.report(s, need.keyword, "the %s is %s from %s to %s", what, verb, show(was), show(need))
	}
}

func show(b *bound) string {
	if b.exclusive {
		return plain(b.value) + " (exclusive)"
	}
	return plain(b.value)
}

// plain returns a number in ordinary notation, unless that is too long.
func plain(d decimal) string {
	const most = 20
	if d.exponent > most || d.exponent < -most || len(d.digits) > most {
		return d.String()
	}
	if d.digits == "" {
		return "0"
	}
	r := d.rational()
	if d.negative {
		r.Neg(r)
	}
	if d.whole() {
		return r.Num().String()
	}
	return r.FloatString(int(int64(len(d.digits)) - d.exponent))
}

func (c *comparison) strings(old conjunction, s *schema) bool {
	if old.types&typeString == 0 {
		return true
	}
	runes := func(value any) (int, bool) {
		text, ok := value.(string)
		return utf8.RuneCountInString(text), ok
	}
	ok := c.limit(old, s, "minLength", 1, typeString, runes)
	ok = c.limit(old, s, "maxLength", -1, typeString, runes) && ok
	for _, pattern := range s.patterns {
		if slices.ContainsFunc(old.parts, func(o *schema) bool { return slices.Contains(o.patterns, pattern) }) {
			continue
		}
		had := slices.ContainsFunc(old.parts, func(o *schema) bool { return len(o.patterns) > 0 })
		if match := expression(pattern); match != nil && known(old, typeString, func(value any) bool {
			text, _ := value.(string)
			return match.MatchString(text)
		}) {
			continue
		}
		if had {
			ok = c.doubt(s, "pattern", "the pattern has changed to %s", brief(pattern))
		} else {
			ok = c.report(s, "pattern", "now has a pattern: %s", brief(pattern))
		}
	}
	for _, format := range s.formats {
		if slices.ContainsFunc(old.parts, func(o *schema) bool {
			// In later drafts, a format is an annotation; earlier drafts require it.
			return slices.Contains(o.formats, format) && (o.document.draft < draft2019 || s.document.draft >= draft2019)
		}) {
			continue
		}
		ok = c.report(s, "format", "must have the format %s", brief(format))
	}
	return ok
}

// limit compares a limit of a count. sign is 1 for a lower limit, and -1 for an
// upper one.
func (c *comparison) limit(old conjunction, s *schema, name string, sign int, types typeSet, count func(any) (int, bool)) bool {
	need, there := s.limits[name]
	if !there {
		return true
	}
	if sign > 0 && need.compare(decimal{}) <= 0 {
		return true
	}
	was, had := old.limit(name, sign)
	if name == "minProperties" && c.needs(old, need) {
		return true
	}
	if had && sign*was.compare(need) >= 0 {
		return true
	}
	if known(old, types, func(value any) bool {
		n, ok := count(value)
		return ok && sign*whole(n).compare(need) >= 0
	}) {
		return true
	}
	if !had {
		return c.report(s, name, "now has a %s: %s", name, plain(need))
	}
	return c.report(s, name, "the %s has changed from %s to %s", name, plain(was), plain(need))
}

// needs reports whether old requires at least the given number of properties.
func (c *comparison) needs(old conjunction, least decimal) bool {
	required := map[string]bool{}
	for _, o := range old.parts {
		for name := range o.required {
			required[name] = true
		}
	}
	return whole(len(required)).compare(least) >= 0
}
