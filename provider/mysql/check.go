package mysql

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/parameters"
)

// CheckInstance refuses parameters, since instances have none, and a plan that
// the server cannot keep. It repeats the checks of the schemas in the
// catalog for handlers that do not validate parameters.
func (p *service) CheckInstance(ctx context.Context, instance durable.Instance, previous *durable.Instance) error {
	if _, err := parameters.Fields(instance.Parameters); err != nil {
		return err
	}
	if previous != nil && previous.PlanID == instance.PlanID {
		return nil
	}
	return p.checkPlan(ctx, instance, previous != nil)
}

// CheckBinding refuses all parameters except a valid mode, and a plan that the server
// cannot keep.
func (p *service) CheckBinding(ctx context.Context, binding durable.Binding) error {
	if _, err := parameters.Mode(binding.Parameters); err != nil {
		return err
	}
	return p.checkPlan(ctx, binding.Instance, false)
}

// ResourceExists reports whether the database of the instance exists.
func (p *service) ResourceExists(ctx context.Context, instance durable.Instance) (bool, error) {
	var exists bool
	err := p.ask(ctx, func(ctx context.Context, _ *facts) (err error) {
		exists, err = hasDatabase(ctx, p.server.quick, databaseOf(instance))
		return err
	})
	return exists, err
}

// Resources yields the resource names of all databases that a broker made.
func (p *service) Resources(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var names []string
		err := each(ctx, p.server.work, "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ORDER BY SCHEMA_NAME", func(scan func(...any) error) error {
			var database string
			err := scan(&database)
			if name, ok := credential.ResourceName(database); ok {
				names = append(names, name)
			}
			return err
		})
		if err != nil {
			yield("", fmt.Errorf("list the databases: %w", err))
			return
		}
		for _, name := range names {
			if !yield(name, nil) {
				return
			}
		}
	}
}

// ask asks the server for the answer to a request. An error that is not an answer
// becomes a 503, with the cause in the log.
func (p *service) ask(ctx context.Context, question func(ctx context.Context, f *facts) error) error {
	bounded, cancel := context.WithTimeout(ctx, quickTime)
	defer cancel()
	f, err := p.known(bounded)
	if err == nil {
		err = question(bounded, f)
	}
	if err == nil {
		return nil
	}
	var answer *openbroker.Error
	if errors.As(err, &answer) {
		return err
	}
	if unreachable(err) {
		p.forget()
	}
	return openbroker.ErrUnavailable.WithCause(err)
}
