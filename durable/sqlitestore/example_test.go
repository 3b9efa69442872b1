package sqlitestore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
)

func ExampleOpen() {
	directory, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)

	ctx := context.Background()
	store, err := sqlitestore.Open(ctx, filepath.Join(directory, "openbroker.db"))
	if err != nil {
		panic(err)
	}
	defer store.Close()

	// The engine in package durable does this. A broker only passes the store to it.
	snapshot, err := store.Load(ctx, durable.Key{Platform: "default", InstanceID: "my-instance"})
	if err != nil {
		panic(err)
	}
	fmt.Println("revision", snapshot.Revision(), "open operations", len(snapshot.Open))
	// Output: revision 0 open operations 0
}
