package openbroker

import (
	"encoding/json"
	"fmt"
)

// A ParameterValidator validates the parameters of requests against the schemas of
// the catalog (spec.md, "Input Parameters Schema Object"). Package catalog provides
// an implementation; this package imports only the standard library, which has no
// JSON Schema. The interface will not grow: new abilities become optional interfaces.
type ParameterValidator interface {
	// ValidateParameters returns nil if parameters, a JSON object, are valid
	// against schema, which is unchanged from the catalog. An [*Error] becomes the
	// response: return an ErrInvalidParameters that describes the violations
	// without values, which may be secret. Any other error means that the schema is
	// unusable: the handler logs it and answers with 500.
	//
	// It may be called concurrently. Calls repeat the same schemas, so an
	// implementation should cache compiled ones.
	ValidateParameters(schema json.RawMessage, parameters Parameters) error
}

// WithParameterValidation makes v validate the parameters of provision, update and
// bind requests if the plan has a schema for them. The handler answers invalid
// parameters with 400. Without this option, or with a nil v, parameters reach the
// broker unchecked.
//
//   - Provision and bind use the schema "create". Absent parameters count as an
//     empty object, so that a schema can require parameters. A rotation without
//     parameters inherits those of its predecessor; v does not validate them again.
//   - Update uses the schema "update" of the plan that the instance has afterwards.
//     Absent parameters change nothing and are not validated. Present parameters
//     may be a subset and are validated as sent, without members that are null:
//     null removes a parameter.
//
// The handler cannot validate an update without plan_id, because only a broker that
// keeps state knows the plan, and previous_values may be wrong. Such a broker calls
// [UpdateRequest.ValidateParameters], as package durable does. The same holds for
// rotations without plan_id and [BindRequest.ValidateParameters].
func WithParameterValidation(v ParameterValidator) Option {
	return func(c *config) { c.parameterValidator = v }
}

// parameterValidation holds the validator of one request.
type parameterValidation struct {
	attached  bool               // by SetParameterValidator
	validator ParameterValidator // nil leaves parameters unchecked
	validPlan string             // the plan for which they are known to be valid
}

// ValidateParameters validates the parameters against the update schema of plan,
// the plan that the instance has after the update. Brokers that keep state call
// it, because only they know the plan of an update without plan_id. Return its
// error from the [Broker] unchanged.
//
// It returns nil without a check if the request has no parameters, if plan is nil
// or has no update schema, if the parameters are known to be valid for plan, or if
// the handler does not validate; see [WithParameterValidation]. A request that no
// handler made needs [UpdateRequest.SetParameterValidator] first; without it, a
// plan with an update schema is an error.
func (r *UpdateRequest) ValidateParameters(plan *Plan) error {
	if r.Parameters == nil || plan == nil || plan.Schemas == nil || plan.Schemas.ServiceInstance == nil {
		return nil
	}
	return r.validation.validate(plan, "service_instance.update", plan.Schemas.ServiceInstance.Update, r.Parameters, withoutNulls)
}

// SetParameterValidator makes v validate the parameters in
// [UpdateRequest.ValidateParameters]. The handler calls it; so does a program that
// makes a request by hand, such as a test. A nil v leaves parameters unchecked.
func (r *UpdateRequest) SetParameterValidator(v ParameterValidator) {
	r.validation = parameterValidation{attached: true, validator: v}
}

// ValidateParameters validates the parameters against the binding schema of plan,
// the plan of the instance. Brokers that keep state call it, because only they know
// the plan of a rotation that leaves it out. Return its error from the [Broker]
// unchanged.
//
// It returns nil without a check if a rotation has no parameters and so inherits
// those of its predecessor, if plan is nil or has no binding schema, if the
// parameters are known to be valid for plan, or if the handler does not validate;
// see [WithParameterValidation]. A request that no handler made needs
// [BindRequest.SetParameterValidator] first; without it, a plan with a binding
// schema is an error.
func (r *BindRequest) ValidateParameters(plan *Plan) error {
	if r.PredecessorBindingID != "" && r.Parameters == nil || plan == nil || plan.Schemas == nil || plan.Schemas.ServiceBinding == nil {
		return nil
	}
	return r.validation.validate(plan, "service_binding.create", plan.Schemas.ServiceBinding.Create, r.Parameters, nil)
}

// SetParameterValidator makes v validate the parameters in
// [BindRequest.ValidateParameters]. The handler calls it; so does a program that
// makes a request by hand, such as a test. A nil v leaves parameters unchecked.
func (r *BindRequest) SetParameterValidator(v ParameterValidator) {
	r.validation = parameterValidation{attached: true, validator: v}
}

// validate validates parameters against the schema at path of plan, and remembers
// the plan if they are valid. prepare, if not nil, changes what is validated.
func (v *parameterValidation) validate(plan *Plan, path string, schema *InputParametersSchema, parameters Parameters, prepare func(Parameters) Parameters) error {
	if !schema.present() || v.validator != nil && plan.ID == v.validPlan {
		return nil
	}
	if !v.attached {
		return fmt.Errorf("plan %q has schemas.%s.parameters, but the request was not made by a handler and has no parameter validator: call SetParameterValidator", shorten(plan.ID), path)
	}
	if v.validator == nil {
		return nil
	}
	if prepare != nil {
		parameters = prepare(parameters)
	}
	if err := validate(v.validator, plan, path, schema, parameters); err != nil {
		return err
	}
	v.validPlan = plan.ID
	return nil
}

// present reports whether the plan has this schema.
func (s *InputParametersSchema) present() bool {
	return s != nil && len(s.Parameters) > 0 && !isNull(s.Parameters)
}

// validateParameters validates the parameters of a provision.
func (c *call) validateParameters(r *ProvisionRequest) *Error {
	s := r.Plan.Schemas
	if c.parameterValidator == nil || s == nil || s.ServiceInstance == nil {
		return nil
	}
	return c.validationError(validate(c.parameterValidator, r.Plan, "service_instance.create", s.ServiceInstance.Create, r.Parameters))
}

// validationError returns the response for an error of the validator, or nil.
func (c *call) validationError(err error) *Error {
	if err == nil {
		return nil
	}
	return c.brokerError(err)
}

// validate validates parameters against the schema at path, if present.
func validate(v ParameterValidator, plan *Plan, path string, schema *InputParametersSchema, parameters Parameters) error {
	if !schema.present() {
		return nil
	}
	if parameters == nil {
		parameters = Parameters("{}")
	}
	err := v.ValidateParameters(schema.Parameters, parameters)
	if _, ok := asError(err); err == nil || ok {
		return err
	}
	return fmt.Errorf("schemas.%s.parameters of plan %q is unusable: %w", path, shorten(plan.ID), err)
}

// withoutNulls returns the object without members that are null.
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
		quoted, _ := json.Marshal(name) //nolint:errchkjson // Encoding a string cannot fail.
		kept = append(append(append(kept, quoted...), ':'), value...)
	}
	return append(kept, '}')
}
