package paramcheck

import (
	"math"
	"math/big"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A fastPath accepts most valid parameters without decoding them, in a fraction of the time.
// It supports only the usual keywords, and never refuses: the library decides about other
// keywords, and describes the violations of invalid parameters.
type fastPath struct {
	anything bool
	// types is the set of allowed types.
	types kinds

	properties map[string]*fastPath
	// required has a bit for each required name. all is the union of the bits.
	required map[string]uint64
	all      uint64
	// closed forbids other properties; otherwise additional applies to them, if not
	// nil.
	closed     bool
	additional *fastPath

	items              *fastPath
	minItems, maxItems int

	limited              bool
	minLength, maxLength int
	pattern              *pattern
	// choices has the strings of an enum; nil without an enum.
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

// fastPathOf returns the fast path of a part of a schema, or nil if only the library
// supports the part.
func fastPathOf(s *jsonschema.Schema, made map[*jsonschema.Schema]*fastPath) *fastPath {
	for isReference(s) {
		s = s.Ref // checkChain refuses endless references.
	}
	if q, ok := made[s]; ok {
		return q
	}
	q := &fastPath{types: isAnything, maxItems: math.MaxInt, maxLength: math.MaxInt, minimum: math.MinInt64, maximum: math.MaxInt64}
	made[s] = q // A part below s may refer to s.
	switch {
	case s.Bool != nil:
		q.anything = true
		if !*s.Bool {
			return nil
		}
		return q
	case !onlySupported(s) || !q.ofScalars(s) || !q.ofObject(s, made) || !q.ofArray(s, made):
		return nil
	}
	return q
}

// onlySupported reports whether fastPath supports all keywords of a part.
func onlySupported(s *jsonschema.Schema) bool {
	return s.Ref == nil && s.RecursiveRef == nil && s.DynamicRef == nil && s.Const == nil && s.Not == nil &&
		len(s.AllOf) == 0 && len(s.AnyOf) == 0 && len(s.OneOf) == 0 && s.If == nil &&
		s.MinProperties == nil && s.MaxProperties == nil && s.PropertyNames == nil && len(s.PatternProperties) == 0 &&
		len(s.Dependencies) == 0 && len(s.DependentRequired) == 0 && len(s.DependentSchemas) == 0 &&
		s.UnevaluatedProperties == nil && s.UnevaluatedItems == nil && s.Contains == nil && len(s.PrefixItems) == 0 &&
		s.AdditionalItems == nil && s.ContentEncoding == nil && s.ContentMediaType == nil && s.ContentSchema == nil &&
		s.MultipleOf == nil && len(s.Extensions) == 0
}

func (q *fastPath) ofScalars(s *jsonschema.Schema) bool {
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
			return false // Compiling a pattern has a separate cost.
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

func (q *fastPath) ofObject(s *jsonschema.Schema, made map[*jsonschema.Schema]*fastPath) bool {
	if len(s.Required) > 64 {
		return false
	}
	q.required = make(map[string]uint64, len(s.Required))
	for i, name := range s.Required {
		q.required[name] |= 1 << i
		q.all |= 1 << i
		if _, ok := s.Properties[name]; !ok {
			return false // The scanner looks it up among the properties.
		}
	}
	q.properties = make(map[string]*fastPath, len(s.Properties))
	for name, part := range s.Properties {
		if q.properties[name] = fastPathOf(part, made); q.properties[name] == nil {
			return false
		}
	}
	switch additional := s.AdditionalProperties.(type) {
	case bool:
		q.closed = !additional
	case *jsonschema.Schema:
		if q.additional = fastPathOf(additional, made); q.additional == nil {
			return false
		}
	}
	return true
}

func (q *fastPath) ofArray(s *jsonschema.Schema, made map[*jsonschema.Schema]*fastPath) bool {
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
	q.items = fastPathOf(items, made)
	return q.items != nil
}

func set(field, value *int) {
	if value != nil {
		*field = *value
	}
}

// bound sets field to the value of a bound. It reports whether the value is an integer
// that fits into an int64.
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

// accepts reports whether an object is certainly valid.
func (q *fastPath) accepts(object []byte) bool {
	s := scanner{data: object}
	return s.value(q, maxDepth) && s.end()
}

// text reports whether a string without escapes is certainly valid.
func (q *fastPath) text(text []byte) bool {
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
