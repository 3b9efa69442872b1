// The command openbroker runs, tests and administers service brokers of the Open
// Service Broker API. Its commands are those of package app; this package is the list
// of providers that are linked in.
package main

import (
	"github.com/openbroker/openbroker/app"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/command"
	"github.com/openbroker/openbroker/provider/mysql"
	"github.com/openbroker/openbroker/provider/nats"
	"github.com/openbroker/openbroker/provider/postgres"
	"github.com/openbroker/openbroker/provider/rabbitmq"
	"github.com/openbroker/openbroker/provider/redis"
	"github.com/openbroker/openbroker/provider/sqlitefile"
	"github.com/openbroker/openbroker/provider/webhook"
)

func main() {
	app.Main(app.Program{Name: "openbroker", Providers: []provider.Definition{
		sqlitefile.Definition,
		postgres.Definition,
		mysql.Definition,
		redis.Definition,
		nats.Definition,
		rabbitmq.Definition,
		command.Definition,
		webhook.Definition,
	}})
}
