package console

import (
	"cmp"
	"context"
	"slices"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

// history returns the newest operations on an instance and its bindings, and what
// operators did there, newest first.
func history(ctx context.Context, a *admin.Admin, key durable.Key) ([]event, error) {
	operations, err := a.Operations(ctx, durable.Filter{Platform: key.Platform, InstanceID: key.InstanceID, Limit: pageSize})
	if err != nil {
		return nil, err
	}
	acts, err := a.AuditTrail(ctx, admin.AuditFilter{Platform: key.Platform, InstanceID: key.InstanceID, Actions: admin.Interventions(), Limit: pageSize})
	if err != nil {
		return nil, err
	}
	events := make([]event, 0, len(operations)+len(acts))
	for i := range operations {
		events = append(events, event{At: operations[i].CreatedAt, Operation: &operations[i]})
	}
	for i := range acts {
		events = append(events, event{At: acts[i].At, Act: &acts[i]})
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(b.At.UnixNano(), a.At.UnixNano()) })
	return events, nil
}
