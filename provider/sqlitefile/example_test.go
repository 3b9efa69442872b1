package sqlitefile_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/sqlitefile"
)

// The engine calls the provider like this; see durable.New.
func ExampleNew() {
	directory, err := os.MkdirTemp("", "sqlitefile-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	provider, err := sqlitefile.New(sqlitefile.Config{Directory: directory})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	instance := durable.Instance{Platform: "default", ID: "orders", PlanID: sqlitefile.SmallPlanID}
	if _, err := provider.Provision(ctx, nil, instance); err != nil {
		panic(err)
	}
	bound, err := provider.Bind(ctx, nil, durable.Binding{Instance: instance, ID: "reports", Parameters: openbroker.Parameters(`{"mode":"ro"}`)})
	if err != nil {
		panic(err)
	}
	_, options, _ := strings.Cut(bound.Credentials["dsn"].(string), "?")
	fmt.Println(options)
	// Output: mode=ro&_pragma=max_page_count(256)&_pragma=busy_timeout(5000)
}

func ExampleCatalog() {
	for _, plan := range sqlitefile.Catalog().Services[0].Plans {
		fmt.Println(plan.Name, plan.Description)
	}
	// Output:
	// small A database of at most 1 MiB.
	// large A database of at most 64 MiB.
}
