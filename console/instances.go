package console

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

// statuses are the statuses of instances that a list can be limited to.
var statuses = []string{
	string(durable.StatusReady), string(durable.StatusCreating), string(durable.StatusUpdating),
	string(durable.StatusDeleting), string(durable.StatusCreateFailed), string(durable.StatusDeleted),
}

// An instancesPage is a page of the list of instances.
type instancesPage struct {
	Now                    time.Time
	Status, Plan, Platform string
	Statuses               []string
	Services               []openbroker.Service
	Instances              part[[]admin.Instance]
	Next, First            string
	Filtered               bool
}

func (c *Console) instances(w http.ResponseWriter, r *http.Request) {
	ctx, q := r.Context(), r.URL.Query()
	status, known := choice(q, "status", statuses...)
	if !known {
		c.fail(w, r, http.StatusBadRequest, "The status in the address is unknown.")
		return
	}
	a, err := c.config.Admin(ctx)
	if err != nil {
		c.failFor(w, r, err)
		return
	}
	v := instancesPage{Status: status, Statuses: statuses, Plan: q.Get("plan"), Platform: q.Get("platform")}
	f := durable.Filter{
		Status: durable.RecordStatus(v.Status), PlanID: v.Plan, Platform: v.Platform, Limit: pageSize,
		After: durable.Key{Platform: q.Get("after_platform"), InstanceID: q.Get("after")},
	}
	if catalog, _, err := c.config.Catalog(ctx); err == nil {
		v.Services = catalog.Services
		f.ServiceID = serviceOf(catalog, v.Plan)
	}
	v.Now, v.Instances = time.Now(), show(ctx, c, func(ctx context.Context) ([]admin.Instance, error) { return a.Instances(ctx, f) })
	kept := keep(q, "status", "plan", "platform")
	v.Filtered = len(kept) > 0
	if f.After != (durable.Key{}) {
		v.First = "/instances?" + kept.Encode()
	}
	if n := len(v.Instances.Value); n == pageSize {
		last := v.Instances.Value[n-1].Key
		kept.Set("after_platform", last.Platform)
		kept.Set("after", last.InstanceID)
		v.Next = "/instances?" + kept.Encode()
	}
	c.render(w, r, http.StatusOK, "instances", page{Title: "Instances", Section: "/instances", Live: true, Content: v})
}

// serviceOf returns the service of a plan in the catalog, or empty.
func serviceOf(catalog *openbroker.Catalog, planID string) string {
	if planID == "" {
		return ""
	}
	for i := range catalog.Services {
		if catalog.Services[i].Plan(planID) != nil {
			return catalog.Services[i].ID
		}
	}
	return ""
}

// keep returns the parameters with these names that are not empty.
func keep(q url.Values, names ...string) url.Values {
	kept := url.Values{}
	for _, name := range names {
		if value := q.Get(name); value != "" {
			kept.Set(name, value)
		}
	}
	return kept
}

// An instancePage is one instance.
type instancePage struct {
	Now      time.Time
	Instance *admin.InstanceDetail
	Bindings part[[]admin.BindingDetail]
	History  part[[]event]
	// MoreBindings and MoreHistory say that not all are shown.
	MoreBindings, MoreHistory bool
}

// An event is an entry of the history of an instance: an operation, or an act of an
// operator.
type event struct {
	At        time.Time
	Operation *admin.Operation
	Act       *admin.AuditEntry
}

func (c *Console) instance(w http.ResponseWriter, r *http.Request) {
	ctx, q := r.Context(), r.URL.Query()
	key := durable.Key{Platform: q.Get("platform"), InstanceID: q.Get("id")}
	a, err := c.config.Admin(ctx)
	if err != nil {
		c.failFor(w, r, err)
		return
	}
	detail, err := query(ctx, c, func(ctx context.Context) (*admin.InstanceDetail, error) { return a.Instance(ctx, key) })
	if err != nil {
		c.failFor(w, r, err)
		return
	}
	v := instancePage{Now: time.Now(), Instance: detail.Value}
	v.Bindings = show(ctx, c, func(ctx context.Context) ([]admin.BindingDetail, error) {
		return a.BindingDetails(ctx, durable.Filter{Platform: key.Platform, InstanceID: key.InstanceID, Limit: pageSize})
	})
	v.History = show(ctx, c, func(ctx context.Context) ([]event, error) { return history(ctx, a, key) })
	v.MoreBindings, v.MoreHistory = len(v.Bindings.Value) == pageSize, len(v.History.Value) >= pageSize
	c.render(w, r, http.StatusOK, "instance", page{Title: "Instance " + key.InstanceID, Section: "/instances", Live: true, Content: v})
}
