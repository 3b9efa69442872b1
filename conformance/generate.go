package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// generateFor generates parameters for a plan from its schemas. A plan without
// a schema gets no parameters.
func generateFor(plan map[string]any) planParameters {
	var p planParameters
	p.provision, p.otherProvision, p.invalidProvision = generateAll(schemaOf(plan, createSchema))
	p.bind, p.otherBind, p.invalidBind = generateAll(schemaOf(plan, bindSchema))
	if schema := schemaOf(plan, updateSchema); schema != nil {
		var other map[string]any
		p.update, other, p.invalidUpdate = generateAll(schema)
		if other != nil {
			p.update = other // Prefer an update that changes something.
		}
	}
	return p
}

// generateAll generates valid parameters, other valid parameters that differ
// from them, and parameters that are certainly invalid. Each may be nil.
func generateAll(schema map[string]any) (valid, other, invalid map[string]any) {
	if schema == nil {
		// Without a schema the valid parameters are unknown. An unknown parameter
		// makes a second set that differs.
		return nil, map[string]any{"conformance": "05bc4ec0"}, nil
	}
	first, _ := (&generator{root: schema}).value(schema, 0).(map[string]any)
	for variant := 1; variant <= 3; variant++ {
		second, _ := (&generator{root: schema, variant: variant}).value(schema, 0).(map[string]any)
		if second != nil && canonical(second) != canonical(first) {
			other = second
			break
		}
	}
	if len(first) > 0 {
		valid = first
	}
	return valid, other, invalidate(schema, first)
}

// invalidate violates the schema in a way that every validator detects: with a
// property of another type, or without a required property.
func invalidate(schema, valid map[string]any) map[string]any {
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range sorted(properties) {
		property, _ := properties[name].(map[string]any)
		broken := maps.Clone(valid)
		if broken == nil {
			broken = map[string]any{}
		}
		switch property["type"] {
		case "string", "integer", "number", "boolean":
			broken[name] = map[string]any{"not": "a " + fmt.Sprint(property["type"])}
		case "object", "array":
			broken[name] = "neither object nor array"
		default:
			continue
		}
		return broken
	}
	if required, _ := schema["required"].([]any); len(required) > 0 {
		broken := maps.Clone(valid)
		if name, ok := required[0].(string); ok {
			delete(broken, name)
			return broken
		}
	}
	return nil
}

// Limits on the generated values.
const (
	maxGenerateDepth  = 12
	maxGenerateLength = 4096
	maxGenerateItems  = 64
	maxGenerateValues = 10_000
)

// A generator generates a value that is valid by the keywords of the schema
// that it supports. It ends and does not panic for any schema.
type generator struct {
	root map[string]any
	// variant is 0 for the simplest value. Other variants change values and add
	// optional properties.
	variant int
	// made counts the values, to limit the work on any schema.
	made int
}

func (g *generator) value(schema any, depth int) any {
	g.made++
	object, ok := schema.(map[string]any)
	if !ok || depth > maxGenerateDepth || g.made > maxGenerateValues {
		return map[string]any{}
	}
	object = g.merged(object, 0)
	if value, found := object["const"]; found {
		return value
	}
	if values, _ := object["enum"].([]any); len(values) > 0 {
		return values[min(g.variant, len(values)-1)]
	}
	if g.variant == 0 {
		if value, found := object["default"]; found {
			return value
		}
		if values, _ := object["examples"].([]any); len(values) > 0 {
			return values[0]
		}
	}
	switch g.kindOf(object) {
	case "string":
		return g.string(object)
	case "integer":
		return g.number(object, true)
	case "number":
		return g.number(object, false)
	case "boolean":
		return g.variant%2 == 1
	case "null":
		return nil
	case "array":
		return g.array(object, depth)
	default:
		return g.object(object, depth)
	}
}

// merged resolves a local $ref and merges allOf and the first alternative of
// anyOf and oneOf.
func (g *generator) merged(schema map[string]any, depth int) map[string]any {
	g.made++
	if depth > maxGenerateDepth || g.made > maxGenerateValues {
		return schema
	}
	result := maps.Clone(schema)
	take := func(part any) {
		inner, ok := part.(map[string]any)
		if !ok {
			return
		}
		for name, value := range g.merged(inner, depth+1) {
			result[name] = combined(name, result[name], value)
		}
	}
	if reference, ok := schema["$ref"].(string); ok {
		delete(result, "$ref")
		take(g.resolve(reference))
	}
	if all, ok := schema["allOf"].([]any); ok {
		delete(result, "allOf")
		for _, part := range all {
			take(part)
		}
	}
	for _, name := range []string{"anyOf", "oneOf"} {
		if some, ok := schema[name].([]any); ok && len(some) > 0 {
			delete(result, name)
			take(some[0])
			if name == "oneOf" {
				g.leaveOut(result, some, depth)
			}
		}
	}
	return result
}

