package tree_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/openbroker/openbroker/internal/tree"
)

// Parse reads or refuses any document. Each tree can be encoded as JSON, and the tree
// of a JSON document has the values that package json decodes.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a: 1\n", "- [1, 2.50, {x: y}]\n", "{\"a\": [1e400, \"\\u00e9\\ud800\"], \"b\": null}", "a: |\n  b\n", "\ufeff\"x\"", "[[[]]]", "? a\n: b\n", "a: !!str 1", "'it''s'", "a: &x {b: 1}\nc: {<<: [*x, *x], b: *x}\n*x : 1\n", "a: &x [*x, {<<: *x}]\n"} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, isJSON bool) {
		name := "a.yaml"
		if isJSON {
			name = "a.json"
		}
		node, err := tree.Parse(name, data)
		if err != nil {
			var faults tree.Errors
			if !errors.As(err, &faults) || len(faults) == 0 {
				t.Fatalf("the error is %#v", err)
			}
			for _, fault := range faults {
				if fault.Line < 1 || fault.Column < 1 || fault.Message == "" {
					t.Errorf("fault %#v", fault)
				}
			}
			return
		}
		encoded := node.JSON()
		var got any
		if err := json.Unmarshal(encoded, &got); err != nil && json.Valid(encoded) {
			return // A number that is too large for a float.
		} else if err != nil {
			t.Fatalf("%v: %s", err, encoded)
		}
		if !isJSON {
			return
		}
		var want any
		if json.Unmarshal(data, &want) != nil || repeats(node) {
			return // Package json uses the last of two equal names.
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func repeats(node *tree.Node) bool {
	for range node.Repeated() {
		return true
	}
	for i := range node.Members {
		if repeats(node.Members[i].Value) {
			return true
		}
	}
	for _, element := range node.Elements {
		if repeats(element) {
			return true
		}
	}
	return false
}
