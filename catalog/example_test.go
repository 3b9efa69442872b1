package catalog_test

import (
	"fmt"

	"github.com/openbroker/openbroker/catalog"
)

func ExampleParse() {
	c, err := catalog.Parse("catalog.yaml", []byte(`
services:
  - id: 31b97c08-a9c2-4d0e-8c5b-0f1f2d6e3a10
    name: database
    description: A database.
    bindable: true
    plans:
      - {id: 5d7a8a42-95d1-4a0b-a1a0-27b1a1b7d9f7, name: small, description: Up to 1 GB., free: true}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Services[0].Name, c.Services[0].Plans[0].Name)
	// Output: database small
}

// Each fault has its position in the file.
func ExampleSource_Catalog() {
	s, err := catalog.ParseSource("catalog.yaml", []byte(`
services:
  - id: 1
    bindable: "true"
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = s.Catalog()
	fmt.Println(err)
	// Output:
	// catalog.yaml:3:9: error: id must be a string, not a number [type-string]
	//     3 |   - id: 1
	//       |         ^
	//       = Put the value into quotes.
	// catalog.yaml:4:15: error: bindable must be a boolean, not a string [type-boolean]
	//     4 |     bindable: "true"
	//       |               ^
	//       = Write true or false, without quotes.
}
