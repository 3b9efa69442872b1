package structschema

import (
	"encoding"
	"encoding/json"
	"net/url"
	"reflect"
	"time"

	"github.com/invopop/jsonschema"
)

// A kind is the kind of a type in JSON.
type kind string

const (
	kindStruct  kind = "an object"
	kindMap     kind = "a map"
	kindArray   kind = "an array"
	kindText    kind = "a string"
	kindNumber  kind = "a number"
	kindInteger kind = "an integer"
	kindBoolean kind = "a boolean"
	// kindAny is for interfaces and raw messages, kindCustom for types that describe
	// themselves.
	kindAny    kind = "any value"
	kindCustom kind = "a value that describes itself"
	// The other kinds have no schema.
	kindMarshaler kind = "a type with MarshalJSON"
	kindNone      kind = "a type without a schema"
)

var (
	timeType   = reflect.TypeFor[time.Time]()
	numberType = reflect.TypeFor[json.Number]()
	rawType    = reflect.TypeFor[json.RawMessage]()
	urlType    = reflect.TypeFor[url.URL]()

	customType = reflect.TypeFor[interface{ JSONSchema() *jsonschema.Schema }]()
	aliasType  = reflect.TypeFor[interface{ JSONSchemaAlias() any }]()
)

// kindOf returns the kind of a type that is not a pointer, as encoding/json encodes it.
func kindOf(t reflect.Type) kind {
	switch {
	case t.Implements(customType), t.Implements(aliasType):
		return kindCustom
	case t == timeType:
		return kindText
	case t == numberType:
		return kindNumber
	case t == rawType:
		return kindAny
	case t == urlType:
		return kindNone // encoding/json encodes its fields.
	case implements[json.Marshaler](t):
		return kindMarshaler
	case implements[encoding.TextMarshaler](t):
		return kindText
	}
	switch t.Kind() {
	case reflect.Struct:
		return kindStruct
	case reflect.Map:
		return kindMap
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return kindText // in Base64
		}
		return kindArray
	case reflect.Array:
		return kindArray
	case reflect.String:
		return kindText
	case reflect.Bool:
		return kindBoolean
	case reflect.Float32, reflect.Float64:
		return kindNumber
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return kindInteger
	case reflect.Interface:
		return kindAny
	default:
		return kindNone
	}
}

// implements reports whether addressable values of the type have the methods of I, as
// encoding/json checks.
func implements[I any](t reflect.Type) bool {
	return t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(reflect.TypeFor[I]())
}
