package durable

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// settled is for how long nothing must have changed about an instance for it to
// be judged: what is recorded and what exists do not change at one moment.
const settled = time.Minute

// Orphans are what is recorded but does not exist, and the reverse.
type Orphans struct {
	// Records are instances that are ready, but of which the provider knows
	// nothing.
	Records []InstanceView `json:"records"`
	// Resources are what the provider has, but no instance stands for.
	Resources []OrphanResource `json:"resources"`
}

// An OrphanResource is a resource without an instance.
type OrphanResource struct {
	// Name is the [Instance.ResourceName].
	Name string `json:"resource"`
	// Platform and InstanceID are those of the instance that it was made for, if
	// that was deleted and is still remembered.
	Platform   string `json:"platform,omitempty"`
	InstanceID string `json:"instance_id,omitempty"`
}

// Orphans compares what is recorded with what the provider has. It judges only
// instances with which nothing was done in the last minute, and looks twice
// before it calls something an orphan, so that it can be called while the broker
// works. The names of all resources are in memory meanwhile.
func (a *Admin) Orphans(ctx context.Context, provider Enumerator) (*Orphans, error) {
	first, err := a.compare(ctx, provider)
	if err != nil || len(first.records)+len(first.resources) == 0 {
		return &Orphans{}, err
	}
	second, err := a.compare(ctx, provider)
	if err != nil {
		return nil, err
	}
	orphans := &Orphans{}
	for key, record := range second.records {
		before, found := first.records[key]
		if !found || before.Revision != record.Revision {
			continue
		}
		snapshot, err := a.store.Load(ctx, key)
		if err != nil {
			return nil, err
		}
		if snapshot.Instance != nil && snapshot.Revision() == record.Revision && len(snapshot.Open) == 0 {
			orphans.Records = append(orphans.Records, a.instanceView(snapshot.Instance))
		}
	}
	for name, resource := range second.resources {
		if _, found := first.resources[name]; found {
			orphans.Resources = append(orphans.Resources, resource)
		}
	}
	slices.SortFunc(orphans.Records, func(a, b InstanceView) int {
		return cmp.Or(cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.InstanceID, b.InstanceID))
	})
	slices.SortFunc(orphans.Resources, func(a, b OrphanResource) int { return cmp.Compare(a.Name, b.Name) })
	return orphans, nil
}

// A comparison has what looks like an orphan, at one look.
type comparison struct {
	records   map[Key]InstanceRecord
	resources map[string]OrphanResource
}

func (a *Admin) compare(ctx context.Context, provider Enumerator) (*comparison, error) {
	c := &comparison{records: map[Key]InstanceRecord{}, resources: map[string]OrphanResource{}}
	clock, err := a.store.Load(ctx, Key{})
	if err != nil {
		return nil, err
	}
	before := clock.Now.Add(-settled)
	for name, err := range provider.Resources(ctx) {
		if err != nil {
			return nil, err
		}
		c.resources[name] = OrphanResource{Name: name}
	}
	exists := func(name string) bool { _, found := c.resources[name]; return found }
	known := map[string]bool{}
	for filter := (Filter{Limit: 1000}); ; {
		records, err := a.store.Instances(ctx, filter)
		if err != nil {
			return nil, err
		}
		for i := range records {
			record := &records[i]
			name := resourceName(record.Key.Platform, record.Key.InstanceID)
			switch old := record.UpdatedAt.Before(before); {
			case record.Status == Deleted && old:
				// It may have been made for the instance that was there before.
				if exists(name) {
					c.resources[name] = OrphanResource{Name: name, Platform: record.Key.Platform, InstanceID: record.Key.InstanceID}
				}
			case exists(name):
				known[name] = true
			case record.Status == Ready && old:
				record.Data = nil
				c.records[record.Key] = *record
			}
		}
		if len(records) == 0 {
			break
		}
		filter.After = records[len(records)-1].Key
	}
	for name := range known {
		delete(c.resources, name)
	}
	return c, nil
}
