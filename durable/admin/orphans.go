package admin

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// settled is the minimum age of the last change before an instance is compared: its
// record and its resource do not change at the same moment.
const settled = time.Minute

// Orphans are records without a resource, and resources without a record.
type Orphans struct {
	// Records are ready instances whose resource is missing.
	Records []Instance `json:"records"`
	// Resources are resources of the provider without an instance.
	Resources []OrphanResource `json:"resources"`
}

// An OrphanResource is a resource without an instance.
type OrphanResource struct {
	// Name is the [durable.Instance.ResourceName].
	Name string `json:"resource"`
	// Platform and InstanceID identify the deleted instance that the resource belonged
	// to, if the store still has its record.
	Platform   string `json:"platform,omitempty"`
	InstanceID string `json:"instance_id,omitempty"`
}

// Orphans compares the records with the resources that the provider has. It skips
// instances that changed within the last minute, and reports only orphans that it
// finds twice, so the broker can keep running. It keeps the names of all resources
// in memory.
func (a *Admin) Orphans(ctx context.Context, provider durable.ResourceLister) (*Orphans, error) {
	return a.orphans(ctx, provider, nil)
}

// OrphansOf is Orphans for one of several providers. mine reports whether it made an
// instance, of which only the ids, the service and the name of the provider are set. An
// instance of another provider is not missing here. The configuration needs a Sealer,
// because records have the name of the provider encrypted.
func (a *Admin) OrphansOf(ctx context.Context, provider durable.ResourceLister, mine func(durable.Instance) (bool, error)) (*Orphans, error) {
	return a.orphans(ctx, provider, mine)
}

// orphans is OrphansOf; without mine, all instances are those of the provider.
func (a *Admin) orphans(ctx context.Context, provider durable.ResourceLister, mine func(durable.Instance) (bool, error)) (*Orphans, error) {
	first, err := a.compare(ctx, provider, mine)
	if err != nil || len(first.records)+len(first.resources) == 0 {
		return &Orphans{}, err
	}
	second, err := a.compare(ctx, provider, mine)
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
			orphans.Records = append(orphans.Records, a.instance(snapshot.Instance))
		}
	}
	for name, resource := range second.resources {
		if _, found := first.resources[name]; found {
			orphans.Resources = append(orphans.Resources, resource)
		}
	}
	slices.SortFunc(orphans.Records, func(a, b Instance) int {
		return cmp.Or(cmp.Compare(a.Platform, b.Platform), cmp.Compare(a.InstanceID, b.InstanceID))
	})
	slices.SortFunc(orphans.Resources, func(a, b OrphanResource) int { return cmp.Compare(a.Name, b.Name) })
	return orphans, nil
}

// A comparison has the candidates that one pass finds.
type comparison struct {
	records   map[durable.Key]durable.InstanceRecord
	resources map[string]OrphanResource
}

func (a *Admin) compare(ctx context.Context, provider durable.ResourceLister, mine func(durable.Instance) (bool, error)) (*comparison, error) {
	c := &comparison{records: map[durable.Key]durable.InstanceRecord{}, resources: map[string]OrphanResource{}}
	clock, err := a.store.Load(ctx, durable.Key{})
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
	for filter := (durable.Filter{Limit: 1000}); ; {
		records, err := a.store.Instances(ctx, filter)
		if err != nil {
			return nil, err
		}
		for i := range records {
			record := &records[i]
			name := durable.Instance{Platform: record.Key.Platform, ID: record.Key.InstanceID}.ResourceName()
			switch old := record.UpdatedAt.Before(before); {
			case record.Status == durable.StatusDeleted && old:
				// The resource may belong to the deleted instance.
				if exists(name) {
					c.resources[name] = OrphanResource{Name: name, Platform: record.Key.Platform, InstanceID: record.Key.InstanceID}
				}
			case exists(name):
				known[name] = true
			case record.Status == durable.StatusReady && old:
				ours, err := a.owns(record, mine)
				if err != nil {
					return nil, err
				}
				if ours {
					record.Data = nil
					c.records[record.Key] = *record
				}
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

func (a *Admin) owns(record *durable.InstanceRecord, mine func(durable.Instance) (bool, error)) (bool, error) {
	if mine == nil {
		return true, nil
	}
	name, err := a.lifecycle.ProviderOf(record)
	if err != nil {
		return false, err
	}
	return mine(durable.Instance{
		Platform: record.Key.Platform, ID: record.Key.InstanceID, ServiceID: record.ServiceID, PlanID: record.PlanID,
		Service: a.catalog.Service(record.ServiceID), Provider: name,
	})
}
