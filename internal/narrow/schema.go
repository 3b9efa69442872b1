package narrow

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
)

// A schema is one object of a document, with its keywords in a form that is common to all
// drafts.
type schema struct {
	document *document
	pointer  string
	value    any

	never bool
	types typeSet
	// values has the values that enum and const allow, by canonical form. It is nil
	// without these keywords.
	values map[string]any

	lower, upper *bound
	multiples    []decimal
	// limits has minLength, maxItems and so on.
	limits map[string]decimal

	patterns, formats []string
	unique            bool

	prefix                 []*schema
	rest, contains         *schema
	prefixName, restName   string
	minContains            decimal
	maxContains            *decimal
	properties, byPattern  map[string]*schema
	additional, names      *schema
	required               map[string]bool
	dependent              map[string][]string
	dependentSchemas       map[string]*schema
	dependentName          string
	all, any, one          []*schema
	not                    *schema
	condition, then, other *schema
	reference              string
	// expressions has the compiled patterns of byPattern; nil for a pattern that Go may
	// match differently.
	expressions map[string]*regexp.Regexp
	// opaque has the unsupported keywords.
	opaque []string
	// text caches the result of comparison.text.
	text *string
}

// A bound is a minimum or a maximum.
type bound struct {
	value     decimal
	exclusive bool
	keyword   string
}

func parseSchema(d *document, pointer string, value any) *schema {
	s := &schema{document: d, pointer: pointer, value: value, types: typeAny}
	object, ok := value.(map[string]any)
	if !ok {
		if accept, boolean := value.(bool); boolean && d.draft >= draft6 {
			s.never = !accept
		} else {
			s.opaque = []string{""}
		}
		return s
	}
	p := &parser{schema: s, object: object, pointer: pointer, seen: map[string]bool{}}
	if s.reference, ok = object["$ref"].(string); ok {
		p.seen["$ref"] = true
	}
	if s.reference == "" || d.draft > draft7 {
		p.general()
		p.numbers()
		p.arrays()
		p.objects()
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !p.seen[name] && (keywords[name] || name == "$schema" && pointer != "") {
			s.opaque = append(s.opaque, name)
		}
	}
	return s
}

// keywords are the members with which a schema can refuse a value in some draft. All
// others are annotations.
var keywords = func() map[string]bool {
	known := map[string]bool{}
	for _, name := range []string{
		"$ref", "$dynamicRef", "$recursiveRef", "type", "enum", "const", "allOf", "anyOf", "oneOf", "not", "if", "then", "else",
		"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "divisibleBy",
		"minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType", "contentSchema",
		"items", "additionalItems", "prefixItems", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems", "unevaluatedItems",
		"properties", "patternProperties", "additionalProperties", "propertyNames", "required", "minProperties", "maxProperties",
		"dependencies", "dependentRequired", "dependentSchemas", "unevaluatedProperties", "extends", "disallow",
	} {
		known[name] = true
	}
	return known
}()

// A parser reads the keywords of a schema. A keyword that is unsupported or malformed stays
// unseen, and becomes opaque.
type parser struct {
	*schema
	object  map[string]any
	pointer string
	seen    map[string]bool
}

// since reports whether the document has the given draft or a later one.
func (p *parser) since(draft int) bool { return p.document.draft >= draft }

// sub reads a keyword whose value is a schema.
func (p *parser) sub(name string) *schema {
	value, ok := p.object[name]
	if !ok || !p.isSchema(value) {
		return nil
	}
	p.seen[name] = true
	return p.document.at(child(p.pointer, name), value)
}

func (p *parser) isSchema(value any) bool {
	switch value.(type) {
	case map[string]any:
		return true
	case bool:
		return p.since(draft6)
	default:
		return false
	}
}

// list reads a keyword whose value is a list of schemas.
func (p *parser) list(name string) []*schema {
	values, ok := p.object[name].([]any)
	if !ok || slices.ContainsFunc(values, func(value any) bool { return !p.isSchema(value) }) {
		return nil
	}
	p.seen[name] = true
	schemas := make([]*schema, len(values))
	for i, value := range values {
		schemas[i] = p.document.at(child(p.pointer, name, strconv.Itoa(i)), value)
	}
	return schemas
}

