package sqlitefile

import (
	"context"
	"errors"
	"io/fs"
	"iter"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/parameters"
)

// CheckInstance refuses parameters, since instances have none, and a plan that is too
// small for the database. It repeats the checks of the schemas in the catalog for
// handlers that do not validate parameters.
func (p *Provider) CheckInstance(_ context.Context, instance durable.Instance, previous *durable.Instance) error {
	if _, err := parameters.Fields(instance.Parameters); err != nil {
		return err
	}
	if previous == nil {
		return nil
	}
	return p.checkSize(instance, *previous)
}

// CheckBinding refuses all parameters except a valid mode.
func (p *Provider) CheckBinding(_ context.Context, binding durable.Binding) error {
	_, err := parameters.Mode(binding.Parameters)
	return err
}

// ResourceExists reports whether the database of the instance exists.
func (p *Provider) ResourceExists(_ context.Context, instance durable.Instance) (bool, error) {
	return p.root.has(instance.ResourceName())
}

// Resources yields the resource names of all instances in the directory.
func (p *Provider) Resources(ctx context.Context) iter.Seq2[string, error] { return p.root.names(ctx) }

func (p *Provider) checkSize(instance, previous durable.Instance) error {
	if instance.PlanID == previous.PlanID {
		return nil
	}
	quota, ok := pagesOf(instance)
	if !ok {
		return openbroker.ErrPlanChangeNotSupported
	}
	size, err := p.root.size(instance.ResourceName())
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("the database of the instance is missing")
	}
	if err != nil {
		return err
	}
	if size > quota*PageSize {
		return openbroker.ErrPlanQuotaExceeded.WithDescription(
			"The database has %d bytes, and the plan allows %d: delete data and run VACUUM, or keep the plan.", size, quota*PageSize).
			WithInstanceUsable(true).WithUpdateRepeatable(true)
	}
	return nil
}
