package provider

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/internal/narrow"
	"github.com/openbroker/openbroker/provider/internal/planvalues"
)

var _ durable.RequestPreparer = (*Dispatcher)(nil)

// A parsedPlan is a plan with what it says about parameters, credentials and labels.
type parsedPlan struct {
	plan   *openbroker.Plan
	values *planvalues.Plan
}

// valuesOf returns what a plan says about parameters, credentials and labels, or nil. It
// parses the plan once for each catalog.
func (d *Dispatcher) valuesOf(plan *openbroker.Plan) (*planvalues.Plan, error) {
	if plan == nil || !hasAny(plan.Extensions, planvalues.Fields) {
		return nil, nil //nolint:nilnil // No values, and no error.
	}
	if last, ok := d.parsed.Load(plan.ID); ok {
		if last, ok := last.(*parsedPlan); ok && last.plan == plan {
			return last.values, nil
		}
	}
	values, problems := planvalues.Parse(plan.Extensions)
	if len(problems) > 0 {
		// Catalogs are checked for it.
		return nil, errors.New("the plan cannot be used: " + problems[0].Message)
	}
	d.parsed.Store(plan.ID, &parsedPlan{plan, values})
	return values, nil
}

// hasValues reports whether a plan of the service says something about parameters or
// labels, so that creations have to be prepared.
func hasValues(service *openbroker.Service) bool {
	for i := range service.Plans {
		if hasAny(service.Plans[i].Extensions, planvalues.Fields) {
			return true
		}
	}
	return false
}

// PrepareInstance computes the parameters and the labels that the plan of the instance
// has. An error of a template is a 400 that names it.
func (d *Dispatcher) PrepareInstance(_ context.Context, instance durable.Instance, previous *durable.Instance) (made durable.Preparation, err error) {
	values, err := d.valuesOf(instance.Plan)
	if err != nil {
		return made, err
	}
	if values == nil {
		return made, checkPlanKept(&instance, previous)
	}
	data := instanceData(&instance)
	if values.HasParameters() {
		parameters, err := values.Parameters(json.RawMessage(instance.Parameters), data, unchanged(&instance, previous))
		if err != nil {
			return made, refusal(err)
		}
		made.Parameters = openbroker.Parameters(parameters)
	}
	if !values.HasLabels() {
		return made, nil
	}
	all, err := values.All(json.RawMessage(instance.Parameters), json.RawMessage(made.Parameters), data)
	if err == nil {
		var labels map[string]any
		labels, err = values.Labels(data.With(planvalues.Parameters, all))
		made.Metadata = &openbroker.InstanceMetadata{Labels: labels}
	}
	return made, refusal(err)
}

// checkPlanKept refuses an update after the catalog has lost a plan that computed
// parameters: they would go back to those of the user.
func checkPlanKept(instance, previous *durable.Instance) error {
	if instance.Plan == nil && previous != nil && !narrow.Same(orEmpty(previous.Parameters), orEmpty(previous.GivenParameters)) {
		return openbroker.ErrBadRequest.WithDescription("The plan of the service instance is no longer offered, and it computes parameters: change the plan.")
	}
	return nil
}

func orEmpty(parameters openbroker.Parameters) []byte {
	if parameters == nil {
		return []byte("{}")
	}
	return parameters
}

// unchanged returns a function that reports whether an update leaves a parameter as it
// was. Such a parameter is older than the plan's value for it, and not refused.
func unchanged(instance, previous *durable.Instance) func(name string) bool {
	if previous == nil {
		return func(string) bool { return false }
	}
	var before, after map[string]json.RawMessage
	_ = previous.GivenParameters.Decode(&before)
	_ = instance.GivenParameters.Decode(&after)
	return func(name string) bool {
		old, had := before[name]
		return had && narrow.Same(old, after[name])
	}
}

