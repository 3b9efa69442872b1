package tree

import "go.yaml.in/yaml/v4"

const (
	noAnchor  = "has an alias whose anchor is not defined above it: write &NAME in front of the value to repeat, or put quotes around a text that begins with *"
	ownAlias  = "has an alias of a value that contains it: remove the alias"
	noMapping = "is merged by <<, but is not a mapping: merge an alias of a mapping, or a list of such aliases"
)

// An expansion is the state of replacing the aliases of a document by their values. Each
// use is a copy with the places of the original. Each copy counts, so that the limits
// apply to the expanded document.
type expansion struct {
	// open has the values with an anchor that are being read.
	open map[*yaml.Node]bool
	// depth is the number of nested aliases that lead to the current value. outermost is
	// the place of the first of them. text is the number of bytes of all expansions up to
	// now.
	depth     int
	outermost Place
	text      int
	// reported has the faults so far: a value that is used many times has one fault.
	reported map[Error]bool
}

// expand calls read with the target of an alias.
func (r *yamlReader) expand(alias *yaml.Node, read func(target *yaml.Node) *Error) *Error {
	if r.depth == 0 {
		r.outermost = r.placeOf(alias)
	}
	r.depth++
	defer func() { r.depth-- }()
	return read(alias.Alias)
}

// count counts a value, and its text if it is expanded.
func (r *yamlReader) count(from *yaml.Node) *Error {
	r.values++
	if r.depth > 0 {
		r.text += len(from.Value)
	}
	switch {
	case r.values > maxValues:
		return tooMany(r.cause(from))
	case r.text > MaxSize:
		return &Error{r.cause(from), "has more than 32 MiB of text once its aliases are expanded"}
	}
	return nil
}

// cause returns the place of a value beyond a limit: the place of the outermost alias that
// leads to it, or its own.
func (r *yamlReader) cause(from *yaml.Node) Place {
	if r.depth > 0 {
		return r.outermost
	}
	return r.placeOf(from)
}

// isMerge reports whether a key merges the members of other mappings
// (yaml.org/type/merge.html).
func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Tag == "!!merge" && key.Style&yaml.TaggedStyle == 0
}

// namesIn returns the own names of a mapping that merges others, and nil for any other
// mapping.
func namesIn(from *yaml.Node) map[string]bool {
	merges := false
	for i := 0; i < len(from.Content); i += 2 {
		merges = merges || isMerge(from.Content[i])
	}
	if !merges {
		return nil
	}
	names := map[string]bool{}
	for i := 0; i < len(from.Content); i += 2 {
		if !isMerge(from.Content[i]) {
			names[nameOf(from.Content[i]).Value] = true
		}
	}
	return names
}

// nameOf returns a key, or the target of its alias.
func nameOf(key *yaml.Node) *yaml.Node {
	if key.Kind == yaml.AliasNode {
		return key.Alias
	}
	return key
}

// merge adds the members of a mapping, or of each mapping in a list, to the node. It skips
// names that are taken; earlier mappings have precedence.
func (r *yamlReader) merge(node *Node, from *yaml.Node, taken map[string]bool, depth int) *Error {
	if r.open[from] {
		r.fault(r.outermost, ownAlias)
		return nil
	}
	switch from.Kind {
	case yaml.AliasNode:
		return r.expand(from, func(target *yaml.Node) *Error { return r.merge(node, target, taken, depth) })
	case yaml.SequenceNode:
		return r.mergeAll(node, from, taken, depth)
	case yaml.MappingNode:
	default:
		r.fault(r.placeOf(from), noMapping)
		return nil
	}
	merged, err := r.value(from, depth)
	if err != nil {
		return err
	}
	for i := range merged.Members {
		if member := merged.Members[i]; !taken[member.Name] {
			taken[member.Name] = true
			node.Members = append(node.Members, member)
		}
	}
	return nil
}

// mergeAll merges each mapping in a list.
func (r *yamlReader) mergeAll(node *Node, list *yaml.Node, taken map[string]bool, depth int) *Error {
	if depth > maxDepth {
		return tooDeep(r.cause(list))
	}
	if list.Anchor != "" {
		r.open[list] = true
		defer delete(r.open, list)
	}
	for _, element := range list.Content {
		if err := r.count(element); err != nil {
			return err
		}
		if err := r.merge(node, element, taken, depth+1); err != nil {
			return err
		}
	}
	return nil
}
