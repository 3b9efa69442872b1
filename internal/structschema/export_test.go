package structschema

// Convert says in a draft what a schema says in draft 2020-12.
func Convert(schema map[string]any, draft int) (map[string]any, error) { return convert(schema, draft) }
