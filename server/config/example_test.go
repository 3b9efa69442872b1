package config_test

import (
	"fmt"

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
	_, err := config.Parse("openbroker.yaml", []byte(file), environment)
	fmt.Println(err)
	// Output:
	// openbroker.yaml:8:10: log.level must be one of debug, info, warn, error
	//     8 |   level: verbose
	//       |          ^
}

func ExampleSchema() {
	schema, err := config.Schema()
	fmt.Println(len(schema) > 0, err)
	// Output: true <nil>
}
