package durable

import (
	"encoding/json"
	"maps"
	"slices"
)

// A Description is what operators may see of the sealed data of an instance or a
// binding. It has the names of parameters, not their values, and no credentials.
type Description struct {
	// Parameters are the names of the parameters at the top level, sorted.
	Parameters []string
	// Labels are those of the metadata that platforms see. Bindings have none.
	Labels map[string]any
	// Organization and Space are the ids that Cloud Foundry has sent, or empty.
	Organization, Space string
	// MaintenanceVersion is the version of the instance, or empty.
	MaintenanceVersion string
	// Provider is the name of the provider that made the instance, or empty.
	Provider string
	// App is the application of a binding, or empty. Predecessor is the binding that it
	// replaces, or empty.
	App, Predecessor string
}

// DescribeInstance describes an instance. It returns an error if the data cannot be
// opened.
func (l *Lifecycle) DescribeInstance(r *InstanceRecord) (Description, error) {
	d, err := l.rules.openInstance(r)
	if err != nil {
		return Description{}, err
	}
	described := Description{
		Parameters: names(d.Parameters), Organization: d.OrganizationGUID, Space: d.SpaceGUID, Provider: d.Provider,
	}
	if d.Metadata != nil {
		described.Labels = d.Metadata.Labels
	}
	if d.MaintenanceInfo != nil {
		described.MaintenanceVersion = d.MaintenanceInfo.Version
	}
	return described, nil
}

// DescribeBinding is DescribeInstance for a binding.
func (l *Lifecycle) DescribeBinding(r *BindingRecord) (Description, error) {
	d, err := l.rules.openBinding(r)
	if err != nil {
		return Description{}, err
	}
	return Description{Parameters: names(d.Parameters), App: d.AppGUID, Predecessor: d.PredecessorID}, nil
}

// names returns the names of an object's members, sorted.
func names(o object) []string {
	var members map[string]json.RawMessage
	if json.Unmarshal(o, &members) != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(members))
}
