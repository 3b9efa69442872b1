package rules

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/catalog/internal/source"
	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/jsonpointer"
	"github.com/openbroker/openbroker/internal/paramcheck"
	"github.com/openbroker/openbroker/internal/tree"
)

// maxSchema is the limit of a schema in bytes of JSON (spec.md, "Input Parameters Schema
// Object": 64kB).
const maxSchema = 64 << 10

// A schemaFault is a fault of a schema, with its path.
type schemaFault struct {
	rule    string
	path    []string
	message string
}

// A schemaAnalysis finds the faults of one schema of parameters.
type schemaAnalysis struct {
	root   *tree.Node
	faults []schemaFault
	// ids are the URLs of the schema and of its parts.
	ids map[string]bool
	// embedded marks a schema whose parts have URLs, so that the base of a reference is
	// unknown.
	embedded bool
	anchors  map[string]bool
	base     *url.URL
}

// analyse returns the faults of a schema; encoded is its JSON.
func analyse(root *tree.Node, encoded []byte) []schemaFault {
	a := &schemaAnalysis{root: root, ids: map[string]bool{}, anchors: map[string]bool{}, base: &url.URL{}}
	if length := len(encoded); length > maxSchema {
		a.report("schema-large", nil, "the schema has %d bytes as JSON, more than %d", length, maxSchema)
		return a.faults // Do not analyse a schema that is too large.
	}
	schemaKeywords.walk(root, nil, a.collect)
	schemaKeywords.walk(root, nil, a.keywords)
	extreme := a.numbers(root, nil)
	a.draft(extreme)
	cfKeywords.walk(root, nil, a.cloudFoundry)
	a.compile(encoded)
	if !root.Member("type").Is(tree.String) || root.Member("type").Text != "object" {
		composed := false
		for _, keyword := range []string{"$ref", "allOf", "anyOf", "oneOf"} {
			composed = composed || root.Member(keyword) != nil
		}
		if !composed {
			a.report("schema-type", nil, "the schema has no type: object, although parameters are an object")
		}
	}
	return a.faults
}

// unusable are the rules whose violations keep a schema from compiling.
var unusable = set("schema-draft-unknown", "schema-draft-old", "schema-invalid", "schema-external-reference",
	"schema-reference-unresolved", "schema-pattern", "schema-number")

// compile compiles the schema as a validator does, unless a known fault prevents that.
func (a *schemaAnalysis) compile(encoded []byte) {
	if slices.ContainsFunc(a.faults, func(f schemaFault) bool { return unusable[f.rule] }) {
		return
	}
	if _, err := paramcheck.Compile(encoded); err != nil {
		a.report("schema-unusable", nil, "openbroker cannot validate with the schema: %s", err)
	}
}

func (a *schemaAnalysis) report(rule string, path []string, format string, args ...any) {
	a.faults = append(a.faults, schemaFault{rule, path, fmt.Sprintf(format, args...)})
}

// keywords has the keywords whose value is a schema, has schemas by name, or is a list of
// schemas.
type keywords struct{ single, named, listed map[string]bool }

var (
	// schemaKeywords are the keywords of all drafts.
	schemaKeywords = keywords{
		single: set("items", "additionalItems", "additionalProperties", "not", "contains", "propertyNames",
			"if", "then", "else", "unevaluatedItems", "unevaluatedProperties", "contentSchema"),
		named:  set("properties", "patternProperties", "definitions", "$defs", "dependentSchemas", "dependencies"),
		listed: set("allOf", "anyOf", "oneOf", "prefixItems", "items"),
	}
	// cfKeywords are the keywords in which the validator of Cloud Foundry looks for schemas.
	cfKeywords = keywords{
		single: set("items", "additionalItems", "additionalProperties"),
		named:  set("properties", "patternProperties", "definitions"),
		listed: set("allOf", "anyOf", "oneOf", "items"),
	}
)

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, name := range names {
		m[name] = true
	}
	return m
}

// walk calls visit for a schema and for all schemas in it.
func (k *keywords) walk(schema *tree.Node, path []string, visit func(schema *tree.Node, path []string)) {
	if schema.Kind != tree.Object {
		return
	}
	visit(schema, path)
	for member := range schema.Unique() {
		at := below(path, member.Name)
		switch {
		case k.named[member.Name]:
			for inner := range member.Value.Unique() {
				k.walk(inner.Value, below(at, inner.Name), visit)
			}
		case k.listed[member.Name] && member.Value.Kind == tree.Array:
			for i, element := range member.Value.Elements {
				k.walk(element, below(at, strconv.Itoa(i)), visit)
			}
		case k.single[member.Name]:
			k.walk(member.Value, at, visit)
		}
	}
}

// below returns a path below another one.
func below(path []string, tokens ...string) []string { return slices.Concat(path, tokens) }

