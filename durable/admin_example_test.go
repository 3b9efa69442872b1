package durable_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
)

func ExampleAdmin() {
	directory, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	ctx := context.Background()
	path := filepath.Join(directory, "wallet.db")
	broker, err := sqlitestore.Open(ctx, path)
	if err != nil {
		panic(err)
	}
	defer broker.Close()
	// A provision that no worker takes on.
	key := durable.Key{Platform: "default", InstanceID: "mine"}
	err = broker.Accept(ctx, &durable.Acceptance{
		Instance:  durable.InstanceRecord{Key: key, Status: durable.Creating, ServiceID: "wallet", PlanID: "small"},
		Operation: &durable.NewOperation{ID: "op1", Key: key, Kind: durable.KindProvision},
	})
	if err != nil {
		panic(err)
	}

	// Usually in another process, while the broker runs.
	store, err := sqlitestore.Attach(ctx, path)
	if err != nil {
		panic(err)
	}
	defer store.Close()
	admin, err := durable.NewAdmin(walletCatalog, store, durable.Config{})
	if err != nil {
		panic(err)
	}
	target, err := admin.Find(ctx, "mine", "", "")
	if err != nil {
		panic(err)
	}
	by := durable.By{Actor: "ada", Reason: "ticket 42: it hangs"}
	if _, err := admin.Fail(ctx, target, by, durable.CleanupManual); err != nil {
		panic(err)
	}
	trail, err := admin.AuditTrail(ctx, durable.AuditFilter{})
	if err != nil {
		panic(err)
	}
	for _, entry := range trail {
		fmt.Printf("%s: %s %s (%s): %s > %s\n", entry.Actor, entry.Action, entry.InstanceID, entry.Reason, entry.StatusBefore, entry.StatusAfter)
	}
	// Output:
	// ada: fail mine (ticket 42: it hangs): creating > create failed
}
