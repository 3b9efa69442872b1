package paramcheck

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The bounds of a schema. The specification limits the size (spec.md, "Input Parameters
// Schema Object"). Real schemas of parameters stay far below the other bounds.
const (
	maxSchemaSize = 64 << 10
	// maxChain bounds the chain of schemas that apply to one value, through $ref, allOf
	// and the like.
	maxChain = 100
)

// A Schema is a compiled schema of a catalog. It is safe for concurrent use.
type Schema struct {
	root *jsonschema.Schema
	// fast accepts most valid parameters quickly. It is nil if the fast path does not
	// support the schema.
	fast *fastPath
	// facts has the cost of each part of the schema.
	facts map[*jsonschema.Schema]*facts
	// parts has the parts by location.
	parts map[string]*jsonschema.Schema
	// names has all names of properties in the schema.
	names map[string]bool
}

// schemaURL is the URL of every schema in the compiler. It has a path, so that a relative
// reference resolves to another document.
const (
	schemaBase = "schema:///"
	schemaURL  = schemaBase + "parameters"
)

// Compile compiles a schema. $schema selects the draft: 04, which is the default, 06, 07,
// 2019-09 or 2020-12. Compile never loads other documents. The error lists the faults of
// the schema with their places.
func Compile(text json.RawMessage) (*Schema, error) {
	root, document, err := compileText(text)
	if err != nil {
		return nil, err
	}
	s := &Schema{
		root: root, facts: map[*jsonschema.Schema]*facts{},
		parts: map[string]*jsonschema.Schema{}, names: map[string]bool{},
	}
	if err := s.analyse(document); err != nil {
		return nil, err
	}
	s.fast = fastPathOf(root, map[*jsonschema.Schema]*fastPath{})
	return s, nil
}

// compileText compiles a schema with package jsonschema.
func compileText(text json.RawMessage) (*jsonschema.Schema, map[string]any, error) {
	if len(text) > maxSchemaSize {
		return nil, nil, fmt.Errorf("has %d bytes: the specification allows 64 kB (%d)", len(text), maxSchemaSize)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, nil, fmt.Errorf("is not valid JSON: %w", err)
	}
	document, ok := value.(map[string]any)
	if !ok {
		return nil, nil, errors.New("must be an object")
	}
	if problem := measure(value, new(extent)); problem != nil {
		return nil, nil, problem
	}
	draft := document["$schema"]
	if draft == nil {
		draft = draftURLs[0]
	}
	if name, ok := draft.(string); !ok || !slices.Contains(draftURLs, strings.TrimSuffix(strings.Replace(name, "https://", "http://", 1), "#")) {
		return nil, nil, errors.New(`$schema is not a supported draft: use one of "http://json-schema.org/draft-04/schema#", draft-06 and draft-07 in the same way, "https://json-schema.org/draft/2019-09/schema" and "https://json-schema.org/draft/2020-12/schema"`)
	}
	if err := checkDynamic(document); err != nil {
		return nil, nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft4)
	compiler.UseLoader(nil) // By default, the compiler would load files.
	compiler.UseRegexpEngine(compilePattern)
	if err := compiler.AddResource(schemaURL, document); err != nil {
		return nil, nil, describeFault(err)
	}
	root, err := compiler.Compile(schemaURL)
	if err != nil {
		return nil, nil, describeAll(compiler, document, err)
	}
	return root, document, nil
}

// draftURLs are the values of $schema, with http and without the # at the end.
var draftURLs = []string{
	"http://json-schema.org/draft-04/schema",
	"http://json-schema.org/draft-06/schema",
	"http://json-schema.org/draft-07/schema",
	"http://json-schema.org/draft/2019-09/schema",
	"http://json-schema.org/draft/2020-12/schema",
}

// checkDynamic refuses references whose target depends on the path to them. In a single
// document with one set of anchors, $dynamicRef and $recursiveRef mean the same as $ref,
// so that analyse can estimate their cost.
func checkDynamic(document map[string]any) error {
	var refs, anchors, resources, foreign int
	var visit func(value any, root bool)
	visit = func(value any, root bool) {
		switch value := value.(type) {
		case map[string]any:
			for name, member := range value {
				text, isText := member.(string)
				switch {
				case name == "$dynamicRef", name == "$recursiveRef":
					refs++
				case name == "$dynamicAnchor", name == "$recursiveAnchor":
					anchors++
				case name == "$id" && isText && !root && !strings.HasPrefix(text, "#"):
					resources++
				case name == "$ref" && isText && strings.Contains(text, "//json-schema.org/"):
					foreign++
				}
				visit(member, false)
			}
		case []any:
			for _, element := range value {
				visit(element, false)
			}
		}
	}
	visit(document, true)
	if refs+anchors > 0 && resources+foreign > 0 {
		return errors.New("uses $dynamicRef, $recursiveRef or their anchors across documents, so that the work of validation has no bound: use $ref")
	}
	return nil
}
