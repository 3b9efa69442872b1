package message_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/openbroker/openbroker/provider/internal/message"
)

// valid returns what a schema below $defs says about a message.
func valid(t *testing.T, name string, text []byte) error {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(message.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json#/$defs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return compiled.Validate(value)
}

func validate(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := valid(t, name, text); err != nil {
		t.Errorf("%s: %v", text, err)
	}
}

type object = map[string]any

// The schema has the members of the Go types, with their JSON types. Members without
// omitempty are required in requests.
func TestSchemaDescribesTheTypes(t *testing.T) {
	t.Parallel()
	var schema object
	if err := json.Unmarshal(message.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	s := &schemas{t: t, definitions: schema["$defs"].(object)}
	s.compare("request", s.definition("request"), reflect.TypeFor[message.Request](), true)
	s.compare("line", s.definition("line"), reflect.TypeFor[message.Line](), false)
	s.compare("callback", s.definition("callback"), reflect.TypeFor[message.Callback](), true)
	s.compare("cancel", s.definition("cancel"), reflect.TypeFor[message.Cancel](), true)
	s.compare("acknowledgement", s.definition("acknowledgement"), reflect.TypeFor[message.Acknowledgement](), true)

	// Together, the answers have all members of the type.
	all := object{}
	for _, name := range []string{"provision_answer", "bind_answer", "deletion_answer", "list_answer", "failure"} {
		for member, inner := range s.definition(name)["properties"].(object) {
			if all[member] == nil || s.resolve(inner.(object))["type"] != "null" {
				all[member] = inner
			}
		}
	}
	s.compare("answer", object{"properties": all}, reflect.TypeFor[message.Answer](), false)
}

type schemas struct {
	t           *testing.T
	definitions object
}

func (s *schemas) definition(name string) object {
	d, ok := s.definitions[name].(object)
	if !ok {
		s.t.Fatalf("$defs has no %s", name)
	}
	return d
}

func (s *schemas) resolve(schema object) object {
	if ref, ok := schema["$ref"].(string); ok {
		return s.definition(strings.TrimPrefix(ref, "#/$defs/"))
	}
	return schema
}

func (s *schemas) compare(path string, schema object, of reflect.Type, required bool) {
	properties, _ := schema["properties"].(object)
	var want, must []string
	for i := range of.NumField() {
		field := of.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		want = append(want, name)
		if options == "" && field.Name != "Extensions" {
			must = append(must, name)
		}
		inner, ok := properties[name].(object)
		if !ok {
			s.t.Errorf("%s: the schema has no %s", path, name)
			continue
		}
		s.value(path+"."+name, s.resolve(inner), field.Type, required)
	}
	for name := range properties {
		if !slices.Contains(want, name) {
			s.t.Errorf("%s: the type has no %s", path, name)
		}
	}
	if required {
		var got []string
		for _, name := range schema["required"].([]any) {
			got = append(got, name.(string))
		}
		if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(must))) {
			s.t.Errorf("%s: the schema requires %v, the type has always %v", path, got, must)
		}
	}
}

func (s *schemas) value(path string, schema object, of reflect.Type, required bool) {
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	var want string
	switch {
	case of == reflect.TypeFor[json.RawMessage]():
		return
	case of == reflect.TypeFor[time.Time]():
		want = "string"
	case of.Kind() == reflect.Struct && of.Name() == "MaintenanceInfo":
		want = "object"
	case of.Kind() == reflect.Struct:
		s.compare(path, schema, of, required)
		want = "object"
	case of.Kind() == reflect.Map:
		want = "object"
	case of.Kind() == reflect.Slice:
		want = "array"
		if items, ok := schema["items"].(object); ok {
			s.value(path+"[]", items, of.Elem(), required)
		}
	case of.Kind() == reflect.String:
		want = "string"
	case of.Kind() == reflect.Bool:
		want = "boolean"
	case of.Kind() == reflect.Float64:
		want = "number"
	default:
		want = "integer"
	}
	if schema["const"] != nil || schema["enum"] != nil {
		return
	}
	is := schema["type"] == want
	if several, ok := schema["type"].([]any); ok {
		is = several[0] == want
	}
	if !is {
		s.t.Errorf("%s: the schema has the type %v, want %s", path, schema["type"], want)
	}
}

// The decoder and the schema accept the same answers, apart from what a schema cannot say.
func FuzzDecodeAnswer(f *testing.F) {
	for i, text := range []string{
		"{}", `{"credentials":{"a":[1,null]},"state":null}`, `{"error":{"status":422,"description":"x"},"retry_after":3}`,
		`{"dashboard_url":"u","metadata":{"labels":{}}}`, `{"endpoints":[{"host":"h","ports":["1"]}],"expires_at":"2030-01-01T00:00:00Z"}`,
		`{"resources":["a"]}`, `{"volume_mounts":[{"device":{"mount_config":{}}}]}`, `{"version":1,"x":1}`, `{"a":1,"a":1}`, `{"retry_after":1e400}`,
	} {
		f.Add(uint8(i), text)
	}
	f.Fuzz(func(t *testing.T, index uint8, text string) {
		operation := message.Operations()[int(index)%len(message.Operations())]
		a, err := message.DecodeAnswer(operation, []byte(text))
		var problems message.DecodeErrors
		if err != nil && (!errors.As(err, &problems) || len(problems) == 0 || problems[0].Line < 1 || problems[0].Column < 1) {
			t.Fatalf("the error is %#v", err)
		}
		if err != nil {
			return
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "\ufeff")), &members); err != nil {
			t.Fatal(err)
		}
		for name, raw := range members {
			if string(raw) == "null" { // It counts as absent.
				delete(members, name)
			}
		}
		plain, _ := json.Marshal(members)
		accepted := false
		for _, name := range operation.AnswerDefinitions() {
			accepted = accepted || valid(t, name, plain) == nil
		}
		if !accepted && a.ExpiresAt.IsZero() && a.RenewBefore.IsZero() {
			t.Errorf("%s: only the decoder accepts %s", operation, plain)
		}
		again, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := message.DecodeAnswer(operation, again); err != nil || !reflect.DeepEqual(a.Credentials, b.Credentials) {
			t.Errorf("%s becomes %s: %v", text, again, err)
		}
	})
}

func FuzzDecodeCallback(f *testing.F) {
	for _, text := range []string{
		`{"message":"m","answer":{}}`, `{"message":"m","line":{"description":"x"}}`, `{"message":"m","answer":null,"line":{}}`, `{"answer":{}}`,
		`{"message":"m","answer":[],"line":[]}`, `{"message":5}`, "[]",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := message.DecodeCallback([]byte(text))
		if err == nil && (c.Message == "" || (c.Answer == nil) == (c.Line == nil) || c.Answer != nil && !json.Valid(c.Answer)) {
			t.Errorf("%q: %+v", text, c)
		}
	})
}

func FuzzDecodeLine(f *testing.F) {
	for _, text := range []string{`{"description":"x"}`, `{"checkpoint":[1,{"a":null}]}`, `{"checkpoint":null}`, "{", "5", `{"checkpoint":1,"x":1}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line, err := message.DecodeLine([]byte(text))
		if err == nil && (line.Description == "" && line.Checkpoint == nil || line.Checkpoint != nil && !json.Valid(line.Checkpoint)) {
			t.Errorf("%q: %+v", text, line)
		}
	})
}
