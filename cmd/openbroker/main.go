// The command openbroker runs, tests and administers service brokers of the Open
// Service Broker API. Its commands are those of package app; this package is the list
// of providers that are linked in.
package main

import (
	"github.com/openbroker/openbroker/app"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/sqlitefile"
)

func main() {
	app.Main(app.Program{Name: "openbroker", Providers: []provider.Definition{
		sqlitefile.Definition,
	}})
}
