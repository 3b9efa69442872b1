package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/internal/jsonpointer"
	"github.com/openbroker/openbroker/internal/tree"
)

// parsePointer returns the tokens of a JSON pointer.
func parsePointer(pointer string) ([]string, error) {
	if pointer == "" {
		return nil, nil
	}
	if !strings.HasPrefix(pointer, "/") {
		return nil, fmt.Errorf("%q is no JSON pointer: write the names that lead to the catalog, each behind a slash, such as /broker/catalog", pointer)
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
		next := step(node, token)
		if next == nil {
			return nil, fmt.Errorf("has no %s/%s%s", reached, printable(jsonpointer.Escape(token)), whatIs(node, reached))
		}
		node, reached = next, reached+"/"+printable(jsonpointer.Escape(token))
	}
	return node, nil
}

// whatIs says what is at a place instead of what was looked for.
func whatIs(node *tree.Node, at string) string {
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
			names = append(names, printable(member.Name))
		}
		return fmt.Sprintf(": %s has %s", at, strings.Join(names, ", "))
	case tree.Array:
		return fmt.Sprintf(": %s is an array of %d", at, len(node.Elements))
	default:
		return fmt.Sprintf(": %s is %s", at, node.Kind)
	}
}

// isServiceList reports whether a value is a list of services: of objects, of which one
// has plans. Plans have none.
func isServiceList(node *tree.Node) bool {
	return node.Kind == tree.Array && slices.ContainsFunc(node.Elements, hasPlans) &&
		!slices.ContainsFunc(node.Elements, func(element *tree.Node) bool { return element.Kind != tree.Object })
}

func hasPlans(node *tree.Node) bool { return node.Member("plans").Is(tree.Array) }

// catalogOf returns a catalog with the services of a list.
func catalogOf(services *tree.Node) *tree.Node {
	return &tree.Node{Kind: tree.Object, Place: services.Place, Members: []tree.Member{{Place: services.Place, Name: "services", Value: services}}}
}

// maxElsewhere is how many places are named at which there are services.
const maxElsewhere = 5

// servicesIn returns the places of catalogs, lists of services and services in a value,
// the first ones.
func servicesIn(at *place) []*place {
	var found []*place
	var search func(at *place)
	search = func(at *place) {
		if len(found) == maxElsewhere {
			return
		}
		services := at.node.Member("services")
		if services != nil && isServiceList(services) || isServiceList(at.node) || hasPlans(at.node) && isService(at.node) {
			found = append(found, at)
			return
		}
		for member := range at.members() {
			search(member)
		}
		for i := range at.node.Elements {
			element := at.element(i)
			search(&element)
		}
	}
	search(at)
	return found
}

// elsewhere are the places below the catalog where services are, if it has none
// itself and is of files.
func (c *checked) elsewhere() []*place {
	if c.node == nil || c.served || c.member("services").given() {
		return nil
	}
	return servicesIn(&place{node: c.node, at: c.at})
}

// checkElsewhere reports where services are that are not at the top of the file.
func checkElsewhere(c *checked, report report) {
	found := c.elsewhere()
	if len(found) == 0 {
		return
	}
	others := ""
	if len(found) > 1 {
		pointers := make([]string, len(found)-1)
		for i, at := range found[1:] {
			pointers[i] = at.pointer() + " (line " + strconv.Itoa(at.at.Line) + ")"
		}
		others = "; others are at " + strings.Join(pointers, ", ")
	}
	report(found[0], "services are here, at %s, and not at the top of the file%s", found[0].pointer(), others)
}
