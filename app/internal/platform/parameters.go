package platform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/catalog"
)

// parameterFlags are the flags for parameters.
type parameterFlags struct {
	config string
	pairs  []string
}

func (f *parameterFlags) add(command *cobra.Command) {
	command.Flags().StringVarP(&f.config, "config", "c", "", "parameters as a JSON object, `@FILE`, or - for the standard input (other users can see the command line: use a file for secrets)")
	command.Flags().StringArrayVarP(&f.pairs, "param", "p", nil, "one parameter as `KEY=VALUE`, converted to the type in the schema of the plan; KEY:=JSON takes JSON")
}

// read returns the parameters, validated against the schema. It returns nil without
// parameters.
func (f *parameterFlags) read(stdin io.Reader, schema *openbroker.InputParametersSchema) (openbroker.Parameters, error) {
	if f.config == "" && len(f.pairs) == 0 {
		return nil, nil
	}
	members := map[string]json.RawMessage{}
	if f.config != "" {
		text, err := f.readConfig(stdin)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &members); err != nil || members == nil {
			return nil, usage("the parameters of --config are not a JSON object%s", errorPosition(text, err))
		}
	}
	types := propertiesOf(schema)
	for _, pair := range f.pairs {
		key, value, err := parsePair(pair, types)
		if err != nil {
			return nil, err
		}
		members[key] = value
	}
	encoded, err := json.Marshal(members)
	if err != nil {
		return nil, usage("the parameters are not valid: %w", err)
	}
	if schema != nil && len(schema.Parameters) > 0 {
		err := catalog.NewValidator().ValidateParameters(schema.Parameters, encoded)
		var invalid *openbroker.Error
		if errors.As(err, &invalid) {
			return nil, usage("the plan does not take these parameters; nothing was sent: %s", invalid.Description)
		}
		// The broker decides what an unusable schema means.
	}
	return encoded, nil
}

func (f *parameterFlags) readConfig(stdin io.Reader) ([]byte, error) {
	switch {
	case f.config == "-":
		text, err := io.ReadAll(io.LimitReader(stdin, 1<<20))
		if err != nil {
			return nil, usage("read the parameters: %w", err)
		}
		if len(bytes.TrimSpace(text)) == 0 {
			return nil, usage("--config - reads a JSON object from the standard input, which is empty")
		}
		return text, nil
	case f.config == "@":
		return nil, usage("--config @FILE needs the name of a file after the @")
	case strings.HasPrefix(f.config, "@"):
		text, err := os.ReadFile(f.config[1:])
		if err != nil {
			return nil, usage("%w", err)
		}
		return text, nil
	case strings.HasPrefix(strings.TrimSpace(f.config), "{"):
		return []byte(f.config), nil
	}
	// cf accepts the name of a file without @.
	text, err := os.ReadFile(f.config)
	if err != nil {
		return nil, usage("--config takes a JSON object, @FILE, or -")
	}
	return text, nil
}

// errorPosition returns the position of a syntax error and its message, without the text
// around it, which may be secret.
func errorPosition(text []byte, err error) string {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return ""
	}
	before := text[:min(int(syntax.Offset), len(text))]
	line := bytes.Count(before, []byte("\n")) + 1
	return fmt.Sprintf(": line %d, column %d: %v", line, len(before)-bytes.LastIndexByte(before, '\n')-1, syntax)
}

// propertiesOf returns the types of the properties of a schema. It returns nil if the
// schema has no properties.
func propertiesOf(schema *openbroker.InputParametersSchema) map[string][]string {
	if schema == nil {
		return nil
	}
	var parsed struct {
		Properties map[string]struct {
			Type json.RawMessage `json:"type"`
		} `json:"properties"`
	}
	if json.Unmarshal(schema.Parameters, &parsed) != nil || parsed.Properties == nil {
		return nil
	}
	types := map[string][]string{}
	for name, property := range parsed.Properties {
		var one string
		var several []string
		if json.Unmarshal(property.Type, &one) == nil {
			several = []string{one}
		} else {
			_ = json.Unmarshal(property.Type, &several)
		}
		types[name] = several
	}
	return types
}

// parsePair parses KEY=VALUE or KEY:=JSON.
func parsePair(pair string, types map[string][]string) (string, json.RawMessage, error) {
	key, value, found := strings.Cut(pair, "=")
	if !found || key == "" || key == ":" {
		return "", nil, usage("--param takes KEY=VALUE; %q has no %s", output.Printable(shorten(key)), map[bool]string{true: "key", false: "="}[found])
	}
	if name, raw := strings.CutSuffix(key, ":"); raw {
		if !json.Valid([]byte(value)) {
			return "", nil, usage("--param %s:= takes JSON, and its value is not valid JSON", output.Printable(name))
		}
		return name, json.RawMessage(value), nil
	}
	wanted, known := types[key]
	if types != nil && !known {
		// The validation decides whether the schema allows other properties.
		wanted = nil
	}
	encoded, ok := typed(value, wanted)
	if !ok {
		return "", nil, usage("--param %s must be %s", output.Printable(key), strings.Join(wanted, " or "))
	}
	return key, encoded, nil
}

func shorten(text string) string {
	if runes := []rune(text); len(runes) > 20 {
		return string(runes[:20]) + "…"
	}
	return text
}

// typed encodes a value as the first type that it fits. Without types, numbers, true,
// false and null keep their JSON types. Numbers keep their digits.
func typed(value string, types []string) (json.RawMessage, bool) {
	if len(types) == 0 {
		types = []string{"number", "boolean", "null", "string"}
	}
	// Any value fits a string, so it comes last.
	ordered := slices.Clone(types)
	slices.SortStableFunc(ordered, func(a, b string) int {
		return map[bool]int{true: 1}[a == "string"] - map[bool]int{true: 1}[b == "string"]
	})
	raw := json.RawMessage(strings.TrimSpace(value))
	kind := ""
	if json.Valid(raw) {
		kind = kindOf(raw)
	}
	for _, want := range ordered {
		switch {
		case want == "string":
			encoded, err := json.Marshal(value)
			return encoded, err == nil
		case want == kind, want == "integer" && kind == "number":
			return raw, true
		}
	}
	return nil, false
}

func kindOf(valid json.RawMessage) string {
	switch valid[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "quoted"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	default:
		return "number"
	}
}

// The following functions return a schema of a plan, or nil.

func createSchema(p *openbroker.Plan) *openbroker.InputParametersSchema {
	if p == nil || p.Schemas == nil || p.Schemas.ServiceInstance == nil {
		return nil
	}
	return p.Schemas.ServiceInstance.Create
}

func updateSchema(p *openbroker.Plan) *openbroker.InputParametersSchema {
	if p == nil || p.Schemas == nil || p.Schemas.ServiceInstance == nil {
		return nil
	}
	return p.Schemas.ServiceInstance.Update
}

func bindSchema(p *openbroker.Plan) *openbroker.InputParametersSchema {
	if p == nil || p.Schemas == nil || p.Schemas.ServiceBinding == nil {
		return nil
	}
	return p.Schemas.ServiceBinding.Create
}

// parameterNames returns the candidates for the completion of -p.
func parameterNames(schema *openbroker.InputParametersSchema) []string {
	names := slices.Sorted(maps.Keys(propertiesOf(schema)))
	for i := range names {
		names[i] += "="
	}
	return names
}