// byName reads a keyword whose value maps names to schemas.
func (p *parser) byName(name string) map[string]*schema {
	values, ok := p.object[name].(map[string]any)
	if !ok {
		return nil
	}
	for _, value := range values {
		if !p.isSchema(value) {
			return nil
		}
	}
	p.seen[name] = true
	schemas := make(map[string]*schema, len(values))
	for key, value := range values {
		schemas[key] = p.document.at(child(p.pointer, name, key), value)
	}
	return schemas
}

// number reads a keyword whose value is a number.
func (p *parser) number(name string) (decimal, bool) {
	n, ok := p.object[name].(json.Number)
	if !ok {
		return decimal{}, false
	}
	d, ok := parseDecimal(n)
	p.seen[name] = p.seen[name] || ok
	return d, ok
}

// texts reads a keyword whose value is a list of strings.
func (p *parser) texts(name string) ([]string, bool) {
	texts, ok := asTexts(p.object[name])
	p.seen[name] = p.seen[name] || ok
	return texts, ok
}

func asTexts(value any) ([]string, bool) {
	values, ok := value.([]any)
	if !ok {
		return nil, false
	}
	texts := make([]string, len(values))
	for i, value := range values {
		if texts[i], ok = value.(string); !ok {
			return nil, false
		}
	}
	return texts, true
}

func (p *parser) general() {
	names, ok := p.texts("type")
	if name, text := p.object["type"].(string); text {
		names, ok = []string{name}, true
		p.seen["type"] = true
	}
	if ok {
		p.types = 0
		for _, name := range names {
			set := typeNamed(name)
			if set == 0 {
				p.seen["type"] = false
			}
			p.types |= set
		}
		if !p.seen["type"] {
			p.types = typeAny
		}
	}
	if values, ok := p.object["enum"].([]any); ok {
		p.seen["enum"] = true
		p.values = map[string]any{}
		for _, value := range values {
			p.values[canonical(value)] = value
		}
	}
	if value, ok := p.object["const"]; ok && p.since(draft6) {
		p.seen["const"] = true
		key := canonical(value)
		if _, common := p.values[key]; common || p.values == nil {
			p.values = map[string]any{key: value}
		} else {
			p.values = map[string]any{}
		}
	}
	p.all, p.any, p.one, p.not = p.list("allOf"), p.list("anyOf"), p.list("oneOf"), p.sub("not")
	if p.since(draft7) {
		p.condition, p.then, p.other = p.sub("if"), p.sub("then"), p.sub("else")
		if p.condition == nil && p.object["if"] == nil {
			p.then, p.other = nil, nil
		}
	}
	p.limits = map[string]decimal{}
	for _, name := range []string{"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"} {
		if d, ok := p.number(name); ok {
			p.limits[name] = d
		}
	}
	if text, ok := p.object["pattern"].(string); ok {
		p.seen["pattern"], p.patterns = true, []string{text}
	}
	if text, ok := p.object["format"].(string); ok {
		p.seen["format"], p.formats = true, []string{text}
	}
}

func (p *parser) numbers() {
	p.lower = p.bound("minimum", "exclusiveMinimum", 1)
	p.upper = p.bound("maximum", "exclusiveMaximum", -1)
	if d, ok := p.number("multipleOf"); ok {
		p.multiples = []decimal{d}
	}
}

// bound reads a limit of numbers. sign is 1 for a lower limit, and -1 for an upper one.
func (p *parser) bound(name, exclusive string, sign int) *bound {
	var b *bound
	if d, ok := p.number(name); ok {
		b = &bound{value: d, keyword: name}
	}
	if p.document.draft == draft4 {
		if is, ok := p.object[exclusive].(bool); ok {
			p.seen[exclusive] = true
			if b != nil {
				b.exclusive = is
			}
		}
		return b
	}
	if d, ok := p.number(exclusive); ok && (b == nil || sign*d.compare(b.value) >= 0) {
		b = &bound{value: d, exclusive: true, keyword: exclusive}
	}
	return b
}

