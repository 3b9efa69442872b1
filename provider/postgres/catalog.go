package postgres

import _ "embed"

//go:embed catalog.yaml
var catalogYAML string
