package narrow

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// A Finding is one reason why the new schema may refuse a value that the old one accepts.
type Finding struct {
	// Pointer is a JSON pointer into the new schema.
	Pointer string
	// Message says in which way the schema is narrower.
	Message string
	// Unproven says that the schema may be narrower here, but that this is not proven.
	Unproven bool
	// Undeclared says that the old schema accepted the property without describing it, and
	// that the new one describes it.
	Undeclared bool
}

// maxSteps bounds the work for two schemas. Schemas of 64 kB take a few thousand steps.
const maxSteps = 50_000

// After manySteps, a Comparer spends only fewSteps on each pair.
const (
	manySteps = 10 * maxSteps
	fewSteps  = maxSteps / 100
)

// maxDepth bounds the nesting of a schema, because pointers grow with it.
const maxDepth = 1_000

// maxFindings bounds the findings about one schema.
const maxFindings = 50

// A Comparer compares the schemas of one catalog. It bounds the work for all of them
// together.
type Comparer struct{ spent int }

// Find returns the reasons why after may refuse a value that before accepts, in the order of
// the keywords. Without a finding, after accepts every value that before accepts.
func (all *Comparer) Find(before, after []byte) []Finding {
	c, left, right, failed := prepare(before, after)
	if failed != nil {
		return failed
	}
	if left == nil {
		return nil
	}
	if c.left = maxSteps; all.spent > manySteps {
		c.left = fewSteps
	}
	defer func(left int) { all.spent += left - c.left }(c.left)
	if c.implies(conjoin(left), right) {
		return nil
	}
	if len(c.findings) == 0 {
		c.doubt(right, "", "may be narrower")
	}
	return c.findings
}

func prepare(before, after []byte) (c *comparison, left, right *schema, failed []Finding) {
	old, err := decode(before)
	if err != nil {
		return nil, nil, nil, []Finding{{Message: "the old schema is not JSON", Unproven: true}}
	}
	value, err := decode(after)
	if err != nil {
		return nil, nil, nil, []Finding{{Message: "the new schema is not JSON", Unproven: true}}
	}
	if canonical(old) == canonical(value) {
		return nil, nil, nil, nil
	}
	if nestedDeeper(old, maxDepth) || nestedDeeper(value, maxDepth) {
		return nil, nil, nil, []Finding{{Message: "is nested too deeply for the comparison", Unproven: true}}
	}
	from, to := newDocument(old), newDocument(value)
	to.after = true
	return &comparison{open: map[string]int{}}, from.at("", old), to.at("", value), nil
}

// nestedDeeper reports whether a value is nested deeper than a limit.
func nestedDeeper(value any, depth int) bool {
	if depth < 0 {
		return true
	}
	switch value := value.(type) {
	case []any:
		return slices.ContainsFunc(value, func(element any) bool { return nestedDeeper(element, depth-1) })
	case map[string]any:
		for _, member := range value {
			if nestedDeeper(member, depth-1) {
				return true
			}
		}
	}
	return false
}

// A comparison walks through two schemas in parallel.
type comparison struct {
	findings []Finding
	// trying counts the attempts that may fail without a finding.
	trying int
	// undeclared counts the enclosing properties that the old schema does not describe.
	undeclared int
	// left is the number of remaining steps.
	left  int
	level int
	// open has the implications being checked, with their depth in the value. A recursive
	// schema leads to the same implication at a greater depth. There it may be assumed by
	// induction over the depth, because values are finite.
	open map[string]int
}

// report adds a finding about a keyword.
func (c *comparison) report(s *schema, keyword, format string, args ...any) bool {
	return c.add(s, keyword, false, format, args...)
}

// doubt adds an unproven finding.
func (c *comparison) doubt(s *schema, keyword, format string, args ...any) bool {
	return c.add(s, keyword, true, format, args...)
}

func (c *comparison) add(s *schema, keyword string, unproven bool, format string, args ...any) bool {
	if c.trying > 0 || len(c.findings) >= maxFindings {
		return false
	}
	pointer := s.pointer
	if keyword != "" {
		pointer += "/" + keyword
	}
	f := Finding{Pointer: pointer, Message: fmt.Sprintf(format, args...), Unproven: unproven, Undeclared: c.undeclared > 0}
	if !slices.Contains(c.findings, f) { // A definition may be used at several places.
		c.findings = append(c.findings, f)
	}
	return false
}

// try checks an implication without adding findings.
func (c *comparison) try(old conjunction, schemas ...*schema) bool {
	c.trying++
	defer func() { c.trying-- }()
	return c.implies(old, schemas...)
}

// impliesInside checks an implication for a member or element of the value.
func (c *comparison) impliesInside(old conjunction, schemas ...*schema) bool {
	c.level++
	defer func() { c.level-- }()
	return c.implies(old, schemas...)
}

