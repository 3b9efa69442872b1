package sqlitefile

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"iter"
	"maps"
	"slices"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// CheckInstance refuses parameters, since instances have none, and a plan that is too
// small for the database. It repeats the checks of the schemas in the catalog for
// handlers that do not validate parameters.
func (p *Provider) CheckInstance(_ context.Context, instance durable.Instance, previous *durable.Instance) error {
	if _, err := fields(instance.Parameters); err != nil {
		return err
	}
	if previous == nil {
		return nil
	}
	return p.checkSize(instance, *previous)
}

// CheckBinding refuses all parameters except a valid mode.
func (p *Provider) CheckBinding(_ context.Context, binding durable.Binding) error {
	_, err := bindMode(binding.Parameters)
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

// bindMode returns the mode in the parameters; rw by default.
func bindMode(parameters openbroker.Parameters) (string, error) {
	given, err := fields(parameters, "mode")
	if err != nil {
		return "", err
	}
	raw, ok := given["mode"]
	if !ok {
		return "rw", nil
	}
	var mode *string
	if json.Unmarshal(raw, &mode) != nil || mode == nil || *mode != "rw" && *mode != "ro" {
		return "", openbroker.ErrInvalidParameters.WithDescription(`parameters.mode must be "rw" or "ro".`)
	}
	return *mode, nil
}

// fields returns the parameters by name. It returns an error if a name is unknown;
// case matters.
func fields(parameters openbroker.Parameters, known ...string) (map[string]json.RawMessage, error) {
	var given map[string]json.RawMessage
	if err := parameters.Decode(&given); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if slices.Contains(known, name) {
			continue
		}
		if len(name) > 64 {
			name = name[:64] + "..."
		}
		if len(known) == 0 {
			return nil, openbroker.ErrInvalidParameters.WithDescription("parameters.%q is unknown: remove it, since this service has no parameters.", name)
		}
		return nil, openbroker.ErrInvalidParameters.WithDescription("parameters.%q is unknown: the parameters are %q.", name, known)
	}
	return given, nil
}
