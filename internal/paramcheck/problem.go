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

// maxProblems bounds how much of what is wrong with a schema is told, and
// maxSuspects for how many parts it is found out: each may cost as much as the whole
// schema.
const (
	maxProblems = 5
	maxSuspects = 20
)

// describeAll says what is wrong with a schema that does not compile. The library
// stops at the first fault, and which one that is changes from time to time: the
// parts that can be at fault are compiled one by one.
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

// suspects returns the pointers of parts that refer to others or have patterns as
// names, the deepest first: they fail for themselves, and not for what is in them.
func suspects(value any, at string) []string {
	var found []string
	switch value := value.(type) {
	case map[string]any:
		for _, name := range sortedNames(value) {
			switch name {
			case "enum", "const", "default", "examples": // What is in there is no schema.
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

// describeFault says what a fault is, and where if that is not plain.
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
		return fmt.Errorf("refers to another document, %q: the specification allows no external references, so copy what is needed into the schema", shorten(strings.TrimPrefix(load.URL, schemaBase), maxShown))
	case errors.As(err, &missing):
		return fmt.Errorf("refers to %s, which does not exist in it", pointerOf(missing.URL))
	case errors.As(err, &anchor):
		return fmt.Errorf("refers to %q, which does not exist in it", shorten(strings.TrimPrefix(anchor.Reference, schemaURL), maxShown))
	case errors.As(err, &pattern):
		return fmt.Errorf("%s: %w", pointerOf(pattern.URL), pattern.Err)
	case errors.As(err, &invalid):
		return describeInvalid(invalid)
	default:
		return fmt.Errorf("cannot be used: %s", shorten(strings.ReplaceAll(err.Error(), schemaURL, ""), 2*maxShown))
	}
}

// describeInvalid says why a schema is none of its draft, once for each place.
func describeInvalid(err *jsonschema.SchemaValidationError) error {
	var invalid *jsonschema.ValidationError
	if !errors.As(err.Err, &invalid) {
		return fmt.Errorf("is no schema of its draft: %s", shorten(err.Err.Error(), 2*maxShown))
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
	return fmt.Errorf("is no schema of its draft: %s", strings.Join(texts, "; "))
}

// collectFaults finds a fault for each place. Where there are several, as those of
// alternatives, the one stays that says what is possible, or else the first.
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

// pointerOf is the JSON Pointer into the schema that a location has.
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
