package admin

import (
	"context"
	"fmt"

	"github.com/openbroker/openbroker/durable"
)

// An InstanceDetail is one instance, with what operators may see of its sealed data.
type InstanceDetail struct {
	Instance
	durable.Description

	// Unreadable says why the Description is empty, or is nil.
	Unreadable error
}

// Instance returns the instance with the key. The error wraps durable.ErrNotFound if
// the store does not have it.
func (a *Admin) Instance(ctx context.Context, key durable.Key) (*InstanceDetail, error) {
	snapshot, err := a.store.Load(ctx, key.Instance())
	if err != nil {
		return nil, err
	}
	if snapshot.Instance == nil {
		return nil, fmt.Errorf("%w: %s", durable.ErrNotFound, describe(key.Instance()))
	}
	detail := &InstanceDetail{Instance: a.instance(snapshot.Instance)}
	detail.Description, detail.Unreadable = a.lifecycle.DescribeInstance(snapshot.Instance)
	return detail, nil
}

// A BindingDetail is one binding, with what operators may see of its sealed data.
type BindingDetail struct {
	Binding
	durable.Description

	// Unreadable says why the Description is empty, or is nil.
	Unreadable error
}

// BindingDetails is Bindings with the Description of each.
func (a *Admin) BindingDetails(ctx context.Context, f durable.Filter) ([]BindingDetail, error) {
	records, err := a.store.Bindings(ctx, f)
	details := make([]BindingDetail, len(records))
	for i := range records {
		details[i].Binding = a.binding(&records[i])
		details[i].Description, details[i].Unreadable = a.lifecycle.DescribeBinding(&records[i])
	}
	return details, err
}

// Operation returns the operation with the id. The error wraps durable.ErrNotFound if
// the store does not have it.
func (a *Admin) Operation(ctx context.Context, id string) (*Operation, error) {
	record, err := a.store.OperationByID(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("operation %q: %w", id, err)
	}
	operation := view(record)
	return &operation, nil
}
