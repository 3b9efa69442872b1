package durable

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"
)

// A platform may repeat the identical request before each poll. If the operation has
// failed in between, each request would begin a new one, and no poll would ever see
// the failure. So the request joins the failed operation until the platform has read
// the failure, or for Config.FailureGrace.

// undelivered returns the decision to answer with the last operation on a key. It
// returns nil unless that operation has the kind, failed, and its failure was not
// delivered. changed is the time of the last change of the record, which is not before
// the failure.
func (e *Engine) undelivered(ctx context.Context, s *basis, key Key, kind OperationKind, changed time.Time) (*decision, error) {
	if s.known != nil && s.known.succeeded[key.BindingID] {
		return nil, nil //nolint:nilnil // No such decision, and no error.
	}
	over := func(since time.Time) bool { return !s.Now.Before(since.Add(e.config.FailureGrace)) }
	if over(changed) {
		return nil, nil //nolint:nilnil // No such decision, and no error.
	}
	last, err := e.store.Operation(ctx, key, "")
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, nil //nolint:nilnil // No such decision, and no error.
	case err != nil:
		return nil, unavailable(err)
	case last.Kind != kind || last.State != OperationFailed || !last.DeliveredAt.IsZero() || over(last.FinishedAt):
		return nil, nil //nolint:nilnil // No such decision, and no error.
	}
	return &decision{operationID: last.ID, joined: true}, nil
}

// deliver records that an answer reports the failure of an operation. If the store
// fails, the platform reads the failure twice.
func (e *Engine) deliver(ctx context.Context, id string) {
	if err := e.store.MarkDelivered(ctx, id); err != nil {
		e.storeFailed(ctx, "recording that a failure is delivered", err)
	}
}

// attributes returns a digest of the attributes that identical requests share. The
// tombstone of a creation that was cleaned up has only this digest.
func (d *instanceDetails) attributes() []byte {
	return digest(d.OrganizationGUID, d.SpaceGUID, namespace(d.Context), string(canonical(d.Parameters)))
}

func (d *bindingDetails) attributes() []byte {
	return digest(d.PredecessorID, d.AppGUID, string(canonical(d.BindResource)), string(canonical(d.Parameters)))
}

func digest(parts ...string) []byte {
	encoded, _ := json.Marshal(parts) //nolint:errchkjson // Strings can be encoded.
	sum := sha256.Sum256(encoded)
	return sum[:]
}

// tombstones returns the record that a successful deletion leaves.
func (e *Engine) tombstones(operation *OperationRecord, docs *documents) (instance *InstanceRecord, binding *BindingRecord, err error) {
	cleansUp := operation.Internal && docs.operation.previous() == StatusCreateFailed
	if operation.Kind == KindUnbind {
		if binding = deletedBinding(docs.bindingRecord); cleansUp {
			binding.Data, err = e.sealBinding(operation.Key, &bindingDetails{Attributes: docs.binding.attributes()})
		}
		return nil, binding, err
	}
	if instance = deletedInstance(docs.instanceRecord); cleansUp {
		instance.Data, err = e.sealInstance(operation.Key, &instanceDetails{Attributes: docs.instance.attributes()})
	}
	return instance, nil, err
}
