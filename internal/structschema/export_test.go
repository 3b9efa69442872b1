package structschema

// Convert converts a schema from draft 2020-12 to another draft.
func Convert(schema map[string]any, draft int) (map[string]any, error) { return convert(schema, draft) }
