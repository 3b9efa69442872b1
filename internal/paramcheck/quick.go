package paramcheck

import (
	"math"
	"math/big"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A quick accepts most valid parameters without decoding them, in a fraction of
// the time. It knows the keywords that most schemas consist of. Whatever is
// beyond it, and all that is not valid, is left to the library, which also says
// what is wrong: quick only ever says yes.
type quick struct {
	anything bool
	// types are the types that are allowed, as bits.
	types kinds

	properties map[string]*quick
	// required has a bit for each name, and all is their union.
	required map[string]uint64
	all      uint64
	// closed says that no other properties are allowed; otherwise additional, if
	// not nil, applies to them.
	closed     bool
	additional *quick

	items              *quick
	minItems, maxItems int

	limited              bool
	minLength, maxLength int
	pattern              *pattern
	// choices are the strings of an enum; nil for no enum.
	choices map[string]bool
	format  func(any) error

	bounded          bool
	minimum, maximum int64
}

// kinds is a set of types.
type kinds uint8

const (
	isNull kinds = 1 << iota
	isBoolean
	isInteger
	isNumber
	isString
	isArray
	isObject
	isAnything kinds = 1<<iota - 1
)

var kindNames = map[string]kinds{
	"null": isNull, "boolean": isBoolean, "integer": isInteger, "number": isNumber | isInteger,
	"string": isString, "array": isArray, "object": isObject,
}

// quickOf returns what accepts for a part, or nil if it has to be left to the
// library.
func quickOf(s *jsonschema.Schema, made map[*jsonschema.Schema]*quick) *quick {
	for isReference(s) {
		s = s.Ref // There is an end to it, see checkChain.
	}
	if q, ok := made[s]; ok {
		return q
	}
	q := &quick{types: isAnything, maxItems: math.MaxInt, maxLength: math.MaxInt, minimum: math.MinInt64, maximum: math.MaxInt64}
	made[s] = q // A part below itself finds it here.
	switch {
	case s.Bool != nil:
		q.anything = true
		if !*s.Bool {
			return nil
		}
		return q
	case !onlyQuick(s) || !q.ofScalars(s) || !q.ofObject(s, made) || !q.ofArray(s, made):
		return nil
	}
	return q
}

// onlyQuick reports whether a part has no keyword that quick does not know.
func onlyQuick(s *jsonschema.Schema) bool {
	return s.Ref == nil && s.RecursiveRef == nil && s.DynamicRef == nil && s.Const == nil && s.Not == nil &&
		len(s.AllOf) == 0 && len(s.AnyOf) == 0 && len(s.OneOf) == 0 && s.If == nil &&
		s.MinProperties == nil && s.MaxProperties == nil && s.PropertyNames == nil && len(s.PatternProperties) == 0 &&
		len(s.Dependencies) == 0 && len(s.DependentRequired) == 0 && len(s.DependentSchemas) == 0 &&
		s.UnevaluatedProperties == nil && s.UnevaluatedItems == nil && s.Contains == nil && len(s.PrefixItems) == 0 &&
		s.AdditionalItems == nil && s.ContentEncoding == nil && s.ContentMediaType == nil && s.ContentSchema == nil &&
		s.MultipleOf == nil && len(s.Extensions) == 0
}

func (q *quick) ofScalars(s *jsonschema.Schema) bool {
	if s.Types != nil && !s.Types.IsEmpty() {
		q.types = 0
		for _, name := range s.Types.ToStrings() {
			q.types |= kindNames[name]
		}
	}
	if s.Enum != nil {
		q.choices = map[string]bool{}
		for _, value := range s.Enum.Values {
			text, ok := value.(string)
			if !ok {
				return false
			}
			q.choices[text] = true
		}
		q.types &= isString
	}
	if s.Pattern != nil {
		p, ok := s.Pattern.(*pattern)
		if !ok {
			return false
		}
		q.pattern = p
	}
	if s.Format != nil {
		if s.Format.Name == "regex" {
			return false // It has a cost of its own.
		}
		q.format = s.Format.Validate
	}
	q.limited = s.MinLength != nil || s.MaxLength != nil
	set(&q.minLength, s.MinLength)
	set(&q.maxLength, s.MaxLength)
	q.bounded = s.Minimum != nil || s.Maximum != nil || s.ExclusiveMinimum != nil || s.ExclusiveMaximum != nil
	var above, below int64
	if !bound(&q.minimum, s.Minimum) || !bound(&q.maximum, s.Maximum) || !bound(&above, s.ExclusiveMinimum) || !bound(&below, s.ExclusiveMaximum) {
		return false
	}
	if s.ExclusiveMinimum != nil {
		if above == math.MaxInt64 {
			return false
		}
		q.minimum = max(q.minimum, above+1)
	}
	if s.ExclusiveMaximum != nil {
		if below == math.MinInt64 {
			return false
		}
		q.maximum = min(q.maximum, below-1)
	}
	return true
}

func (q *quick) ofObject(s *jsonschema.Schema, made map[*jsonschema.Schema]*quick) bool {
	if len(s.Required) > 64 {
		return false
	}
	q.required = make(map[string]uint64, len(s.Required))
	for i, name := range s.Required {
		q.required[name] |= 1 << i
		q.all |= 1 << i
		if _, ok := s.Properties[name]; !ok {
			return false // It is looked up among the properties.
		}
	}
	q.properties = make(map[string]*quick, len(s.Properties))
	for name, part := range s.Properties {
		if q.properties[name] = quickOf(part, made); q.properties[name] == nil {
			return false
		}
	}
	switch additional := s.AdditionalProperties.(type) {
	case bool:
		q.closed = !additional
	case *jsonschema.Schema:
		if q.additional = quickOf(additional, made); q.additional == nil {
			return false
		}
	}
	return true
}

func (q *quick) ofArray(s *jsonschema.Schema, made map[*jsonschema.Schema]*quick) bool {
	set(&q.minItems, s.MinItems)
	set(&q.maxItems, s.MaxItems)
	items := s.Items2020
	switch all := s.Items.(type) {
	case nil:
	case *jsonschema.Schema:
		items = all
	default:
		return false
	}
	if items == nil {
		return true
	}
	q.items = quickOf(items, made)
	return q.items != nil
}

func set(field, value *int) {
	if value != nil {
		*field = *value
	}
}

// bound reports whether a bound is a whole number that fits.
func bound(field *int64, value *big.Rat) bool {
	if value == nil {
		return true
	}
	if !value.IsInt() || !value.Num().IsInt64() {
		return false
	}
	*field = value.Num().Int64()
	return true
}

// accepts reports whether an object is valid for sure.
func (q *quick) accepts(object []byte) bool {
	s := scanner{data: object}
	return s.value(q, maxDepth) && s.end()
}

// text reports whether a string without escapes is valid for sure.
func (q *quick) text(text []byte) bool {
	if q.types&isString == 0 || q.choices != nil && !q.choices[string(text)] {
		return false
	}
	if q.limited {
		if n := utf8.RuneCount(text); n < q.minLength || n > q.maxLength {
			return false
		}
	}
	return (q.pattern == nil || q.pattern.Match(text)) && (q.format == nil || q.format(string(text)) == nil)
}
