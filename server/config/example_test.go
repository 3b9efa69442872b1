package config_test

import (
	"fmt"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/sqlitefile"
	"github.com/openbroker/openbroker/server/config"
)

func ExampleParse() {
	environment := func(name string) (string, bool) { return "s3cr3t", name == "BROKER_PASSWORD" }
	file := `
listen: :8080
auth:
  basic:
    - username: platform
      password: ${env:BROKER_PASSWORD}
log:
  level: verbose
`
	providers, err := provider.NewSet(sqlitefile.Definition)
	if err != nil {
		panic(err)
	}
	_, err = config.Parse("openbroker.yaml", []byte(file), environment, providers)
	fmt.Println(err)
	// Output:
	// openbroker.yaml:8:10: log.level must be one of debug, info, warn, error
	//     8 |   level: verbose
	//       |          ^
}

func ExampleSchema() {
	providers, err := provider.NewSet(sqlitefile.Definition)
	if err != nil {
		panic(err)
	}
	schema, err := config.Schema(providers)
	fmt.Println(len(schema) > 0, err)
	// Output: true <nil>
}
