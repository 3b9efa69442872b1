package source

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/jsonpointer"
	"github.com/openbroker/openbroker/internal/tree"
)

// parsePointer returns the tokens of a JSON pointer.
func parsePointer(pointer string) ([]string, error) {
	if pointer == "" {
		return nil, nil
	}
	if !strings.HasPrefix(pointer, "/") {
		return nil, fmt.Errorf("%q is not a JSON pointer: write the names that lead to the catalog, each after a slash, such as /broker/catalog", pointer)
	}
	tokens := strings.Split(pointer[1:], "/")
	for i := range tokens {
		tokens[i] = jsonpointer.Unescape(tokens[i])
	}
	return tokens, nil
}

// follow returns the value that a JSON pointer leads to.
func follow(node *tree.Node, tokens []string) (*tree.Node, error) {
	reached := ""
	for _, token := range tokens {
		next := Step(node, token)
		if next == nil {
			return nil, fmt.Errorf("has no %s/%s%s", reached, excerpt.Brief(jsonpointer.Escape(token)), describeContent(node, reached))
		}
		node, reached = next, reached+"/"+excerpt.Brief(jsonpointer.Escape(token))
	}
	return node, nil
}

// describeContent describes a value that lacks a token of the pointer.
func describeContent(node *tree.Node, at string) string {
	const most = 10
	if at == "" {
		at = "the file"
	}
	switch node.Kind {
	case tree.Object:
		var names []string
		for member := range node.Unique() {
			if len(names) == most {
				names = append(names, "and more")
				break
			}
			names = append(names, excerpt.Brief(member.Name))
		}
		return fmt.Sprintf(": %s has %s", at, strings.Join(names, ", "))
	case tree.Array:
		return fmt.Sprintf(": %s is an array of %d", at, len(node.Elements))
	default:
		return fmt.Sprintf(": %s is %s", at, node.Kind)
	}
}

// isServiceList reports whether a value is a list of services: objects, one of which has
// plans. A list of plans is not one: its elements have no plans.
func isServiceList(node *tree.Node) bool {
	return node.Kind == tree.Array && slices.ContainsFunc(node.Elements, hasPlans) &&
		!slices.ContainsFunc(node.Elements, func(element *tree.Node) bool { return element.Kind != tree.Object })
}

func hasPlans(node *tree.Node) bool { return node.Member("plans").Is(tree.Array) }

// catalogOf returns a catalog with a list of services.
func catalogOf(services *tree.Node) *tree.Node {
	return &tree.Node{Kind: tree.Object, Place: services.Place, Members: []tree.Member{{Place: services.Place, Name: "services", Value: services}}}
}

// maxElsewhere bounds the places that a message names.
const maxElsewhere = 5

// servicesIn returns the first places of catalogs, lists of services and services in a
// value.
func servicesIn(at *Place) []*Place {
	var found []*Place
	var search func(at *Place)
	search = func(at *Place) {
		if len(found) == maxElsewhere {
			return
		}
		services := at.Node.Member("services")
		if services != nil && isServiceList(services) || isServiceList(at.Node) || hasPlans(at.Node) && isService(at.Node) {
			found = append(found, at)
			return
		}
		for member := range at.Members() {
			search(member)
		}
		for i := range at.Node.Elements {
			element := at.Element(i)
			search(&element)
		}
	}
	search(at)
	return found
}

// Step follows one token of a JSON pointer. It returns nil if the token has no target.
func Step(node *tree.Node, token string) *tree.Node {
	if node.Is(tree.Array) {
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(node.Elements) {
			return node.Elements[i]
		}
		return nil
	}
	return node.Member(token)
}
