package nats

import _ "embed"

// catalogYAML is the default catalog. Its ids never change.
//
//go:embed catalog.yaml
var catalogYAML string
