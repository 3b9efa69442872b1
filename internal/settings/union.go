package settings

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/internal/spelling"
	"github.com/openbroker/openbroker/internal/tree"
)

// Union decodes a mapping with one member, whose name selects what its value is: choose
// returns a pointer to that. Union returns the name, or an empty one for an empty mapping
// and after a problem. Members of the value have their defaults.
func (d *Decoder) Union(node *tree.Node, member *tree.Member, f Field, names []string, choose func(name string) any) string {
	at := placeOf(node, member, f.pointer)
	found := ""
	d.mapping(node, f, func(format string, args ...any) {
		d.conceal(node)
		d.Problems.Add(at, f.Path, format, args...)
	}, func(member *tree.Member) {
		child := f.Child(member.Name)
		var target any
		for _, name := range names {
			if name == member.Name {
				target = choose(name)
			}
		}
		switch {
		case target == nil:
			d.conceal(member.Value)
			near := ""
			if name := spelling.Nearest(member.Name, names); name != "" {
				near = "did you mean " + strconv.Quote(name) + "? "
			}
			d.Problems.Add(placeOfName(member, child.pointer), "", "%q is unknown: %s%s can have %s", member.Name, near, f.Path, strings.Join(names, ", "))
		case found != "":
			d.conceal(member.Value)
			d.Problems.Add(placeOfName(member, child.pointer), f.Path, "has %s already: only one of %s is possible", found, strings.Join(names, ", "))
		default:
			found = member.Name
			inner := *d
			inner.Defaults = true
			inner.Value(member.Value, member, reflect.ValueOf(target).Elem(), child)
		}
	})
	return found
}