// leaveOut removes the optional properties that only the alternatives after the
// first one mention. With these properties, a second alternative might match,
// too.
func (g *generator) leaveOut(schema map[string]any, alternatives []any, depth int) {
	properties, _ := schema["properties"].(map[string]any)
	if properties == nil {
		return
	}
	mentioned := func(alternative any) map[string]bool {
		object, _ := alternative.(map[string]any)
		object = g.merged(object, depth+1)
		names := map[string]bool{}
		inner, _ := object["properties"].(map[string]any)
		for name := range inner {
			names[name] = true
		}
		required, _ := object["required"].([]any)
		for _, entry := range required {
			if name, ok := entry.(string); ok {
				names[name] = true
			}
		}
		return names
	}
	ours := mentioned(alternatives[0])
	required, _ := schema["required"].([]any)
	kept := maps.Clone(properties)
	for _, alternative := range alternatives[1:] {
		for name := range mentioned(alternative) {
			if !ours[name] && !slices.Contains(required, any(name)) {
				delete(kept, name)
			}
		}
	}
	schema["properties"] = kept
}

// combined merges the values of a keyword in two schemas.
func combined(name string, one, two any) any {
	switch one := one.(type) {
	case nil:
		return two
	case map[string]any:
		if other, ok := two.(map[string]any); ok && name == "properties" {
			joined := maps.Clone(other)
			maps.Copy(joined, one)
			return joined
		}
	case []any:
		if other, ok := two.([]any); ok && name == "required" {
			return append(slices.Clone(one), other...)
		}
	case json.Number:
		if other, ok := two.(json.Number); ok {
			return stricter(name, one, other)
		}
	}
	return one
}

// stricter returns the stricter of two bounds.
func stricter(name string, one, two json.Number) json.Number {
	a, errA := one.Float64()
	b, errB := two.Float64()
	if errA != nil || errB != nil || (a > b) == strings.HasPrefix(name, "min") {
		return one
	}
	return two
}

// resolve resolves a reference such as #/definitions/size.
func (g *generator) resolve(reference string) any {
	rest, ok := strings.CutPrefix(reference, "#")
	if !ok {
		return nil
	}
	var value any = g.root
	for name := range strings.SplitSeq(strings.TrimPrefix(rest, "/"), "/") {
		if name == "" {
			continue
		}
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[name]
	}
	return value
}

// kindOf returns the type that a schema requires, or infers it from the
// keywords.
func (g *generator) kindOf(schema map[string]any) string {
	switch kind := schema["type"].(type) {
	case string:
		return kind
	case []any:
		for _, option := range kind {
			if name, ok := option.(string); ok && name != "null" {
				return name
			}
		}
	}
	for _, guess := range []struct{ keyword, kind string }{
		{"properties", "object"},
		{"required", "object"},
		{"items", "array"},
		{"minItems", "array"},
		{"minLength", "string"},
		{"maxLength", "string"},
		{"pattern", "string"},
		{"format", "string"},
		{"minimum", "number"},
		{"maximum", "number"},
		{"multipleOf", "number"},
	} {
		if _, found := schema[guess.keyword]; found {
			return guess.kind
		}
	}
	return "object"
}

func (g *generator) object(schema map[string]any, depth int) any {
	result := map[string]any{}
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, entry := range required {
		if name, ok := entry.(string); ok {
			result[name] = g.value(properties[name], depth+1)
		}
	}
	least := integerOf(schema["minProperties"], 0)
	for _, name := range sorted(properties) {
		_, found := result[name]
		if !found && (len(result) < least || g.variant > 0 && depth == 0 && len(result) < maxGenerateItems) {
			result[name] = g.value(properties[name], depth+1)
		}
	}
	return result
}

func (g *generator) array(schema map[string]any, depth int) any {
	items, _ := schema["items"].(map[string]any)
	least := min(integerOf(schema["minItems"], 0), maxGenerateItems)
	result := make([]any, 0, least)
	for range least {
		result = append(result, g.value(items, depth+1))
	}
	return result
}

func (g *generator) number(schema map[string]any, whole bool) any {
	low, hasLow := floatOf(schema["minimum"])
	high, hasHigh := floatOf(schema["maximum"])
	step, hasStep := floatOf(schema["multipleOf"])
	if !hasStep || step <= 0 {
		step = 1
	}
	if bound, found := floatOf(schema["exclusiveMinimum"]); found {
		low, hasLow = bound+step, true
	} else if schema["exclusiveMinimum"] == true {
		low += step
	}
	if bound, found := floatOf(schema["exclusiveMaximum"]); found {
		high, hasHigh = bound-step, true
	} else if schema["exclusiveMaximum"] == true {
		high -= step
	}
	value := 0.0
	switch {
	case hasLow:
		value = math.Ceil(low/step) * step
	case hasHigh && high < 0:
		value = math.Floor(high/step) * step
	case !hasHigh || high >= step:
		value = step
	}
	if next := value + float64(g.variant)*step; !hasHigh || next <= high {
		value = next
	}
	if whole || value == math.Trunc(value) {
		if math.Abs(value) < 1<<53 {
			return int64(value)
		}
	}
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return 1
	}
	return value
}

func integerOf(value any, otherwise int) int {
	number, ok := floatOf(value)
	if !ok || number < 0 || number > 1e6 {
		return otherwise
	}
	return int(number)
}

func floatOf(value any) (float64, bool) {
	switch value := value.(type) {
	case json.Number:
		number, err := value.Float64()
		return number, err == nil
	case float64:
		return value, true
	case int:
		return float64(value), true
	default:
		return 0, false
	}
}
