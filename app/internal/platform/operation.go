package platform

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/client"
)

type operationFlags struct {
	common
	waitFlags
}

// shownOperation is the printed form of an operation.
type shownOperation struct {
	Instance    string                    `json:"instance"`
	Binding     string                    `json:"binding,omitempty"`
	Kind        client.OperationKind      `json:"kind,omitempty"`
	State       openbroker.OperationState `json:"state"`
	Description string                    `json:"description,omitempty"`
	Operation   string                    `json:"operation,omitempty"`
}

func (p *program) newOperation() *cobra.Command {
	f := &operationFlags{}
	command := &cobra.Command{
		Use:   "operation INSTANCE [BINDING]",
		Short: "Show the last operation, or wait for it",
		Long: `Ask the broker for the last operation on an instance or a binding. With --wait, wait for
the end of an operation that another command has started.`,
		Example: "  openbroker operation orders\n  openbroker operation orders --wait --timeout 10m",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usage("the command takes INSTANCE [BINDING]; arguments given: %d", len(args))
			}
			return nil
		},
		RunE: p.with(&f.common, func(ctx context.Context, s *session, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			i, err := s.findInstance(args[0])
			if err != nil {
				return err
			}
			if len(args) == 2 {
				b, err := s.findBinding(i, args[1])
				if err != nil {
					return err
				}
				return s.bindingOperation(ctx, f, i, b)
			}
			return s.instanceOperation(ctx, f, i)
		}),
		ValidArgsFunction: p.complete(&f.common, noCandidates, instanceNames, bindingNames),
	}
	f.common.add(command)
	f.addWait(command)
	return command
}

func (s *session) instanceOperation(ctx context.Context, f *operationFlags, i instance) error {
	if f.wait && i.Operation != nil {
		kind := i.Operation.Kind
		if err := s.finish(ctx, &f.waitFlags, i); err != nil {
			return err
		}
		return s.printOperation(shownOperation{Instance: i.Name, Kind: kind, State: openbroker.OperationSucceeded, Operation: i.Operation.Operation})
	}
	r := &openbroker.LastOperationRequest{InstanceID: i.ID, ServiceID: i.ServiceID, PlanID: i.PlanID}
	shown := shownOperation{Instance: i.Name}
	if i.Operation != nil {
		r.Operation, shown.Kind, shown.Operation = i.Operation.Operation, i.Operation.Kind, i.Operation.Operation
	}
	response, err := s.client.LastOperation(ctx, r)
	gone := i.Operation != nil && i.Operation.Kind == client.KindDeprovision
	response, err = s.settle(response, err, gone)
	if err != nil {
		return err
	}
	if i.Operation != nil && response.State != openbroker.OperationInProgress {
		if err := s.conclude(ctx, i.ID, *i.Operation, failureOf(*i.Operation, response)); err != nil {
			return err
		}
	}
	shown.State, shown.Description = response.State, response.Description
	return s.printOperation(shown)
}

func (s *session) bindingOperation(ctx context.Context, f *operationFlags, i instance, b binding) error {
	if f.wait && b.Operation != nil {
		kind := b.Operation.Kind
		if err := s.finishBinding(ctx, &f.waitFlags, i, b); err != nil {
			return err
		}
		return s.printOperation(shownOperation{Instance: i.Name, Binding: b.Name, Kind: kind, State: openbroker.OperationSucceeded, Operation: b.Operation.Operation})
	}
	r := &openbroker.LastBindingOperationRequest{InstanceID: i.ID, BindingID: b.ID, ServiceID: i.ServiceID, PlanID: i.PlanID}
	shown := shownOperation{Instance: i.Name, Binding: b.Name}
	if b.Operation != nil {
		r.Operation, shown.Kind, shown.Operation = b.Operation.Operation, b.Operation.Kind, b.Operation.Operation
	}
	response, err := s.client.LastBindingOperation(ctx, r)
	response, err = s.settle(response, err, b.Operation != nil && b.Operation.Kind == client.KindUnbind)
	if err != nil {
		return err
	}
	if b.Operation != nil && response.State != openbroker.OperationInProgress {
		if err := s.concludeBinding(ctx, i.ID, b.ID, *b.Operation, failureOf(*b.Operation, response)); err != nil {
			return err
		}
	}
	shown.State, shown.Description = response.State, response.Description
	return s.printOperation(shown)
}

// settle treats a missing resource as the success of its deletion.
func (s *session) settle(response *openbroker.LastOperationResponse, err error, deletes bool) (*openbroker.LastOperationResponse, error) {
	switch {
	case err == nil:
		return response, nil
	case deletes && isMissing(err):
		return &openbroker.LastOperationResponse{State: openbroker.OperationSucceeded}, nil
	default:
		return nil, s.explain(err)
	}
}

func failureOf(o client.Operation, response *openbroker.LastOperationResponse) error {
	if response.State != openbroker.OperationFailed {
		return nil
	}
	return &client.OperationError{Operation: o, Description: response.Description, InstanceUsable: response.InstanceUsable}
}

func (s *session) printOperation(shown shownOperation) error {
	rows := [][]string{{"instance", shown.Instance}}
	for _, row := range [][2]string{{"binding", shown.Binding}, {"kind", string(shown.Kind)}, {"state", string(shown.State)}, {"description", shown.Description}} {
		if row[1] != "" {
			rows = append(rows, row[:])
		}
	}
	if err := s.print(s.common.format, output.Result{Value: shown, Names: []string{shown.Instance}, Rows: rows}); err != nil {
		return err
	}
	if shown.State == openbroker.OperationFailed {
		return &Error{Code: exitRefused, err: errors.New("the operation failed")}
	}
	return nil
}
