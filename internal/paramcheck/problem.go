package paramcheck

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/openbroker/openbroker/internal/jsonpointer"
)

// maxProblems bounds the faults in the error of a schema, and maxSuspects the parts that
// are compiled separately to find them: each may cost as much as the whole schema.
const (
	maxProblems = 5
	maxSuspects = 20
)

// describeAll returns the faults of a schema that does not compile. The library stops at
// the first fault, in random order. Therefore describeAll compiles each suspect part
// separately.
func describeAll(compiler *jsonschema.Compiler, document map[string]any, err error) error {
	var invalid *jsonschema.SchemaValidationError
	if errors.As(err, &invalid) {
		return describeInvalid(invalid)
	}
	var found []string
	parts := suspects(document, "")
	for _, at := range parts[:min(len(parts), maxSuspects)] {
		if len(found) == maxProblems {
			break
		}
		if _, err := compiler.Compile(schemaURL + (&url.URL{Fragment: at}).String()); err != nil {
			if text := describeFault(err).Error(); !slices.Contains(found, text) {
				found = append(found, text)
			}
		}
	}
	if len(found) == 0 {
		return describeFault(err)
	}
	return errors.New(strings.Join(found, "; "))
}

// suspects returns the pointers of parts that have references or patterns as names. The
// deepest come first, so that they fail for their own faults.
func suspects(value any, at string) []string {
	var found []string
	switch value := value.(type) {
	case map[string]any:
		for _, name := range sortedNames(value) {
			switch name {
			case "enum", "const", "default", "examples": // These have values, not schemas.
			default:
				found = append(found, suspects(value[name], at+"/"+jsonpointer.Escape(name))...)
			}
		}
		for _, name := range []string{"$ref", "$dynamicRef", "$recursiveRef", "patternProperties"} {
			if _, ok := value[name]; ok {
				return append(found, at)
			}
		}
	case []any:
		for i, element := range value {
			found = append(found, suspects(element, at+"/"+strconv.Itoa(i))...)
		}
	}
	return found
}

// describeFault describes a fault, with its place if the library reports one.
func describeFault(err error) error {
	var (
		load    *jsonschema.LoadURLError
		pattern *jsonschema.InvalidRegexError
		missing *jsonschema.JSONPointerNotFoundError
		anchor  *jsonschema.AnchorNotFoundError
		invalid *jsonschema.SchemaValidationError
	)
	switch {
	case errors.As(err, &load):
		return fmt.Errorf("refers to another document, %q: the specification allows no external references, so copy the target into the schema", shorten(strings.TrimPrefix(load.URL, schemaBase), maxShown))
	case errors.As(err, &missing):
		return fmt.Errorf("refers to %s, which does not exist in the schema", pointerOf(missing.URL))
	case errors.As(err, &anchor):
		return fmt.Errorf("refers to %q, which does not exist in the schema", shorten(strings.TrimPrefix(anchor.Reference, schemaURL), maxShown))
	case errors.As(err, &pattern):
		return fmt.Errorf("%s: %w", pointerOf(pattern.URL), pattern.Err)
	case errors.As(err, &invalid):
		return describeInvalid(invalid)
	default:
		return fmt.Errorf("cannot be used: %s", shorten(strings.ReplaceAll(err.Error(), schemaURL, ""), 2*maxShown))
	}
}

// describeInvalid describes why a schema is not valid in its draft, once for each place.
func describeInvalid(err *jsonschema.SchemaValidationError) error {
	var invalid *jsonschema.ValidationError
	if !errors.As(err.Err, &invalid) {
		return fmt.Errorf("is not valid in its draft: %s", shorten(err.Err.Error(), 2*maxShown))
	}
	found := map[string]string{}
	collectFaults(invalid, found)
	var texts []string
	for _, place := range slices.Sorted(maps.Keys(found)) {
		if len(texts) == maxProblems {
			texts = append(texts, fmt.Sprintf("and %d more", len(found)-maxProblems))
			break
		}
		texts = append(texts, place+": "+found[place])
	}
	return fmt.Errorf("is not valid in its draft: %s", strings.Join(texts, "; "))
}

// collectFaults finds one fault for each place. Of several faults, such as those of
// alternatives, it keeps the first in the order of their texts, so that a list of allowed
// values wins.
func collectFaults(e *jsonschema.ValidationError, found map[string]string) {
	for _, cause := range e.Causes {
		collectFaults(cause, found)
	}
	if len(e.Causes) > 0 {
		return
	}
	place, text := pointer(e.InstanceLocation, nil), describeKind(e.ErrorKind)
	var wrong *patternError
	if f, ok := e.ErrorKind.(*kind.Format); ok && errors.As(f.Err, &wrong) {
		text = wrong.Error()
	}
	if other, ok := found[place]; !ok || text < other {
		found[place] = text
	}
}

// pointerOf returns the JSON Pointer of a location in the schema.
func pointerOf(location string) string {
	_, fragment, _ := strings.Cut(location, "#")
	if decoded, err := url.PathUnescape(fragment); err == nil {
		fragment = decoded
	}
	if fragment == "" {
		return "/"
	}
	return shorten(fragment, maxShown)
}
