package catalog

import (
	"encoding/json"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/internal/tree"
)

// Catalog returns what a broker serves. Fields that the specification and its
// profile define must have the right type; one that is null is left out, as
// the specification knows no null. All other fields are kept as extensions,
// their numbers and strings as they are written. The error is [Errors].
//
// Whether the catalog is any good is for [Lint], and for Catalog.Validate.
func (s *Source) Catalog() (*openbroker.Catalog, error) {
	var problems Errors
	for i := range rules {
		if rules[i].decoding {
			problems = append(problems, s.check(&rules[i], nil)...)
		}
	}
	if len(problems) > 0 {
		return nil, s.finish(problems).err()
	}
	c := &openbroker.Catalog{}
	if err := json.Unmarshal(withoutNull(s.root, catalogShape).JSON(), c); err != nil {
		// The rules let through what cannot be decoded.
		return nil, s.finish(Errors{ruleByID("type-object").finding(root(s.root), "the catalog cannot be decoded: %v", err)}).err()
	}
	return c, nil
}

// withoutNull returns the object without the known fields that are null.
func withoutNull(node *tree.Node, s *shape) *tree.Node {
	if s == nil || node.Kind != tree.Object {
		return node
	}
	kept := *node
	kept.Members = make([]tree.Member, 0, len(node.Members))
	for _, member := range node.Members {
		known := s.field(member.Name)
		if known == nil {
			kept.Members = append(kept.Members, member)
			continue
		}
		switch {
		case member.Value.Kind == tree.Null:
			continue
		case known.shape != nil && member.Value.Kind == tree.Array:
			list := *member.Value
			list.Elements = make([]*tree.Node, len(member.Value.Elements))
			for i, element := range member.Value.Elements {
				list.Elements[i] = withoutNull(element, known.shape)
			}
			member.Value = &list
		default:
			member.Value = withoutNull(member.Value, known.shape)
		}
		kept.Members = append(kept.Members, member)
	}
	return &kept
}