// implies reports whether the schemas accept all values that old accepts.
func (c *comparison) implies(old conjunction, schemas ...*schema) bool {
	if old.empty() {
		return true
	}
	need := conjoin(schemas...)
	if !slices.ContainsFunc(need.parts, func(s *schema) bool { return !slices.Contains(old.parts, s) }) {
		return true
	}
	if !c.spend(1 + len(old.parts)*len(need.parts) + old.size()) {
		return c.doubt(need.parts[0], "", "is too large or too complex for the comparison")
	}
	var key strings.Builder
	old.key(&key)
	need.key(&key)
	if level, ok := c.open[key.String()]; ok {
		return level < c.level || c.doubt(need.parts[0], "", "refers to itself")
	}
	c.open[key.String()] = c.level
	defer delete(c.open, key.String())
	ok := true
	for _, s := range need.parts {
		// Continue after a finding, to collect all of them.
		ok = c.keywords(old, s) && ok
		if !ok && c.trying > 0 {
			return false
		}
	}
	return ok
}

// keywords compares each keyword of a schema.
func (c *comparison) keywords(old conjunction, s *schema) bool {
	if slices.Contains(old.parts, s) {
		return true
	}
	ok := true
	for _, check := range []func(conjunction, *schema) bool{
		c.never, c.types, c.values, c.numbers, c.strings, c.arrays, c.objects, c.alternatives, c.conditions, c.opaque,
	} {
		ok = check(old, s) && ok
		if !ok && c.trying > 0 {
			return false
		}
	}
	return ok
}

func (c *comparison) never(_ conjunction, s *schema) bool {
	if s.never {
		return c.report(s, "", "is no longer accepted")
	}
	return true
}

func (c *comparison) types(old conjunction, s *schema) bool {
	lost := old.types &^ s.types
	if lost == 0 {
		return true
	}
	var names []string
	for _, group := range typeGroups {
		if lost&group.set != 0 && !slices.Contains(names, group.name) {
			names = append(names, group.name)
		}
	}
	if old.types == typeAny {
		return c.report(s, "type", "is limited to %s", brief(s.value.(map[string]any)["type"])) //nolint:errcheck // It has a type.
	}
	return c.report(s, "type", "the type %s is no longer accepted", strings.Join(names, ", "))
}

func (c *comparison) values(old conjunction, s *schema) bool {
	if s.values == nil {
		return true
	}
	keyword := "enum"
	if object, ok := s.value.(map[string]any); ok && object["enum"] == nil {
		keyword = "const"
	}
	values, limited := old.values()
	if !limited {
		return c.report(s, keyword, "is limited to fixed values")
	}
	var lost []string
	for key, value := range values {
		if _, ok := s.values[key]; !ok {
			lost = append(lost, brief(value))
		}
	}
	if len(lost) == 0 {
		return true
	}
	slices.Sort(lost)
	return c.report(s, keyword, "the value %s is no longer accepted", strings.Join(lost[:min(len(lost), 5)], ", "))
}

// opaque compares schemas with unsupported keywords: the old schema must contain one with the
// same text.
func (c *comparison) opaque(old conjunction, s *schema) bool {
	unresolved := false
	if s.reference != "" {
		target, ok := s.document.resolve(s.reference)
		// A schema that only refers to itself has no meaning.
		unresolved = !ok || slices.Contains(conjoin(target).parts, s)
	}
	if len(s.opaque) == 0 && !unresolved {
		return true
	}
	if slices.ContainsFunc(old.parts, func(o *schema) bool { return c.alike(o, s) }) {
		return true
	}
	if !unresolved && s.reference != "" && s.document.draft <= draft7 && s.beside(old) {
		return true
	}
	if unresolved {
		return c.doubt(s, "$ref", "refers to %s, which the comparison does not follow", brief(s.reference))
	}
	return c.doubt(s, s.opaque[0], "may be narrower: the comparison does not support this")
}

// beside reports whether the old schema has the keywords next to a reference, too. Early
// drafts ignore these keywords, but some validators do not.
func (s *schema) beside(old conjunction) bool {
	object, _ := s.value.(map[string]any)
	for _, name := range s.opaque {
		if refers(object[name]) || !slices.ContainsFunc(old.parts, func(o *schema) bool {
			was, _ := o.value.(map[string]any)
			value, there := was[name]
			return there && o.document.draft == s.document.draft && o.reference != "" && canonical(value) == canonical(object[name])
		}) {
			return false
		}
	}
	return true
}

// alike reports whether two schemas have the same text, so that they certainly have the same
// meaning.
func (c *comparison) alike(a, b *schema) bool {
	return a.document.draft == b.document.draft && c.text(a) != "" && c.text(a) == c.text(b)
}

// text returns a digest of the canonical form of a schema. It is empty if the schema depends
// on its context, or if no steps are left.
func (c *comparison) text(s *schema) string {
	const bytesPerStep = 100
	if s.text == nil && c.spend(1) {
		written, text := canonical(s.value), ""
		if !refers(s.value) {
			sum := sha256.Sum256([]byte(written))
			text = string(sum[:])
		}
		s.text = &text
		c.spend(len(written) / bytesPerStep)
	}
	if s.text == nil {
		return ""
	}
	return *s.text
}

// spend takes steps, and reports whether any are left.
func (c *comparison) spend(steps int) bool {
	c.left -= steps
	return c.left >= 0
}

// refers reports whether a schema depends on its context.
func refers(value any) bool {
	switch value := value.(type) {
	case []any:
		return slices.ContainsFunc(value, refers)
	case map[string]any:
		for name, member := range value {
			if strings.HasSuffix(name, "$ref") || strings.HasSuffix(name, "Ref") || refers(member) {
				return true
			}
		}
	}
	return false
}
