package lint_test

import (
	"fmt"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
)

func ExampleRun() {
	s, err := catalog.ParseSource("catalog.yaml", []byte(`
services:
  - id: 31b97c08-a9c2-4d0e-8c5b-0f1f2d6e3a10
    name: database
    bindable: true
    plans:
      - {id: 5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7, name: small, description: Up to 1 GB., free: true}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, finding := range lint.Run(s, lint.CloudFoundry) {
		fmt.Println(finding.Text())
	}
	// Output:
	// catalog.yaml:3:5: error: service "database" has no field description [service-description-missing]
	//     3 |   - id: 31b97c08-a9c2-4d0e-8c5b-0f1f2d6e3a10
	//       |     ^
	//       = Add a short description.
}

// A catalog that is written in Go has pointers instead of positions.
func ExampleRun_catalogInGo() {
	c, err := catalog.Build(catalog.NewService("31b97c08-a9c2-4d0e-8c5b-0f1f2d6e3a10", "database", "A database.").
		Bindable().
		Plans(catalog.NewPlan("5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7", "reference-instance", "Up to 1 GB.")))
	if err != nil {
		fmt.Println(err)
		return
	}
	source, err := catalog.SourceOf(c)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, finding := range lint.Run(source, lint.ServiceManager) {
		fmt.Println(finding)
	}
	// Output: /services/0/plans/0/name: error: the plan name "reference-instance" is reserved [sm-reserved-plan-name] (sm)
}
