package redis

import _ "embed" // for the catalog

//go:embed catalog.yaml
var catalogYAML string
