package admin_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/sqlitestore"
)

var walletCatalog = &openbroker.Catalog{Services: []openbroker.Service{{
	ID: "wallet", Name: "wallet", Description: "Keeps money", Bindable: true,
	Plans: []openbroker.Plan{{ID: "small", Name: "small", Description: "A small one"}},
}}}

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
	// A provision without a worker.
	key := durable.Key{Platform: "default", InstanceID: "mine"}
	err = broker.Accept(ctx, &durable.Acceptance{
		Instance:  durable.InstanceRecord{Key: key, Status: durable.StatusCreating, ServiceID: "wallet", PlanID: "small"},
		Operation: &durable.OperationSpec{ID: "op1", Key: key, Kind: durable.KindProvision},
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
	operator, err := admin.New(walletCatalog, store, durable.Config{})
	if err != nil {
		panic(err)
	}
	target, err := operator.Find(ctx, "mine", "", "")
	if err != nil {
		panic(err)
	}
	by := admin.Attribution{Actor: "ada", Reason: "ticket 42: it hangs"}
	if _, err := operator.Fail(ctx, target, by, durable.CleanupManual); err != nil {
		panic(err)
	}
	trail, err := operator.AuditTrail(ctx, admin.AuditFilter{Actions: admin.Interventions()})
	if err != nil {
		panic(err)
	}
	for _, entry := range trail {
		fmt.Printf("%s: %s %s (%s): %s > %s\n", entry.Actor, entry.Action, entry.InstanceID, entry.Reason, entry.StatusBefore, entry.StatusAfter)
	}
	// Output:
	// ada: fail mine (ticket 42: it hangs): creating > create failed
}
