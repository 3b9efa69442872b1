// Command app is a broker with a provider of its own, and with every command of
// openbroker: serve, admin, config, check and the others. docs/writing-a-broker.md
// explains it.
package main

import (
	"github.com/openbroker/openbroker/app"
	"github.com/openbroker/openbroker/examples/app/folder"
	"github.com/openbroker/openbroker/provider"
)

func main() {
	app.Main(app.Program{
		Name:      "acme-broker",
		Version:   "0.1.0",
		Providers: []provider.Definition{folder.Definition},
	})
}
