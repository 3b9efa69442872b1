package paramcheck

import (
	"encoding/json"
	"math/big"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// uniqueItems implements the keyword in linear time: equal values have the same text.
type uniqueItems struct{}

var _ jsonschema.SchemaExt = uniqueItems{}

// Validate reports the first repeated element.
func (uniqueItems) Validate(ctx *jsonschema.ValidatorContext, value any) {
	array, ok := value.([]any)
	if !ok {
		return
	}
	seen := make(map[string]int, len(array))
	var text []byte
	for i, element := range array {
		text = appendCanonical(text[:0], element)
		if first, ok := seen[string(text)]; ok {
			ctx.AddError(&kind.UniqueItems{Duplicates: [2]int{first, i}})
			return
		}
		seen[string(text)] = i
	}
}

// appendCanonical appends a text that is the same for two values if and only if they are
// equal: 1, 1.0 and 10e-1 are one number.
func appendCanonical(text []byte, value any) []byte {
	switch value := value.(type) {
	case map[string]any:
		text = append(text, '{')
		for _, name := range sortedNames(value) {
			text = append(strconv.AppendQuote(text, name), ':')
			text = append(appendCanonical(text, value[name]), ',')
		}
		return append(text, '}')
	case []any:
		text = append(text, '[')
		for _, element := range value {
			text = append(appendCanonical(text, element), ',')
		}
		return append(text, ']')
	case string:
		return strconv.AppendQuote(text, value)
	case json.Number:
		if rational, ok := new(big.Rat).SetString(string(value)); ok {
			return append(text, rational.RatString()...)
		}
		return append(text, value...)
	case bool:
		return strconv.AppendBool(text, value)
	default:
		return append(text, "null"...)
	}
}

func sortedNames(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
