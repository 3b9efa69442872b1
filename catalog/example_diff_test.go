package catalog_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
)

func exampleCatalog(planID, description string) *openbroker.Catalog {
	return &openbroker.Catalog{Services: []openbroker.Service{{
		ID: "31b97c08-a9c2-4d0e-8c5b-0f1f2d6e3a10", Name: "database", Description: description, Bindable: true,
		Plans: []openbroker.Plan{{ID: planID, Name: "small", Description: "Up to 1 GB."}},
	}}}
}

// A changed id orphans every instance of the plan.
func ExampleDiff() {
	for _, change := range catalog.Diff(exampleCatalog("plan-1", "A database."), exampleCatalog("plan-2", "One database.")) {
		fmt.Println(change.Impact, change.Kind, change.Pointer)
	}
	// Output:
	// compatible modified /services/0/description
	// breaking re-identified /services/0/plans/0/id
}

func ExampleWriteMarkdown() {
	if err := catalog.WriteMarkdown(os.Stdout, exampleCatalog("plan-1", "A database.")); err != nil {
		fmt.Println(err)
	}
	// Output:
	// # Services
	//
	// ## `database`
	//
	// A database.
	//
	// - Can be bound to applications: yes
	//
	// ### Plans
	//
	// | plan | description | costs | can be bound | can be changed to another plan |
	// |---|---|---|---|---|
	// | `small` | Up to 1 GB. | free | yes | no |
	//
	// ### Plan `small`
	//
	// Up to 1 GB.
	//
	// #### Create an instance
	//
	// ```sh
	// cf create-service database small my-database
	// ```
	//
	// #### Bind an instance
	//
	// ```sh
	// cf bind-service my-app my-database
	// ```
}

// A broker applies a changed file. Its method Catalog returns served.
func ExampleWatcher() {
	directory, err := os.MkdirTemp("", "catalog-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(directory)
	path := filepath.Join(directory, "catalog.yaml")
	put := func(description string) {
		text := "services: [{id: s, name: database, description: " + description + ", bindable: true, plans: [{id: p, name: small, description: Up to 1 GB.}]}]\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			fmt.Println(err)
		}
	}
	put("A database.")
	first, err := catalog.Load(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	var served atomic.Pointer[openbroker.Catalog]
	served.Store(first)
	ctx, cancel := context.WithCancel(context.Background())
	watcher := &catalog.Watcher{Path: path, Current: first, Apply: func(_ context.Context, next *openbroker.Catalog, changes []catalog.Change) error {
		for _, change := range changes {
			fmt.Println(change.Message)
		}
		served.Store(next)
		cancel()
		return nil
	}}
	put("One database.")
	if err := watcher.Watch(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(served.Load().Services[0].Description)
	// Output:
	// the description has changed
	// One database.
}
