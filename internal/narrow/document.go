package narrow

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/internal/jsonpointer"
)

// The drafts in the order of their publication.
const (
	draft4    = 4
	draft6    = 6
	draft7    = 7
	draft2019 = 2019
	draft2020 = 2020
)

// A document is a root schema with all its subschemas.
type document struct {
	root  any
	draft int
	// anchored marks a document with an id in a subschema. The comparison does
	// not follow references in it.
	anchored bool
	schemas  map[string]*schema
	// after marks the new schema.
	after bool
}

func newDocument(root any) *document {
	d := &document{root: root, draft: draft2020, schemas: map[string]*schema{}}
	if object, ok := root.(map[string]any); ok {
		uri, _ := object["$schema"].(string)
		for part, draft := range map[string]int{"/draft-04/": draft4, "/draft-06/": draft6, "/draft-07/": draft7, "/2019-09/": draft2019} {
			if strings.Contains(uri, part) {
				d.draft = draft
			}
		}
		for _, member := range object {
			d.anchored = d.anchored || anchored(member)
		}
	}
	return d
}

func anchored(value any) bool {
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			if anchored(element) {
				return true
			}
		}
	case map[string]any:
		for name, member := range value {
			if _, text := member.(string); text && (name == "$id" || name == "id") || anchored(member) {
				return true
			}
		}
	}
	return false
}

// at returns the schema at a pointer. value is the value at the pointer.
func (d *document) at(pointer string, value any) *schema {
	if s, ok := d.schemas[pointer]; ok {
		return s
	}
	s := parseSchema(d, pointer, value)
	d.schemas[pointer] = s
	return s
}

// resolve returns the target of a reference. ok is false if the target is not
// certain.
func (d *document) resolve(reference string) (*schema, bool) {
	fragment, local := strings.CutPrefix(reference, "#")
	if !local || d.anchored {
		return nil, false
	}
	pointer, err := url.PathUnescape(fragment)
	if err != nil || pointer != "" && pointer[0] != '/' {
		return nil, false
	}
	value := d.root
	for _, token := range strings.Split(pointer, "/")[1:] {
		var ok bool
		switch container := value.(type) {
		case map[string]any:
			value, ok = container[jsonpointer.Unescape(token)]
		case []any:
			i, err := strconv.Atoi(token)
			if ok = err == nil && i >= 0 && i < len(container) && strconv.Itoa(i) == token; ok {
				value = container[i]
			}
		}
		if !ok {
			return nil, false
		}
	}
	return d.at(pointer, value), true
}

// child returns a pointer below another pointer.
func child(pointer string, tokens ...string) string {
	var longer strings.Builder
	longer.WriteString(pointer)
	for _, token := range tokens {
		longer.WriteByte('/')
		longer.WriteString(jsonpointer.Escape(token))
	}
	return longer.String()
}

// A typeSet is a set of types of JSON values. 1.0 is an integer in all drafts: draft-04 says
// otherwise, but most of its validators cannot distinguish 1.0 from 1.
type typeSet uint8

const (
	typeNull typeSet = 1 << iota
	typeBoolean
	typeObject
	typeArray
	typeString
	typeInteger
	typeFraction

	typeNumber = typeInteger | typeFraction
	typeAny    = typeNull | typeBoolean | typeObject | typeArray | typeString | typeNumber
)

// typeGroups are the groups of types that a schema can distinguish.
var typeGroups = [...]struct {
	set  typeSet
	name string
}{
	{typeNull, "null"},
	{typeBoolean, "boolean"},
	{typeObject, "object"},
	{typeArray, "array"},
	{typeString, "string"},
	{typeInteger, "integer"},
	{typeFraction, "number"},
}

func typeNamed(name string) typeSet {
	if name == "number" {
		return typeNumber
	}
	for _, group := range typeGroups {
		if group.name == name {
			return group.set
		}
	}
	return 0
}

func typeOf(value any) typeSet {
	switch value := value.(type) {
	case nil:
		return typeNull
	case bool:
		return typeBoolean
	case map[string]any:
		return typeObject
	case []any:
		return typeArray
	case string:
		return typeString
	case json.Number:
		d, ok := parseDecimal(value)
		switch {
		case !ok:
			return typeNumber
		case d.whole():
			return typeInteger
		default:
			return typeFraction
		}
	default:
		return 0
	}
}
