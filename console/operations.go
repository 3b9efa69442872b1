package console

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

// The views of the list of operations.
var (
	// openViews list open operations, oldest first: the oldest is the most urgent.
	openViews = map[string]admin.QueueFilter{
		"open":       {},
		"stuck":      {Stuck: admin.StuckAfter},
		"retrying":   {Retrying: true},
		"cancelling": {State: durable.OperationCancelling},
	}
	// allViews list operations, newest first.
	allViews = map[string]durable.Filter{
		"failed":    {State: durable.OperationFailed},
		"succeeded": {State: durable.OperationSucceeded},
		"all":       {},
	}
	// views are the names of both, in the order of the page.
	views = []string{"open", "stuck", "retrying", "cancelling", "failed", "succeeded", "all"}
	kinds = []string{
		string(durable.KindProvision), string(durable.KindUpdate), string(durable.KindDeprovision), string(durable.KindBind), string(durable.KindUnbind),
	}
)

// An operationsPage is a page of a list of operations.
type operationsPage struct {
	Now                            time.Time
	View, Kind, Platform, Instance string
	Views                          []link
	Kinds                          []string
	Operations                     part[[]admin.Operation]
	OldestFirst                    bool
	// Older, in place of Next, goes on with operations that were not searched yet.
	Next, Older, First string
	// Gone says that the operation at which the page begins was pruned.
	Gone bool
}

func (c *Console) operations(w http.ResponseWriter, r *http.Request) {
	ctx, q := r.Context(), r.URL.Query()
	view, known := choice(q, "view", views...)
	kind, knownKind := choice(q, "kind", kinds...)
	if !known || !knownKind {
		c.fail(w, r, http.StatusBadRequest, "The view or the kind in the address is unknown.")
		return
	}
	a, err := c.config.Admin(ctx)
	if err != nil {
		c.failFor(w, r, err)
		return
	}
	v := operationsPage{Now: time.Now(), View: orElse(view, "open"), Kind: kind, Kinds: kinds, Platform: q.Get("platform"), Instance: q.Get("instance")}
	older, err := c.operationList(ctx, a, &v, q.Get("after"))
	if errors.Is(err, durable.ErrNotFound) {
		v.Gone = true
		older, _ = c.operationList(ctx, a, &v, "")
	}
	kept := keep(q, "kind", "platform", "instance")
	for _, name := range views {
		kept.Set("view", name)
		v.Views = append(v.Views, link{"/operations?" + kept.Encode(), name})
	}
	kept.Set("view", v.View)
	if q.Get("after") != "" {
		v.First = "/operations?" + kept.Encode()
	}
	if older != "" {
		kept.Set("after", older)
		v.Older = "/operations?" + kept.Encode()
	}
	if len(v.Operations.Value) == pageSize {
		v.Next, v.Older = v.Older, ""
	}
	c.render(w, r, http.StatusOK, "operations", page{Title: "Operations", Section: "/operations", Live: true, Content: v})
}

// operationList lists the operations of the view behind the operation after. It returns
// the operation behind which the list goes on, or "".
func (c *Console) operationList(ctx context.Context, a *admin.Admin, v *operationsPage, after string) (older string, err error) {
	v.Operations, err = query(ctx, c, func(ctx context.Context) (found []admin.Operation, err error) {
		if f, isOpen := openViews[v.View]; isOpen {
			v.OldestFirst = true
			f.Platform, f.InstanceID, f.Kind, f.AfterID, f.Limit = v.Platform, v.Instance, durable.OperationKind(v.Kind), after, pageSize
			if found, err = a.Queue(ctx, f); len(found) == pageSize {
				older = found[pageSize-1].ID
			}
			return found, err
		}
		f := allViews[v.View]
		f.Platform, f.InstanceID, f.Kind, f.AfterID, f.Limit = v.Platform, v.Instance, durable.OperationKind(v.Kind), after, pageSize
		found, older, err = a.SearchOperations(ctx, f)
		return found, err
	})
	return older, err
}

// An operationPage is one operation.
type operationPage struct {
	Now       time.Time
	Operation admin.Operation
	Acts      []act
	Trail     part[[]admin.AuditEntry]
	Done      string
}

func (c *Console) operation(w http.ResponseWriter, r *http.Request) {
	ctx, q := r.Context(), r.URL.Query()
	a, err := c.config.Admin(ctx)
	if err != nil {
		c.failFor(w, r, err)
		return
	}
	found, err := query(ctx, c, func(ctx context.Context) (*admin.Operation, error) { return a.Operation(ctx, q.Get("id")) })
	if err != nil {
		c.failFor(w, r, err)
		return
	}
	v := operationPage{Now: time.Now(), Operation: *found.Value}
	v.Acts = possible(v.Operation.State)
	v.Trail = show(ctx, c, func(ctx context.Context) ([]admin.AuditEntry, error) {
		key := v.Operation.Key // The store has an index for it.
		return a.AuditTrail(ctx, admin.AuditFilter{
			Platform: key.Platform, InstanceID: key.InstanceID, OperationID: v.Operation.ID, Actions: admin.Interventions(), Limit: pageSize,
		})
	})
	if done, known := choice(q, "done", actNames()...); known && done != "" {
		v.Done = acts[done].Done
	}
	c.render(w, r, http.StatusOK, "operation", page{
		Title: "Operation " + v.Operation.ID, Section: "/operations", Live: true, Content: v,
		Announce: "The operation is " + stateOf(v.Operation, v.Now),
	})
}
