package durable

import (
	"context"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable/audit"
)

// The actor of operations that the engine begins by itself.
const auditActor = "service broker"

// withCaller returns a context from which the operation that the request begins gets its
// entry in the audit trail.
func withCaller(ctx context.Context, caller *openbroker.Caller) context.Context {
	if r := audit.RequestFrom(ctx); r != nil {
		r.Caller(caller)
		return ctx
	}
	return audit.WithRequest(ctx, audit.NewRequest(caller))
}

// auditOf returns the entry of an operation that is about to begin, or of a change without
// one, whose outcome is that it is done. Without a request in the context, the engine
// begins it for the reason.
func auditOf(ctx context.Context, outcome audit.Outcome, id string, key Key, kind OperationKind, of *InstanceRecord, reason string) (*audit.Record, error) {
	act := audit.Act{
		ID: id, Action: audit.Action(kind), Outcome: outcome,
		Platform: key.Platform, InstanceID: key.InstanceID, BindingID: key.BindingID,
	}
	if of != nil {
		act.ServiceID, act.PlanID = of.ServiceID, of.PlanID
	}
	names := audit.Names{Actor: auditActor}
	if r := audit.RequestFrom(ctx); r != nil {
		names, act.RequestIdentity = r.Names, r.RequestIdentity
	} else {
		act.Reason = reason
	}
	return audit.NewRecord(act, names)
}
