package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/internal/paramcheck"
)

var _ openbroker.ParameterValidator = (*Validator)(nil)

// A Validator checks parameters against the schemas of a catalog, in the drafts 04, 06,
// 07, 2019-09 and 2020-12 of JSON Schema. It is for [openbroker.WithParameterValidation],
// and safe for concurrent use.
//
// A schema is compiled when it is first used, or by [Validator.ValidateSchemas], and kept
// while it is in use. The catalogs of a validator share equal schemas, so that a changed
// catalog compiles only its new schemas.
type Validator struct {
	mu sync.RWMutex
	// recent has the schemas in use, by their text. older has schemas that may be unused;
	// a used one moves to recent. size is the total text in recent, in bytes.
	recent, older map[string]*compiledSchema
	size          int
	// compiled, if not nil, is called for each compilation.
	compiled func()
}

// maxCached bounds the text of the schemas in each half of the cache. It is more
// than a catalog of 1,000 services with 10 plans each has.
const maxCached = 16 << 20

// NewValidator returns a validator. The zero value is ready to use, too.
func NewValidator() *Validator {
	return new(Validator)
}

// ValidateParameters returns nil if parameters, a JSON object, are valid against schema.
// It returns [openbroker.ErrInvalidParameters] if they are not, or if they take too much
// work to validate. The description of the error lists the violations by JSON Pointer,
// without values. It returns another error if the schema does not compile.
func (v *Validator) ValidateParameters(schema json.RawMessage, parameters openbroker.Parameters) error {
	s, err := v.schema(schema)
	if err != nil {
		return err
	}
	err = s.Check(parameters)
	var invalid *paramcheck.InvalidError
	if errors.As(err, &invalid) {
		return openbroker.ErrInvalidParameters.WithDescription("%s", invalid.Error())
	}
	return err
}

// ValidateSchemas compiles all schemas of the catalog, and returns their faults, joined,
// each with its place, as in services[0].plans[1].schemas.service_instance.create.parameters.
// A schema that passes does not make [Validator.ValidateParameters] fail later, unless it
// refers to itself in a way that depends on the parameters.
func (v *Validator) ValidateSchemas(c *openbroker.Catalog) error {
	var problems []error
	for i := range c.Services {
		for j := range c.Services[i].Plans {
			for _, s := range schemasOf(&c.Services[i].Plans[j]) {
				if _, err := v.schema(s.text); err != nil {
					problems = append(problems, fmt.Errorf("services[%d].plans[%d].schemas.%s.parameters: %w", i, j, s.name, err))
				}
			}
		}
	}
	return errors.Join(problems...)
}

// ValidateSchemas returns the faults of the schemas of the catalog, as
// [Validator.ValidateSchemas] does.
func ValidateSchemas(c *openbroker.Catalog) error { return NewValidator().ValidateSchemas(c) }

// A namedSchema is a schema of a plan.
type namedSchema struct {
	name string
	text json.RawMessage
}

// schemasOf returns the schemas of a plan.
func schemasOf(p *openbroker.Plan) []namedSchema {
	if p.Schemas == nil {
		return nil
	}
	var found []namedSchema
	add := func(name string, s *openbroker.InputParametersSchema) {
		if s != nil && len(s.Parameters) > 0 && string(s.Parameters) != "null" {
			found = append(found, namedSchema{name, s.Parameters})
		}
	}
	if s := p.Schemas.ServiceInstance; s != nil {
		add("service_instance.create", s.Create)
		add("service_instance.update", s.Update)
	}
	if s := p.Schemas.ServiceBinding; s != nil {
		add("service_binding.create", s.Create)
	}
	return found
}

// A compiledSchema compiles a schema once.
type compiledSchema struct {
	once   sync.Once
	schema *paramcheck.Schema
	err    error
}

// schema returns the compiled schema of a text.
func (v *Validator) schema(text json.RawMessage) (*paramcheck.Schema, error) {
	v.mu.RLock()
	found := v.recent[string(text)]
	v.mu.RUnlock()
	if found == nil {
		found = v.add(string(text))
	}
	// Concurrent callers wait here only for the schema that they need.
	found.once.Do(func() {
		found.schema, found.err = paramcheck.Compile(text)
		if v.compiled != nil {
			v.compiled()
		}
	})
	return found.schema, found.err
}

// add puts a schema into recent. If that becomes too large, it becomes the older half, and
// the former older half is dropped.
func (v *Validator) add(text string) *compiledSchema {
	v.mu.Lock()
	defer v.mu.Unlock()
	if found := v.recent[text]; found != nil {
		return found
	}
	found := v.older[text]
	if found == nil {
		found = new(compiledSchema)
	}
	if v.size+len(text) > maxCached {
		v.recent, v.older, v.size = nil, v.recent, 0
	}
	if v.recent == nil {
		v.recent = map[string]*compiledSchema{}
	}
	v.recent[text] = found
	v.size += len(text)
	return found
}
