package paramcheck

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// describeKind describes what a keyword requires. It does not use the texts of the library,
// because some repeat the value.
func describeKind(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		return "must be " + oneOf(k.Want, article) + ", not " + article(k.Got)
	case *kind.Enum:
		return "must be " + oneOf(k.Want, fromSchema)
	case *kind.Const:
		return "must be " + fromSchema(k.Want)
	case *kind.Minimum:
		return "must be at least " + number(k.Want)
	case *kind.Maximum:
		return "must be at most " + number(k.Want)
	case *kind.ExclusiveMinimum:
		return "must be greater than " + number(k.Want)
	case *kind.ExclusiveMaximum:
		return "must be less than " + number(k.Want)
	case *kind.MultipleOf:
		return "must be a multiple of " + number(k.Want)
	case *kind.MinLength:
		return "must have at least " + count(k.Want, "character", "characters")
	case *kind.MaxLength:
		return "must have at most " + count(k.Want, "character", "characters")
	case *kind.Pattern:
		return "must match the pattern " + shorten(k.Want, maxShown)
	case *kind.Format:
		return "must be a valid " + shorten(k.Want, maxShown)
	default:
		return describeCollection(k)
	}
}

// describeCollection is describeKind for the keywords of objects and arrays, and for keywords
// that combine schemas.
func describeCollection(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.MinProperties:
		return "must have at least " + count(k.Want, "property", "properties")
	case *kind.MaxProperties:
		return "must have at most " + count(k.Want, "property", "properties")
	case *kind.MinItems:
		return "must have at least " + count(k.Want, "item", "items")
	case *kind.MaxItems:
		return "must have at most " + count(k.Want, "item", "items")
	case *kind.AdditionalItems:
		return "has " + count(k.Count, "item", "items") + " too many"
	case *kind.UniqueItems:
		return fmt.Sprintf("must not have equal items: %d and %d are", k.Duplicates[0], k.Duplicates[1])
	case *kind.Contains:
		return "must have an item of the kind that the schema requires"
	case *kind.MinContains:
		return "must have at least " + count(k.Want, "item", "items") + " of the kind that the schema requires"
	case *kind.MaxContains:
		return "must have at most " + count(k.Want, "item", "items") + " of the kind that the schema limits"
	case *kind.AnyOf:
		return "matches none of the alternatives of the schema"
	case *kind.OneOf:
		if len(k.Subschemas) > 0 {
			return "matches more than one of the alternatives of the schema"
		}
		return "matches none of the alternatives of the schema"
	case *kind.Not, *kind.FalseSchema:
		return "is not allowed"
	case *kind.RefCycle:
		return "a reference leads back to itself"
	default:
		return "is not valid"
	}
}

// article returns a JSON type with its article.
func article(name string) string {
	switch name {
	case "null":
		return name
	case "array", "integer", "object":
		return "an " + name
	default:
		return "a " + name
	}
}

// maxChoices bounds the shown values of an enum.
const maxChoices = 10

// oneOf lists the allowed values.
func oneOf[T any](choices []T, show func(T) string) string {
	shown := make([]string, 0, len(choices))
	for i, choice := range choices {
		if i == maxChoices {
			shown = append(shown, fmt.Sprintf("%d more", len(choices)-i))
			break
		}
		shown = append(shown, show(choice))
	}
	if len(shown) == 1 {
		return shown[0]
	}
	return strings.Join(shown[:len(shown)-1], ", ") + " or " + shown[len(shown)-1]
}

// fromSchema returns a value of the schema for a message.
func fromSchema(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		return "a value of the schema"
	}
	return shorten(string(encoded), maxShown/2)
}

// number returns a number of the schema for a message.
func number(r *big.Rat) string {
	if digits, exact := r.FloatPrec(); exact {
		return shorten(r.FloatString(digits), maxShown/2)
	}
	return shorten(r.RatString(), maxShown/2)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
