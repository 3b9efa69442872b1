package paramcheck

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// An InvalidError describes why parameters are invalid. Its text comes from the schema
// and from names of properties, never from values, which may be secret.
type InvalidError struct{ text string }

func (e *InvalidError) Error() string { return e.text }

func invalidf(format string, args ...any) *InvalidError {
	return &InvalidError{fmt.Sprintf(format, args...)}
}

// Check returns nil if parameters, a JSON object, are valid, and an [*InvalidError] if they
// are not, or if they take too much work. Any other error is a fault of the schema: it
// refers to itself in a way that only some parameters reveal.
func (s *Schema) Check(parameters []byte) error {
	if s.fast != nil && s.fast.accepts(parameters) {
		return nil
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(parameters))
	if err != nil {
		return invalidf("parameters: they are not valid JSON")
	}
	var total extent
	if err := measure(value, &total); err != nil {
		var m *misfit
		errors.As(err, &m)
		return s.refuse([]violation{{path: m.path, text: m.reason}})
	}
	if !s.affordable(value, total) {
		return invalidf("parameters: they are too complex to validate: they need more than %d steps; send fewer parameters", maxWork)
	}
	err = s.root.Validate(value)
	var invalid *jsonschema.ValidationError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &invalid):
		return fmt.Errorf("validation failed: %w", err)
	}
	violations, err := s.violations(invalid)
	if err != nil {
		return err
	}
	return s.refuse(violations)
}
