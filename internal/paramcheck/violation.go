package paramcheck

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/openbroker/openbroker/internal/jsonpointer"
)

// The bounds of a description: the number of violations, and the bytes of a pointer or of a
// text from the schema.
const (
	maxViolations = 10
	maxShown      = 120
)

// A violation is one fault of parameters. Its text comes from the schema, which is public,
// and never from the parameters.
type violation struct {
	path []string
	text string
}

// refuse returns the error for invalid parameters.
func (s *Schema) refuse(violations []violation) *InvalidError {
	slices.SortFunc(violations, func(a, b violation) int {
		return cmp.Or(slices.CompareFunc(a.path, b.path, compareTokens), strings.Compare(a.text, b.text))
	})
	violations = slices.CompactFunc(violations, func(a, b violation) bool {
		return a.text == b.text && slices.Equal(a.path, b.path)
	})
	var text strings.Builder
	plural := "s"
	if len(violations) == 1 {
		plural = ""
	}
	fmt.Fprintf(&text, "parameters: %d violation%s: ", len(violations), plural)
	for i, v := range violations[:min(len(violations), maxViolations)] {
		if i > 0 {
			text.WriteString("; ")
		}
		text.WriteString(pointer(v.path, s.names) + ": " + v.text)
	}
	if more := len(violations) - maxViolations; more > 0 {
		fmt.Fprintf(&text, "; and %d more", more)
	}
	return &InvalidError{text.String()}
}

// compareTokens orders the elements of an array by index. Tokens that look like an index come
// first, so that the order is total. It compares texts, because converting them to numbers
// is too slow.
func compareTokens(a, b string) int {
	switch x, y := isIndex(a), isIndex(b); {
	case x && y:
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	case x:
		return -1
	case y:
		return 1
	default:
		return strings.Compare(a, b)
	}
}

func isIndex(token string) bool { return token != "" && strings.Trim(token, "0123456789") == "" }

// violations lists the violations that the library found. It returns an error for a fault of
// the schema.
func (s *Schema) violations(e *jsonschema.ValidationError) ([]violation, error) {
	var found []violation
	var broken error
	var visit func(e *jsonschema.ValidationError)
	visit = func(e *jsonschema.ValidationError) {
		at := func(text string, more ...string) {
			found = append(found, violation{slices.Concat(e.InstanceLocation, more), text})
		}
		switch k := e.ErrorKind.(type) {
		case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf:
			for _, cause := range e.Causes {
				visit(cause)
			}
		case *kind.RefCycle, *kind.InvalidJsonValue:
			broken = errors.Join(broken, fmt.Errorf("%s cannot be applied: %s", pointerOf(e.SchemaURL), describeKind(k)))
		case *kind.Required:
			for _, name := range k.Missing {
				at("is required", name)
			}
		case *kind.DependentRequired:
			for _, name := range k.Missing {
				at("is required together with "+quoteName(k.Prop, s.names), name)
			}
		case *kind.Dependency:
			for _, name := range k.Missing {
				at("is required together with "+quoteName(k.Prop, s.names), name)
			}
		case *kind.AdditionalProperties:
			text := s.unknown(e.SchemaURL) // Make it once: there may be 100,000 names.
			for _, name := range k.Properties {
				at(text, name)
			}
		case *kind.PropertyNames:
			at("is not allowed as a name", k.Property)
		default:
			at(describeKind(k))
		}
	}
	visit(e)
	return found, broken
}

// unknown returns the message for a property that a part of the schema does not allow.
func (s *Schema) unknown(location string) string {
	part := s.parts[location]
	if part == nil || len(part.Properties) == 0 {
		return "is unknown: there are no properties here"
	}
	names := make([]string, 0, len(part.Properties))
	for name := range part.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	return "is unknown: the properties here are " + shorten(strings.Join(names, ", "), maxShown)
}

// pointer returns the JSON Pointer of a path. Names that are not in the schema come from the
// parameters, and may be misplaced secrets: pointer shows them only if they look like names.
// If known is nil, it shows all names.
func pointer(path []string, known map[string]bool) string {
	if len(path) == 0 {
		return "the whole object"
	}
	var text strings.Builder
	for _, token := range path {
		text.WriteByte('/')
		text.WriteString(jsonpointer.Escape(showName(token, known)))
	}
	return shortenMiddle(text.String(), maxShown)
}

func quoteName(name string, known map[string]bool) string {
	return strconv.Quote(showName(name, known))
}

// maxName bounds the length of shown names that are not in the schema.
const maxName = 32

func showName(name string, known map[string]bool) string {
	if known == nil || known[name] {
		return name
	}
	plain := name != "" && len(name) <= maxName && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == ""
	if plain {
		return name
	}
	return fmt.Sprintf("(a name of %d bytes)", len(name))
}

// collectNames adds the names of properties in a schema to into.
func collectNames(value any, into map[string]bool) {
	switch value := value.(type) {
	case map[string]any:
		for key, member := range value {
			switch member := member.(type) {
			case map[string]any:
				if key == "properties" || strings.HasPrefix(key, "depend") {
					for name := range member {
						into[name] = true
					}
				}
			case []any:
				if key == "required" {
					for _, name := range member {
						if name, ok := name.(string); ok {
							into[name] = true
						}
					}
				}
			}
			collectNames(member, into)
		}
	case []any:
		for _, element := range value {
			collectNames(element, into)
		}
	}
}

// shorten cuts a long text.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "..."
}

// shortenMiddle cuts a long text, but keeps its end.
func shortenMiddle(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit/2]+"..."+text[len(text)-limit/2:], "")
}
