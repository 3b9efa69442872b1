package openbroker

import (
	"encoding/json"
	"fmt"
)

// A ParameterValidator checks the parameters of requests against the schemas of
// the catalog (spec.md, "Input Parameters Schema Object"). Package catalog has
// one. It is an interface because this package imports nothing but the standard
// library, which has no JSON Schema.
type ParameterValidator interface {
	// ValidateParameters returns nil if parameters, a JSON object, are valid
	// against schema, which is as the catalog has it. An [*Error] is the answer to
	// the platform: ErrInvalidParameters that says what is wrong without repeating
	// values, which may be secret. Any other error is a schema that cannot be
	// used: it is logged, and answered with 500.
	//
	// It is called with the same schemas again and again, by many goroutines.
	ValidateParameters(schema json.RawMessage, parameters Parameters) error
}

// WithParameterValidation makes v check the parameters of requests to provision,
// update and bind, if the plan has a schema for them. What is not valid is
// answered with 400. Without this option, and with a nil v, parameters reach the
// broker as they are.
//
//   - Provision and bind: the schema "create". Absent parameters are an empty
//     object, so that a schema can require some. A rotation without parameters
//     inherits those of its predecessor, which are not checked again.
//   - Update: the schema "update" of the plan that the instance has afterwards.
//     Absent parameters change nothing and are not checked. Present ones are
//     checked as they are sent: they may be a subset. A member that is null asks
//     to remove a parameter, and is left out before the check.
//
// An update without plan_id is not checked: only a broker that keeps state knows
// the plan, and what previous_values says of it is a belief of the platform. Such
// a broker calls [UpdateRequest.ValidateParameters], as package durable does.
// [BindRequest.ValidateParameters] is the same for rotations, which may leave the
// plan out.
func WithParameterValidation(v ParameterValidator) Option {
	return func(c *config) { c.parameterValidator = v }
}

// ValidateParameters checks the parameters against the update schema of plan,
// the one that the instance has after the update. It is for brokers that keep
// state: without plan_id, only they know the plan. It does nothing if the
// handler, or an earlier call, has checked them with this plan, if plan is nil,
// or if the handler does not validate; see [WithParameterValidation]. Return the
// error from the [Broker] as it is.
func (r *UpdateRequest) ValidateParameters(plan *Plan) error {
	if r.validator == nil || r.Parameters == nil || plan == nil || plan.ID == r.validatedPlan {
		return nil
	}
	if s := plan.Schemas; s != nil && s.ServiceInstance != nil {
		err := validate(r.validator, plan, "service_instance.update", s.ServiceInstance.Update, withoutNulls(r.Parameters))
		if err != nil {
			return err
		}
	}
	r.validatedPlan = plan.ID
	return nil
}

// ValidateParameters checks the parameters against the binding schema of plan,
// that of the instance. It is for brokers that keep state: a rotation may leave
// the plan out, and then only they know it. It does nothing if the handler has
// checked them, if the request inherits parameters, if plan is nil, or if the
// handler does not validate; see [WithParameterValidation]. Return the error
// from the [Broker] as it is.
func (r *BindRequest) ValidateParameters(plan *Plan) error {
	if r.validator == nil || plan == nil || plan.ID == r.validatedPlan || r.PredecessorBindingID != "" && r.Parameters == nil {
		return nil
	}
	if s := plan.Schemas; s != nil && s.ServiceBinding != nil {
		if err := validate(r.validator, plan, "service_binding.create", s.ServiceBinding.Create, r.Parameters); err != nil {
			return err
		}
	}
	r.validatedPlan = plan.ID
	return nil
}

// validateParameters is the last step of reading a provision.
func (c *call) validateParameters(r *ProvisionRequest) *Error {
	s := r.Plan.Schemas
	if c.parameterValidator == nil || s == nil || s.ServiceInstance == nil {
		return nil
	}
	return c.refused(validate(c.parameterValidator, r.Plan, "service_instance.create", s.ServiceInstance.Create, r.Parameters))
}

// refused turns what a validator returned into an answer.
func (c *call) refused(err error) *Error {
	if err == nil {
		return nil
	}
	return c.brokerError(err)
}

// validate checks parameters against the schema at path, if there is one.
func validate(v ParameterValidator, plan *Plan, path string, schema *InputParametersSchema, parameters Parameters) error {
	if schema == nil || len(schema.Parameters) == 0 || isNull(schema.Parameters) {
		return nil
	}
	if parameters == nil {
		parameters = Parameters("{}")
	}
	err := v.ValidateParameters(schema.Parameters, parameters)
	if _, ok := asError(err); err == nil || ok {
		return err
	}
	return fmt.Errorf("schemas.%s.parameters of plan %q cannot be used: %w", path, shorten(plan.ID), err)
}

// withoutNulls returns an object without the members that are null.
func withoutNulls(object Parameters) Parameters {
	found := false
	for _, value := range members(object) {
		found = found || isNull(value)
	}
	if !found {
		return object
	}
	kept := Parameters{'{'}
	for name, value := range members(object) {
		if isNull(value) {
			continue
		}
		if len(kept) > 1 {
			kept = append(kept, ',')
		}
		quoted, _ := json.Marshal(name) //nolint:errchkjson // A string can be encoded.
		kept = append(append(append(kept, quoted...), ':'), value...)
	}
	return append(kept, '}')
}
