package planvalues

import (
	"maps"
	"slices"
)

// The roots of the data.
const (
	Parameters  = "parameters"
	Context     = "context"
	Instance    = "instance"
	Service     = "service"
	PlanRoot    = "plan"
	Binding     = "binding"
	Credentials = "credentials"
)

// Data are the values for templates, by root. They are decoded JSON, with numbers as
// [encoding/json.Number].
type Data map[string]any

// With returns a copy of the data with another root.
func (d Data) With(root string, value any) Data {
	all := make(Data, len(d)+1)
	maps.Copy(all, d)
	all[root] = value
	return all
}

// A scope has the data that templates of a field can use: the roots, and the fields of
// those that have fixed ones.
type scope struct{ roots map[string][]string }

func newScope(more ...string) *scope {
	named := []string{"id", "name"}
	all := map[string][]string{
		Parameters: nil, Context: nil, Service: named, PlanRoot: named,
		Instance: {"id", "resource_name", "platform", "organization_guid", "space_guid"},
	}
	for _, root := range more {
		all[root] = nil
		if root == Binding {
			all[root] = []string{"id", "resource_name", "app_guid", Parameters}
		}
	}
	return &scope{all}
}

func (s *scope) names() []string { return slices.Sorted(maps.Keys(s.roots)) }
