// Command acme-broker is a service broker: acme-broker serve starts it.
package main

import (
	_ "embed"

	"github.com/openbroker/openbroker/app"
	"github.com/openbroker/openbroker/app/internal/scaffold/files/go/folder"
	"github.com/openbroker/openbroker/provider"
)

//go:embed catalog.yaml
var catalog string

var version string // The linker sets it. Empty selects the version of the module.

var program = app.Program{Name: "acme-broker", Version: version, Providers: []provider.Definition{folder.Define(catalog)}}

func main() { app.Main(program) }
