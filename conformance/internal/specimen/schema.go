package specimen

import (
	"encoding/json"
	"math/big"
	"unicode/utf8"
)

// satisfies reports whether parameters are valid by the schema. It supports only
// the keywords of [sizes].
func satisfies(parameters, schema object) bool {
	properties, _ := schema["properties"].(object)
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, given := parameters[name.(string)]; !given { //nolint:errcheck // The broker made the schema.
			return false
		}
	}
	for name, value := range parameters {
		property, defined := properties[name].(object)
		if !defined || !valueSatisfies(value, property) {
			return false
		}
	}
	return true
}

func valueSatisfies(value any, property object) bool {
	switch value := value.(type) {
	case json.Number:
		number, ok := new(big.Rat).SetString(string(value))
		return ok && property["type"] == "integer" && number.IsInt() &&
			number.Cmp(ratOf(property["minimum"])) >= 0 && number.Cmp(ratOf(property["maximum"])) <= 0
	case string:
		if property["type"] != "string" {
			return false
		}
		if values, ok := property["enum"].([]any); ok {
			for _, allowed := range values {
				if allowed == value {
					return true
				}
			}
			return false
		}
		length := utf8.RuneCountInString(value)
		return length >= property["minLength"].(int) && length <= property["maxLength"].(int) //nolint:errcheck // As above.
	default:
		return false
	}
}

func ratOf(value any) *big.Rat {
	return big.NewRat(int64(value.(int)), 1) //nolint:errcheck // The broker made the schema.
}