// collect records the names to which references can refer.
func (a *schemaAnalysis) collect(schema *tree.Node, path []string) {
	for _, keyword := range []string{"$anchor", "$dynamicAnchor"} {
		if anchor := schema.Member(keyword); anchor.Is(tree.String) {
			a.anchors[anchor.Text] = true
		}
	}
	for _, keyword := range []string{"$id", "id"} {
		id := schema.Member(keyword)
		if !id.Is(tree.String) || id.Text == "" {
			continue
		}
		if anchor, ok := strings.CutPrefix(id.Text, "#"); ok {
			a.anchors[anchor] = true
			continue
		}
		parsed, err := url.Parse(id.Text)
		if err != nil {
			continue
		}
		if len(path) == 0 {
			a.base = parsed
		} else {
			a.embedded = true
			parsed = a.base.ResolveReference(parsed)
		}
		a.ids[withoutFragment(parsed)] = true
	}
}

func withoutFragment(u *url.URL) string {
	plain := *u
	plain.Fragment, plain.RawFragment = "", ""
	return plain.String()
}

// keywords makes the checks that a metaschema cannot express.
func (a *schemaAnalysis) keywords(schema *tree.Node, path []string) {
	for _, keyword := range []string{"$ref", "$dynamicRef", "$recursiveRef"} {
		if reference := schema.Member(keyword); reference.Is(tree.String) {
			a.reference(reference.Text, below(path, keyword))
		}
	}
	if pattern := schema.Member("pattern"); pattern.Is(tree.String) {
		a.pattern(pattern.Text, below(path, "pattern"))
	}
	patterns := schema.Member("patternProperties")
	if patterns.Is(tree.Object) {
		for member := range patterns.Unique() {
			a.pattern(member.Name, below(path, "patternProperties", member.Name))
		}
	}
	properties, required := schema.Member("properties"), schema.Member("required")
	if !properties.Is(tree.Object) || !required.Is(tree.Array) || patterns != nil {
		return
	}
	for i, element := range required.Elements {
		if element.Is(tree.String) && properties.Member(element.Text) == nil {
			a.report("schema-required-undeclared", below(path, "required", strconv.Itoa(i)),
				"the required property %q is not among the properties", excerpt.Brief(element.Text))
		}
	}
}

func (a *schemaAnalysis) pattern(text string, path []string) {
	if _, err := regexp.Compile(text); err != nil {
		a.report("schema-pattern", path, "the pattern is invalid: %s", excerpt.Brief(strings.TrimPrefix(err.Error(), "error parsing regexp: ")))
	}
}

// reference checks that a reference has a target.
func (a *schemaAnalysis) reference(text string, path []string) {
	parsed, err := url.Parse(text)
	if err != nil {
		a.report("schema-reference-unresolved", path, "the reference %q is not a URI", excerpt.Brief(text))
		return
	}
	if !strings.HasPrefix(text, "#") {
		if target := withoutFragment(a.base.ResolveReference(parsed)); target != "" && !a.ids[target] {
			a.report("schema-external-reference", path, "the reference %q leads to another document", excerpt.Brief(text))
		} else {
			a.report("cloudfoundry-schema-reference", path, "Cloud Foundry may not find %q, which is the URL of a part of the schema", excerpt.Brief(text))
		}
		return
	}
	fragment := parsed.Fragment
	if a.embedded || fragment == "" || a.anchors[fragment] {
		return
	}
	target := a.root
	if !strings.HasPrefix(fragment, "/") {
		target = nil
	}
	for token := range strings.SplitSeq(strings.TrimPrefix(fragment, "/"), "/") {
		target = source.Step(target, jsonpointer.Unescape(token))
	}
	if target == nil {
		a.report("schema-reference-unresolved", path, "the reference %q has no target", excerpt.Brief(text))
	}
}

// numbers reports numbers that are too expensive to compare, and returns whether it found
// one.
func (a *schemaAnalysis) numbers(node *tree.Node, path []string) (found bool) {
	switch node.Kind {
	case tree.Number:
		if found = isExtreme(node.Text); found {
			a.report("schema-number", path, "the number %s is too large or too precise", excerpt.Brief(node.Text))
		}
	case tree.Object:
		for i := range node.Members {
			member := &node.Members[i]
			found = a.numbers(member.Value, below(path, member.Name)) || found
		}
	case tree.Array:
		for i, element := range node.Elements {
			found = a.numbers(element, below(path, strconv.Itoa(i))) || found
		}
	default:
	}
	return found
}

// isExtreme reports whether a number has hundreds of digits when it is written out.
func isExtreme(number string) bool {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(number), "e")
	if exponent == "" {
		exponent = "0"
	}
	value, err := strconv.Atoi(exponent)
	return len(mantissa) > 400 || err != nil || value > 400 || value < -400
}
