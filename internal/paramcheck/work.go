package paramcheck

import (
	"fmt"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// maxWork bounds the steps of one validation. A step, such as applying a schema to a value,
// takes less than a microsecond. Ordinary parameters take a few hundred steps.
const maxWork = 200_000

// unbounded represents any number of steps above maxWork.
const unbounded = 1 << 30

// facts describe the cost of a part of a schema.
type facts struct {
	// weight is the number of steps to apply the part itself to a value of mass 1. size is
	// the number of instructions that it matches against text.
	weight, size int
	// The flat costs include the parts that apply to the same value. The full costs also
	// include the parts below; they are unbounded if the part is below itself.
	flatWeight, flatSize, fullWeight, fullSize int
	// inPlace has the parts that apply to the same value. below has the parts that apply to
	// its members and elements.
	inPlace, below []*jsonschema.Schema
	// chain is the length of the longest chain of parts that apply to the same value. active
	// marks a part whose cost is being computed.
	chain   int
	active  bool
	unique  bool
	dynamic []*jsonschema.Schema
}

// analyse computes the cost of validation, and refuses a schema whose validation may not end.
func (s *Schema) analyse(document map[string]any) error {
	collectNames(document, s.names)
	s.visit(s.root)
	for part, f := range s.facts {
		if part.DynamicRef != nil || part.RecursiveRef != nil {
			f.dynamic = s.dynamicTargets(part)
		}
	}
	for _, location := range slices.Sorted(maps.Keys(s.parts)) {
		if err := s.checkChain(s.parts[location]); err != nil {
			return err
		}
	}
	s.totalCost(s.root)
	return nil
}

// visit computes the facts of a part and of all parts that it refers to.
func (s *Schema) visit(part *jsonschema.Schema) {
	if s.facts[part] != nil {
		return
	}
	f := &facts{weight: weightOf(part), size: sizeOf(part)}
	f.inPlace, f.below = inPlace(part), below(part)
	s.facts[part], s.parts[part.Location] = f, part
	if part.UniqueItems {
		// The library takes quadratic time for crafted values whose hashes collide.
		f.unique = true
		part.UniqueItems = false
		part.Extensions = append(part.Extensions, uniqueItems{})
	}
	for _, next := range f.inPlace {
		s.visit(next)
	}
	for _, next := range f.below {
		s.visit(next)
	}
	if names := propertyNames(part); names != nil {
		s.visit(names)
	}
}

// dynamicTargets returns the possible targets of a dynamic reference. checkDynamic allows
// such references only in the schemas of the drafts.
func (s *Schema) dynamicTargets(part *jsonschema.Schema) []*jsonschema.Schema {
	var targets []*jsonschema.Schema
	for other := range s.facts {
		if d := part.DynamicRef; d != nil && d.Anchor != "" && other.DynamicAnchor == d.Anchor ||
			part.RecursiveRef != nil && other.RecursiveAnchor {
			targets = append(targets, other)
		}
	}
	return targets
}

// checkChain refuses a part whose chain of parts for the same value is endless or too long.
func (s *Schema) checkChain(part *jsonschema.Schema) error {
	f := s.facts[part]
	switch {
	case f.active:
		return fmt.Errorf("%s refers to itself without going into a property or an item: validation would not end", pointerOf(part.Location))
	case f.chain > 0:
		return nil
	}
	f.active, f.chain = true, 1
	f.flatWeight, f.flatSize = f.weight, f.size
	for _, next := range f.inPlace {
		if err := s.checkChain(next); err != nil {
			return err
		}
		n := s.facts[next]
		f.chain = max(f.chain, 1+n.chain)
		f.flatWeight, f.flatSize = min(f.flatWeight+n.flatWeight, unbounded), min(f.flatSize+n.flatSize, unbounded)
	}
	f.active = false
	switch {
	case f.chain > maxChain:
		return fmt.Errorf("%s: a chain of more than %d schemas applies to one value", pointerOf(part.Location), maxChain)
	case f.flatWeight > maxWork:
		return fmt.Errorf("%s: validating a single value takes more than %d steps, since references multiply", pointerOf(part.Location), maxWork)
	}
	return nil
}

// totalCost returns the cost of a part including all parts below it.
func (s *Schema) totalCost(part *jsonschema.Schema) (weight, size int) {
	f := s.facts[part]
	if f.active {
		return unbounded, unbounded
	}
	if f.fullWeight > 0 {
		return f.fullWeight, f.fullSize
	}
	f.active = true
	weight, size = f.weight, f.size
	if names := propertyNames(part); names != nil {
		weight, size = weight+s.facts[names].flatWeight, size+s.facts[names].flatSize
	}
	if len(f.dynamic) > 0 {
		weight, size = unbounded, unbounded
	}
	for _, next := range slices.Concat(f.inPlace, f.below) {
		w, z := s.totalCost(next)
		weight, size = min(weight+w, unbounded), min(size+z, unbounded)
	}
	f.active = false
	f.fullWeight, f.fullSize = weight, size
	return weight, size
}

// affordable reports whether validating the value stays within maxWork. For most schemas,
// the total cost proves that; only the others need a walk.
func (s *Schema) affordable(value any, total extent) bool {
	root := s.facts[s.root]
	if work(root.fullWeight, root.fullSize, total) <= maxWork {
		return true
	}
	w := &walk{facts: s.facts, memo: map[visit]int{}}
	return w.cost(s.root, newNode(value)) <= maxWork
}

// work returns the steps of a part with this weight and size for values of this extent.
func work(weight, size int, e extent) int {
	return min(weight*e.mass+size*e.bytes/unit, unbounded)
}

// weightOf returns the weight of a part without other parts.
func weightOf(s *jsonschema.Schema) int {
	weight := 1 + len(s.Required) + len(s.Dependencies) + len(s.DependentSchemas) + len(s.PatternProperties)
	for _, names := range s.DependentRequired {
		weight += 1 + len(names)
	}
	values := extent{}
	if s.Enum != nil {
		_ = measure(s.Enum.Values, &values) // The whole schema has passed measure before.
	}
	if s.Const != nil {
		_ = measure(*s.Const, &values)
	}
	weight += values.mass
	if s.DynamicRef != nil || s.RecursiveRef != nil {
		weight += 20 // The library looks for the target among all parts on the path.
	}
	if s.Format != nil && s.Format.Name == "regex" {
		weight += maxPatternSize / 10 // The library compiles a pattern.
	}
	return min(weight, unbounded)
}

// sizeOf returns the size of a part without other parts: that of its patterns, and constants
// for counting characters and for formats.
func sizeOf(s *jsonschema.Schema) int {
	size := 0
	add := func(re jsonschema.Regexp) {
		if p, ok := re.(*pattern); ok {
			size = min(size+p.size, unbounded)
		}
	}
	if s.Pattern != nil {
		add(s.Pattern)
	}
	for re := range s.PatternProperties {
		add(re)
	}
	if s.MinLength != nil || s.MaxLength != nil {
		size++
	}
	if s.Format != nil {
		size += 8
	}
	if s.UniqueItems {
		size++
	}
	return size
}

// isReference reports whether a part is only a reference. Before 2019-09, keywords next to
// $ref are ignored, although the library may have compiled them.
func isReference(s *jsonschema.Schema) bool { return s.Ref != nil && s.DraftVersion < 2019 }

// inPlace returns the parts that apply to the same value.
func inPlace(s *jsonschema.Schema) []*jsonschema.Schema {
	if isReference(s) {
		return []*jsonschema.Schema{s.Ref}
	}
	parts := slices.Concat(s.AllOf, s.AnyOf, s.OneOf, []*jsonschema.Schema{s.Ref, s.RecursiveRef, s.Not, s.If, s.Then, s.Else},
		slices.Collect(maps.Values(s.DependentSchemas)))
	if s.DynamicRef != nil {
		parts = append(parts, s.DynamicRef.Ref)
	}
	for _, dependency := range s.Dependencies {
		if part, ok := dependency.(*jsonschema.Schema); ok {
			parts = append(parts, part)
		}
	}
	return present(parts)
}

// below returns the parts that apply to members and elements of the value.
func below(s *jsonschema.Schema) []*jsonschema.Schema {
	if isReference(s) {
		return nil
	}
	parts := slices.Concat(slices.Collect(maps.Values(s.Properties)), slices.Collect(maps.Values(s.PatternProperties)), s.PrefixItems,
		[]*jsonschema.Schema{s.UnevaluatedProperties, s.Contains, s.Items2020, s.UnevaluatedItems})
	for _, more := range []any{s.AdditionalProperties, s.Items, s.AdditionalItems} {
		switch more := more.(type) {
		case *jsonschema.Schema:
			parts = append(parts, more)
		case []*jsonschema.Schema:
			parts = append(parts, more...)
		}
	}
	return present(parts)
}

// propertyNames returns the part that applies to the names of an object, or nil.
func propertyNames(s *jsonschema.Schema) *jsonschema.Schema {
	if isReference(s) {
		return nil
	}
	return s.PropertyNames
}

func present(parts []*jsonschema.Schema) []*jsonschema.Schema {
	return slices.DeleteFunc(parts, func(s *jsonschema.Schema) bool { return s == nil })
}
