package simulation_test

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/audit"
)

var (
	errDead  = errors.New("the process was killed")
	errStore = errors.New("the store does not answer")
)

type requestKey struct{}

// A replicaStore is the store as one replica sees it. Each call parks before and after its
// effect, and can fail at both places. The embedded store answers what the scheduler need not
// order.
type replicaStore struct {
	durable.Store
	w *world
	r *replica
}

// call makes a call with an effect on the store.
func (s *replicaStore) call(ctx context.Context, method, detail string, effect func(context.Context) error) error {
	if s.r.starting {
		return effect(ctx)
	}
	if s.r.dead.Load() {
		return errDead
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	request, _ := ctx.Value(requestKey{}).(*request)
	label := s.r.name + " " + method + " " + detail
	if request != nil {
		label += " " + request.label
		request.awaiting = request.awaiting || method == "operation by id"
	}
	instant := request != nil && (request.awaiting || request.queues)
	d := s.w.park(&step{label: label, kind: beforeCall, of: s.r, about: method, instant: instant})
	switch {
	case d.dead:
		return errDead
	case d.fails:
		request.meets()
		return errStore
	case ctx.Err() != nil && d.coin%2 == 0:
		request.meets()
		return ctx.Err() // The driver noticed it before it sent the statement.
	}
	err := effect(context.WithoutCancel(ctx))
	if d.coin>>1%5 < 2 {
		return err // At once.
	}
	d = s.w.park(&step{label: label + " <", kind: afterCall, of: s.r, about: method, instant: instant})
	switch {
	case d.dead:
		return errDead
	case d.fails:
		request.meets()
		return errStore
	case ctx.Err() != nil && d.coin%2 == 0:
		request.meets()
		return ctx.Err()
	}
	return err
}

// meets says that a fault of the store met the request.
func (r *request) meets() {
	if r != nil {
		r.met = true
	}
}

func (s *replicaStore) Load(ctx context.Context, key durable.Key) (snapshot *durable.Snapshot, err error) {
	err = s.call(ctx, "load", nameOf(key), func(ctx context.Context) (err error) { snapshot, err = s.Store.Load(ctx, key); return err })
	return snapshot, err
}

func (s *replicaStore) Operation(ctx context.Context, key durable.Key, id string) (record *durable.OperationRecord, err error) {
	err = s.call(ctx, "operation", nameOf(key)+" "+s.w.ledger.name(id), func(ctx context.Context) (err error) {
		record, err = s.Store.Operation(ctx, key, id)
		return err
	})
	return record, err
}

func (s *replicaStore) OperationByID(ctx context.Context, id string) (record *durable.OperationRecord, err error) {
	err = s.call(ctx, "operation by id", s.w.ledger.name(id), func(ctx context.Context) (err error) {
		record, err = s.Store.OperationByID(ctx, id)
		return err
	})
	return record, err
}

func (s *replicaStore) MarkDelivered(ctx context.Context, id string) error {
	return s.call(ctx, "deliver", s.w.ledger.name(id), func(ctx context.Context) error {
		err := s.Store.MarkDelivered(ctx, id)
		if err == nil {
			s.w.ledger.delivered(id)
		}
		return err
	})
}

func (s *replicaStore) Accept(ctx context.Context, a *durable.Acceptance) error {
	return s.call(ctx, "accept", nameOf(a.Instance.Key), func(inner context.Context) error {
		err := s.Store.Accept(inner, a)
		if err == nil {
			request, _ := ctx.Value(requestKey{}).(*request)
			s.w.ledger.accepted(a, request, s.r)
		}
		return err
	})
}

func (s *replicaStore) Advance(ctx context.Context, a *durable.Advance) error {
	method := "advance"
	switch {
	case a.Release:
		method = "release"
	case a.State == durable.OperationSucceeded || a.State == durable.OperationFailed:
		method = "end"
	}
	return s.call(ctx, method, s.w.ledger.name(a.Fence.OperationID)+"/"+strconv.FormatInt(a.Fence.Generation, 10), func(ctx context.Context) error {
		err := s.Store.Advance(ctx, a)
		if err == nil {
			s.w.ledger.advanced(a, s.r)
		}
		return err
	})
}

func (s *replicaStore) Claim(ctx context.Context, owner string, lease time.Duration, limit int, leave durable.ClaimExclusion) (records []durable.OperationRecord, err error) {
	err = s.call(ctx, "claim", "", func(ctx context.Context) (err error) {
		records, err = s.Store.Claim(ctx, owner, lease, limit, leave)
		for i := range records {
			s.w.ledger.claimed(&records[i], s.r)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return records, nil
}

func (s *replicaStore) Renew(ctx context.Context, owner string, lease time.Duration, fences []durable.Fence) (states map[durable.Fence]durable.OperationState, err error) {
	err = s.call(ctx, "renew", "", func(ctx context.Context) (err error) {
		states, err = s.Store.Renew(ctx, owner, lease, fences)
		for fence := range states {
			s.w.ledger.renewed(fence, s.r)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return states, nil
}

func (s *replicaStore) Held(ctx context.Context, owner string, fences []durable.Fence) (states map[durable.Fence]durable.OperationState, err error) {
	err = s.call(ctx, "held", "", func(ctx context.Context) (err error) {
		states, err = s.Store.Held(ctx, owner, fences)
		return err
	})
	if err != nil {
		return nil, err
	}
	return states, nil
}

func (s *replicaStore) Bindings(ctx context.Context, f durable.Filter) (records []durable.BindingRecord, err error) {
	err = s.call(ctx, "bindings", f.InstanceID+" "+f.After.BindingID, func(ctx context.Context) (err error) {
		records, err = s.Store.Bindings(ctx, f)
		return err
	})
	return records, err
}

// Prune does nothing: the simulation of a seed is shorter than the retention.
func (s *replicaStore) Prune(context.Context, time.Duration, int) (int, error) { return 0, nil }

// Record does nothing: nothing here records entries without an operation.
func (s *replicaStore) Record(context.Context, []*audit.Record) error { return nil }

// Hints returns the channel of the replica: the scheduler sends hints.
func (s *replicaStore) Hints() <-chan struct{} { return s.r.hints }

// nameOf returns a key for labels.
func nameOf(k durable.Key) string { return k.Platform + "/" + k.InstanceID + "/" + k.BindingID }

// A plainSealer seals nothing, which is quick. It detects data in a wrong place.
type plainSealer struct{}

func (plainSealer) Seal(plaintext, associated []byte) ([]byte, error) {
	sealed := append([]byte{byte(len(associated))}, associated...)
	return append(sealed, plaintext...), nil
}

func (plainSealer) Open(sealed, associated []byte) ([]byte, error) {
	if len(sealed) <= len(associated) || int(sealed[0]) != len(associated)%256 || string(sealed[1:1+len(associated)]) != string(associated) {
		return nil, errors.New("the data belongs to another place")
	}
	return sealed[1+len(associated):], nil
}
