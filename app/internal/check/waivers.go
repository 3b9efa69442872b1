package check

import (
	"strings"

	"github.com/openbroker/openbroker/conformance"
	"github.com/openbroker/openbroker/internal/spelling"
	"github.com/openbroker/openbroker/internal/tree"
)

// readWaivers reads the file of --waive, an array of objects with id, reason and until.
// Errors have the position.
func readWaivers(file string) ([]conformance.Waiver, error) {
	root, err := parseTree(file)
	if err != nil || root == nil {
		return nil, err
	}
	if !root.Is(tree.Array) {
		return nil, at(root.Place, "the file is %s, not an array of waivers with id, reason and until", root.Kind)
	}
	waivers := make([]conformance.Waiver, len(root.Elements))
	seen := map[string]bool{}
	for i, item := range root.Elements {
		if waivers[i], err = readWaiver(item); err != nil {
			return nil, err
		}
		if id := waivers[i].Check; seen[id] {
			return nil, at(item.Place, "%s has two waivers", id)
		}
		seen[waivers[i].Check] = true
	}
	return waivers, nil
}

func readWaiver(item *tree.Node) (w conformance.Waiver, err error) {
	if !item.Is(tree.Object) {
		return w, at(item.Place, "the waiver is %s, not an object with id, reason and until", item.Kind)
	}
	for i := range item.Repeated() {
		return w, at(item.Members[i].Place, "the waiver has %q twice", item.Members[i].Name)
	}
	members := map[string]*string{"id": &w.Check, "reason": &w.Reason, "until": &w.Until}
	for _, member := range item.Members {
		target, known := members[member.Name]
		if !known {
			return w, at(member.Place, "the waiver has the unknown member %q: use id, reason and until", member.Name)
		}
		if !member.Value.Is(tree.String) {
			return w, at(member.Value.Place, "the member %s of the waiver is %s, not a string", member.Name, member.Value.Kind)
		}
		*target = strings.TrimSpace(member.Value.Text)
	}
	w.Check = spelling.FullID(w.Check)
	if err := w.Validate(); err != nil {
		return w, at(item.Place, "%s", strings.ReplaceAll(err.Error(), "Checks lists", "openbroker check --list lists"))
	}
	return w, nil
}