// PrepareBinding computes the parameters that the plan of the instance has for the
// binding.
func (d *Dispatcher) PrepareBinding(_ context.Context, binding durable.Binding) (openbroker.Parameters, error) {
	values, err := d.valuesOf(binding.Instance.Plan)
	if err != nil || values == nil || !values.HasBindingParameters() {
		return nil, err
	}
	data, err := bindingData(values, &binding)
	if err != nil {
		return nil, refusal(err)
	}
	// A successor inherits parameters, which may be older than the plan's values.
	inherited := func(string) bool { return binding.PredecessorID != "" }
	parameters, err := values.BindingParameters(json.RawMessage(binding.GivenParameters), data, inherited)
	return openbroker.Parameters(parameters), refusal(err)
}

// changeCredentials makes those of the plan from the credentials of the provider.
func (d *Dispatcher) changeCredentials(binding *durable.Binding, result *durable.BindResult) error {
	values, err := d.valuesOf(binding.Instance.Plan)
	if err != nil || values == nil || !values.HasCredentials() {
		return err
	}
	data, err := bindingData(values, binding)
	if err == nil {
		var all map[string]any
		if all, err = values.BindingAll(json.RawMessage(binding.GivenParameters), json.RawMessage(binding.Parameters), data); err == nil {
			own, _ := data[planvalues.Binding].(map[string]any)
			data = data.With(planvalues.Binding, map[string]any(planvalues.Data(own).With(planvalues.Parameters, all)))
			result.Credentials, err = values.Credentials(result.Credentials, data)
		}
	}
	if err == nil {
		return nil
	}
	return openbroker.NewError(http.StatusInternalServerError, "", "The credentials cannot be made: "+err.Error()+".")
}

// refusal returns the answer to a request for an error of package planvalues, or nil.
func refusal(err error) error {
	var refused *planvalues.RefusedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		count := "1 violation"
		if n := len(refused.Names); n > 1 {
			count = strconv.Itoa(n) + " violations"
		}
		return openbroker.ErrInvalidParameters.WithDescription("parameters: %s: %s", count, refused.Error())
	default:
		return openbroker.ErrInvalidParameters.WithDescription("%s", "Parameters cannot be computed: "+err.Error()+".")
	}
}

// instanceData returns the data of templates for an instance.
func instanceData(i *durable.Instance) planvalues.Data {
	data := planvalues.Data{
		planvalues.Parameters: planvalues.Object(i.GivenParameters),
		planvalues.Context:    planvalues.Object(i.Context.Raw),
		planvalues.Instance: given(map[string]string{
			"id": i.ID, "resource_name": i.ResourceName(), "platform": i.Platform,
			"organization_guid": i.OrganizationGUID, "space_guid": i.SpaceGUID,
		}),
		planvalues.PlanRoot: given(map[string]string{"id": i.Plan.ID, "name": i.Plan.Name}),
	}
	if i.Service != nil {
		data[planvalues.Service] = given(map[string]string{"id": i.Service.ID, "name": i.Service.Name})
	}
	return data
}

// bindingData returns the data of templates for a binding, before its own parameters are
// computed.
func bindingData(values *planvalues.Plan, b *durable.Binding) (planvalues.Data, error) {
	data := instanceData(&b.Instance)
	all, err := values.All(json.RawMessage(b.Instance.GivenParameters), json.RawMessage(b.Instance.Parameters), data)
	if err != nil {
		return nil, err
	}
	binding := given(map[string]string{"id": b.ID, "resource_name": b.ResourceName(), "app_guid": b.AppGUID})
	binding[planvalues.Parameters] = planvalues.Object(b.GivenParameters)
	return data.With(planvalues.Parameters, all).With(planvalues.Binding, binding), nil
}

// given returns the texts that are not empty: an empty one is missing.
func given(texts map[string]string) map[string]any {
	all := make(map[string]any, len(texts))
	for name, text := range texts {
		if text != "" {
			all[name] = text
		}
	}
	return all
}
