package memstore

import (
	"bytes"
	"context"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// Load implements [durable.Store].
func (s *Store) Load(ctx context.Context, key durable.Key) (*durable.Snapshot, error) {
	var snapshot *durable.Snapshot
	err := s.do(ctx, func(st *state, now time.Time) error {
		snapshot = &durable.Snapshot{Now: now}
		of := st.instances[key.Instance()]
		if of == nil {
			return nil
		}
		snapshot.Instance = copyInstance(&of.InstanceRecord)
		if binding := of.bindings[key.BindingID]; binding != nil {
			snapshot.Binding = copyBinding(binding)
		}
		for _, o := range of.operations {
			if !o.Ended() {
				record := *copyOperation(&o.OperationRecord)
				record.Checkpoint = nil
				snapshot.Open = append(snapshot.Open, record)
			}
		}
		return nil
	})
	return snapshot, err
}

// Operation implements [durable.Store].
func (s *Store) Operation(ctx context.Context, key durable.Key, id string) (*durable.OperationRecord, error) {
	return s.operation(ctx, func(st *state) *operation {
		if o := st.operations[id]; o != nil && o.Key == key {
			return o
		}
		of := st.instances[key.Instance()]
		for i := 0; of != nil && i < len(of.operations); i++ {
			if o := of.operations[len(of.operations)-1-i]; o.Key == key && !o.Internal {
				return o
			}
		}
		return nil
	})
}

// OperationByID implements [durable.Store].
func (s *Store) OperationByID(ctx context.Context, id string) (*durable.OperationRecord, error) {
	return s.operation(ctx, func(st *state) *operation { return st.operations[id] })
}

func (s *Store) operation(ctx context.Context, find func(*state) *operation) (record *durable.OperationRecord, err error) {
	err = s.do(ctx, func(st *state, _ time.Time) error {
		o := find(st)
		if o == nil {
			return durable.ErrNotFound
		}
		record = copyOperation(&o.OperationRecord)
		return nil
	})
	return record, err
}

// Setting implements [durable.Store].
func (s *Store) Setting(ctx context.Context, name string) (value []byte, err error) {
	err = s.do(ctx, func(st *state, _ time.Time) error {
		stored, found := st.settings[name]
		if !found {
			return durable.ErrNotFound
		}
		value = bytes.Clone(stored)
		return nil
	})
	return value, err
}

// PutSetting implements [durable.Store].
func (s *Store) PutSetting(ctx context.Context, name string, value []byte) (stored []byte, err error) {
	err = s.do(ctx, func(st *state, _ time.Time) error {
		if _, found := st.settings[name]; !found {
			st.settings[name] = bytes.Clone(value)
		}
		stored = bytes.Clone(st.settings[name])
		return nil
	})
	return stored, err
}
