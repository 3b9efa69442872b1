package paramcheck_test

import (
	"errors"
	"testing"

	"github.com/openbroker/openbroker/internal/paramcheck"
)

// drafts are the values of $schema.
var drafts = map[string]string{
	"04":      "http://json-schema.org/draft-04/schema#",
	"06":      "http://json-schema.org/draft-06/schema#",
	"07":      "http://json-schema.org/draft-07/schema#",
	"2019-09": "https://json-schema.org/draft/2019-09/schema",
	"2020-12": "https://json-schema.org/draft/2020-12/schema",
}

// validate returns the error of the schema or, for a valid schema, of the
// parameters.
func validate(schema, parameters string) error {
	s, err := paramcheck.Compile([]byte(schema))
	if err != nil {
		return err
	}
	return s.Check([]byte(parameters))
}

func isInvalid(err error) bool {
	var invalid *paramcheck.InvalidError
	return errors.As(err, &invalid)
}

// description returns the text of err that users see.
func description(t *testing.T, err error) string {
	t.Helper()
	if !isInvalid(err) {
		t.Fatalf("no InvalidError: %v", err)
	}
	return err.Error()
}