func (p *parser) arrays() {
	p.unique, p.seen["uniqueItems"] = p.flag("uniqueItems")
	p.prefixName, p.restName = "items", "items"
	if p.since(draft2020) {
		p.prefixName = "prefixItems"
		p.prefix, p.rest = p.list("prefixItems"), p.sub("items")
	} else if p.rest = p.sub("items"); p.rest != nil {
		p.seen["additionalItems"] = true // It has an effect only after a list.
	} else if p.prefix = p.list("items"); p.prefix != nil {
		p.restName = "additionalItems"
		p.rest = p.flagOrSub("additionalItems")
	} else if p.object["items"] == nil {
		p.seen["additionalItems"] = true
	}
	if p.since(draft6) {
		p.contains = p.sub("contains")
	}
	one, _ := parseDecimal("1")
	p.minContains = one
	if p.since(draft2019) {
		if d, ok := p.number("minContains"); ok {
			p.minContains = d
		}
		if d, ok := p.number("maxContains"); ok {
			p.maxContains = &d
		}
		if p.contains == nil && p.object["contains"] == nil {
			p.seen["minContains"], p.seen["maxContains"] = true, true
		}
	}
}

// flag reads a keyword whose value is a boolean.
func (p *parser) flag(name string) (value, ok bool) {
	value, ok = p.object[name].(bool)
	return value, ok
}

// flagOrSub reads a keyword whose value is a schema or, even in draft-04, a boolean.
func (p *parser) flagOrSub(name string) *schema {
	if value, ok := p.flag(name); ok {
		p.seen[name] = true
		return &schema{document: p.document, pointer: child(p.pointer, name), value: value, never: !value, types: typeAny}
	}
	return p.sub(name)
}

func (p *parser) objects() {
	p.properties, p.byPattern = p.byName("properties"), p.byName("patternProperties")
	p.expressions = map[string]*regexp.Regexp{}
	for pattern := range p.byPattern {
		p.expressions[pattern] = expression(pattern)
	}
	p.additional = p.flagOrSub("additionalProperties")
	if p.since(draft6) {
		p.names = p.sub("propertyNames")
	}
	p.required, p.dependent, p.dependentSchemas = map[string]bool{}, map[string][]string{}, map[string]*schema{}
	names, _ := p.texts("required")
	for _, name := range names {
		p.required[name] = true
	}
	if p.since(draft2019) {
		p.dependentName = "dependentSchemas"
		p.dependentSchemas = p.byName("dependentSchemas")
		p.dependencies("dependentRequired", false)
		return
	}
	p.dependentName = "dependencies"
	p.dependencies("dependencies", true)
}

func (p *parser) dependencies(name string, schemas bool) {
	values, ok := p.object[name].(map[string]any)
	if !ok {
		return
	}
	dependent, dependentSchemas := map[string][]string{}, map[string]*schema{}
	for key, value := range values {
		if texts, ok := asTexts(value); ok {
			dependent[key] = texts
		} else if schemas && p.isSchema(value) {
			dependentSchemas[key] = p.document.at(child(p.pointer, name, key), value)
		} else {
			return
		}
	}
	p.seen[name], p.dependent = true, dependent
	if schemas {
		p.dependentSchemas = dependentSchemas
	}
}

// expression compiles a pattern if it certainly means the same in Go as in JavaScript, the
// dialect of JSON Schema.
func expression(pattern string) *regexp.Regexp {
	if !plainPattern.MatchString(pattern) {
		return nil
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil
	}
	return compiled
}

// plainPattern matches patterns without escapes, dots and groups, in which the dialects
// differ.
var plainPattern = regexp.MustCompile(`^\^?[A-Za-z0-9_\-*+\[\]]*\$?$`)
