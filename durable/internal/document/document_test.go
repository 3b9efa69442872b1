package document_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/openbroker/openbroker/durable/internal/document"
)

// documents are the documents with a golden file, each with all fields set. Every
// later version must read them: add a file for a new format, and keep the others.
func documents() map[string]func() document.Document {
	return map[string]func() document.Document{
		"instance":   func() document.Document { return new(document.Instance) },
		"binding":    func() document.Document { return new(document.Binding) },
		"operation":  func() document.Document { return new(document.Operation) },
		"checkpoint": func() document.Document { return new(document.Checkpoint) },
		"failure":    func() document.Document { return new(document.Failure) },
	}
}

func eachDocument(t *testing.T, test func(t *testing.T, golden []byte, empty func() document.Document)) {
	t.Helper()
	for name, empty := range documents() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden, err := os.ReadFile(filepath.Join("testdata", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			test(t, golden, empty)
		})
	}
}

func decode(t *testing.T, data []byte, d document.Document) document.Document {
	t.Helper()
	if err := document.Decode(data, d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestGoldenFiles(t *testing.T) {
	t.Parallel()
	eachDocument(t, func(t *testing.T, golden []byte, empty func() document.Document) {
		t.Helper()
		d := decode(t, golden, empty())
		encoded, err := document.Encode(d)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := json.Indent(&got, encoded, "", "  "); err != nil {
			t.Fatal(err)
		}
		got.WriteByte('\n')
		if !bytes.Equal(got.Bytes(), golden) {
			t.Errorf("the document is\n%s\nwant\n%s", got.Bytes(), golden)
		}
		for _, field := range zero(reflect.ValueOf(d).Elem(), "") {
			t.Errorf("the golden file does not set %s", field)
		}
	})
}

// zero returns the exported fields inside v that are not set.
func zero(v reflect.Value, name string) (fields []string) {
	switch {
	case v.IsZero():
		return []string{name}
	case v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.Struct:
		return zero(v.Elem(), name)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		return zero(v.Index(0), name)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if name != "" && field.Type == reflect.TypeFor[document.Header]() {
				continue // Only the outer document has a format.
			}
			fields = append(fields, zero(v.Field(i), name+"."+field.Name)...)
		}
	}
	return fields
}

// Early versions did not write a format.
func TestFormatAbsent(t *testing.T) {
	t.Parallel()
	eachDocument(t, func(t *testing.T, golden []byte, empty func() document.Document) {
		t.Helper()
		without := bytes.Replace(golden, []byte(`  "format": 1,`+"\n"), nil, 1)
		if len(without) == len(golden) {
			t.Fatal("the golden file has no format")
		}
		want, err := document.Encode(decode(t, golden, empty()))
		if err != nil {
			t.Fatal(err)
		}
		got, err := document.Encode(decode(t, without, empty()))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("without a format, the document is\n%s\nwant\n%s", got, want)
		}
	})
}

func TestNewerFormat(t *testing.T) {
	t.Parallel()
	eachDocument(t, func(t *testing.T, golden []byte, empty func() document.Document) {
		t.Helper()
		for what, data := range map[string][]byte{
			"a field of another type": []byte(`{"binding": 1, "description": 1, "parameters": 1, "plan_id": 1, "format": 3}`),
			"the same fields":         bytes.Replace(golden, []byte(`"format": 1`), []byte(`"format": 3`), 1),
		} {
			err := document.Decode(data, empty())
			if newer, ok := errors.AsType[*document.NewerFormatError](err); !ok || newer.Format != 3 || newer.Latest != 1 {
				t.Errorf("%s: the error is %v", what, err)
			}
		}
	})
	const want = "written by a newer openbroker: format 3, this binary reads up to 2"
	if got := (&document.NewerFormatError{Format: 3, Latest: 2}).Error(); got != want {
		t.Errorf("the error is %q, want %q", got, want)
	}
}

func TestDecodeInvalid(t *testing.T) {
	t.Parallel()
	for _, data := range []string{``, `{`, `[]`, `{"parameters":1}`, `{"maintenance_info":1}`, `{"maintenance_info":{"version":1}}`} {
		err := document.Decode([]byte(data), new(document.Instance))
		if _, newer := errors.AsType[*document.NewerFormatError](err); err == nil || newer {
			t.Errorf("%s: the error is %v", data, err)
		}
	}
}

func TestMaintenanceInfo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stored string
		want   document.MaintenanceInfo
	}{
		"version alone": {`{"version":"1.0.0"}`, document.MaintenanceInfo{Version: "1.0.0"}},
		"names that differ in case are extensions": {
			`{"Version":"2.0.0","version":"1.0.0"}`,
			document.MaintenanceInfo{Version: "1.0.0", Extensions: map[string]json.RawMessage{"Version": json.RawMessage(`"2.0.0"`)}},
		},
		"a null extension": {
			`{"vendor":null,"version":"1.0.0"}`,
			document.MaintenanceInfo{Version: "1.0.0", Extensions: map[string]json.RawMessage{"vendor": json.RawMessage("null")}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got document.MaintenanceInfo
			if err := json.Unmarshal([]byte(test.stored), &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if encoded, err := json.Marshal(&got); err != nil || string(encoded) != test.stored {
				t.Errorf("it is stored as %s, %v, want %s", encoded, err, test.stored)
			}
		})
	}
	empty := document.MaintenanceInfo{Version: "1.0.0", Extensions: map[string]json.RawMessage{"vendor": {}}}
	if encoded, err := json.Marshal(&empty); err != nil || string(encoded) != `{"vendor":null,"version":"1.0.0"}` {
		t.Errorf("an extension without a value is stored as %s, %v", encoded, err)
	}
}
