package paramcheck

import (
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A walk estimates the steps of a validation. Validation applies a part of the schema to a
// value once for each path that leads there. The walk visits each pair of a part and a
// value only once.
type walk struct {
	facts map[*jsonschema.Schema]*facts
	memo  map[visit]int
}

// A visit is a part of the schema that applies to a value.
type visit struct {
	part *jsonschema.Schema
	node *node
}

// A node is a value with the members or elements that the walk has reached.
type node struct {
	extent

	value    any
	members  map[string]*node
	elements []*node
}

func newNode(value any) *node { return &node{extent: extentOf(value), value: value} }

// cost returns the work of applying a part to a value. It stops adding at maxWork.
func (w *walk) cost(part *jsonschema.Schema, n *node) int {
	f := w.facts[part]
	switch n.value.(type) {
	case map[string]any, []any:
	default:
		return work(f.flatWeight, f.flatSize, n.extent)
	}
	key := visit{part, n}
	if known, ok := w.memo[key]; ok {
		return known
	}
	w.memo[key] = 0 // Stop at a dynamic reference back to this pair.
	sum := work(f.weight, f.size, n.extent)
	if len(w.memo) > maxWork || sum > maxWork {
		return unbounded
	}
	add := func(part *jsonschema.Schema, n *node) {
		if sum <= maxWork {
			sum += w.cost(part, n)
		}
	}
	for _, next := range f.inPlace {
		add(next, n)
	}
	if isReference(part) {
		w.memo[key] = min(sum, unbounded)
		return w.memo[key]
	}
	most := 0
	for _, next := range f.dynamic {
		most = max(most, w.cost(next, n))
	}
	sum += most
	switch n.value.(type) {
	case map[string]any:
		if names := part.PropertyNames; names != nil {
			sum += work(w.facts[names].flatWeight, w.facts[names].flatSize, n.extent)
		}
		w.object(part, n, add)
	case []any:
		if f.unique {
			var all extent
			_ = measure(n.value, &all) // The whole value has passed measure before.
			sum += work(1, 1, all)
		}
		w.array(part, n, add)
	}
	w.memo[key] = min(sum, unbounded)
	return w.memo[key]
}

// object adds the cost of the members of an object.
func (w *walk) object(part *jsonschema.Schema, n *node, add func(*jsonschema.Schema, *node)) {
	additional, _ := part.AdditionalProperties.(*jsonschema.Schema)
	if additional == nil && len(part.Properties) == 0 && len(part.PatternProperties) == 0 && part.UnevaluatedProperties == nil {
		return
	}
	for name, member := range n.open().members {
		known := false
		if p := part.Properties[name]; p != nil {
			known = true
			add(p, member)
		}
		for re, p := range part.PatternProperties {
			if re.MatchString(name) {
				known = true
				add(p, member)
			}
		}
		if !known && additional != nil {
			add(additional, member)
		}
		if part.UnevaluatedProperties != nil {
			add(part.UnevaluatedProperties, member)
		}
	}
}

// array adds the cost of the elements of an array.
func (w *walk) array(part *jsonschema.Schema, n *node, add func(*jsonschema.Schema, *node)) {
	first := part.PrefixItems
	rest := part.Items2020
	switch items := part.Items.(type) {
	case *jsonschema.Schema:
		rest = items
	case []*jsonschema.Schema:
		first = items
		rest, _ = part.AdditionalItems.(*jsonschema.Schema)
	}
	if len(first) == 0 && rest == nil && part.Contains == nil && part.UnevaluatedItems == nil {
		return
	}
	for i, element := range n.open().elements {
		if i < len(first) {
			add(first[i], element)
		} else if rest != nil {
			add(rest, element)
		}
		if part.Contains != nil {
			add(part.Contains, element)
		}
		if part.UnevaluatedItems != nil {
			add(part.UnevaluatedItems, element)
		}
	}
}

// open makes the nodes of the members or elements.
func (n *node) open() *node {
	switch value := n.value.(type) {
	case map[string]any:
		if n.members == nil {
			n.members = make(map[string]*node, len(value))
			for name, member := range value {
				n.members[name] = newNode(member)
			}
		}
	case []any:
		if n.elements == nil {
			n.elements = make([]*node, len(value))
			for i, element := range value {
				n.elements[i] = newNode(element)
			}
		}
	}
	return n
}
