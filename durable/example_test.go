package durable_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/seal"
)

// A wallet is a minimal provider: its methods are plain, repeatable functions.
type wallet struct{}

func (wallet) Provision(context.Context, *durable.Task, durable.Instance) (durable.ProvisionResult, error) {
	return durable.ProvisionResult{}, nil
}

func (wallet) Update(context.Context, *durable.Task, durable.Instance, durable.Instance) (durable.UpdateResult, error) {
	return durable.UpdateResult{}, nil
}
func (wallet) Deprovision(context.Context, *durable.Task, durable.Instance) error { return nil }
func (wallet) Bind(_ context.Context, _ *durable.Task, b durable.Binding) (durable.BindResult, error) {
	return durable.BindResult{Credentials: openbroker.Credentials{"account": b.Instance.ID}}, nil
}
func (wallet) Unbind(context.Context, *durable.Task, durable.Binding) error { return nil }

var walletCatalog = &openbroker.Catalog{Services: []openbroker.Service{{
	ID: "wallet", Name: "wallet", Description: "Keeps money", Bindable: true, BindingsRetrievable: true,
	Plans: []openbroker.Plan{{ID: "small", Name: "small", Description: "A small one"}},
}}}

func Example() {
	directory, err := os.MkdirTemp("", "wallet")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	// In production, keep the keyset in a file of its own.
	keyset, err := seal.GenerateKeyset()
	if err != nil {
		panic(err)
	}
	keys, err := seal.Parse(keyset)
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	store, err := sqlitestore.Open(ctx, filepath.Join(directory, "wallet.db"))
	if err != nil {
		panic(err)
	}
	defer store.Close()
	quiet := slog.New(slog.DiscardHandler)
	engine, err := durable.New(ctx, walletCatalog, wallet{}, store, durable.Config{Sealer: keys, Logger: quiet})
	if err != nil {
		panic(err)
	}
	engine.Start(ctx)
	defer engine.Stop(ctx)
	server := httptest.NewServer(openbroker.NewHandler(engine, openbroker.WithLogger(quiet)))
	defer server.Close()

	put := func(path, body string) {
		request, err := http.NewRequestWithContext(ctx, http.MethodPut, server.URL+path, strings.NewReader(body))
		if err != nil {
			panic(err)
		}
		request.Header.Set(openbroker.HeaderAPIVersion, "2.17")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			panic(err)
		}
		defer response.Body.Close()
		answer, _ := io.ReadAll(response.Body)
		fmt.Println(response.StatusCode, string(answer))
	}
	const instance = `{"service_id":"wallet","plan_id":"small","organization_guid":"o","space_guid":"s"}`
	put("/v2/service_instances/mine", instance)
	put("/v2/service_instances/mine", instance)
	put("/v2/service_instances/mine/service_bindings/app", `{"service_id":"wallet","plan_id":"small"}`)
	// Output:
	// 201 {}
	// 200 {}
	// 201 {"credentials":{"account":"mine"}}
}

// slow is a provider with two steps. Its first attempt stops after the first step.
type slow struct{ wallet }

func (slow) Provision(ctx context.Context, task *durable.Task, _ durable.Instance) (durable.ProvisionResult, error) {
	var order string
	found, err := task.Load(&order)
	if err != nil {
		return durable.ProvisionResult{}, err
	}
	if !found {
		order = "order 17" // It orders once: the checkpoint survives the process.
		if err := task.Save(ctx, order); err != nil {
			return durable.ProvisionResult{}, err
		}
	}
	if task.Attempt() == 1 {
		return durable.ProvisionResult{}, durable.Retryable(errors.New("the warehouse is closed"), 0)
	}
	fmt.Printf("attempt %d goes on with %s\n", task.Attempt(), order)
	return durable.ProvisionResult{}, nil
}

// provisionWith provisions an instance with a provider, as a platform would.
func provisionWith(provider durable.Provider, policy durable.Policy) error {
	directory, err := os.MkdirTemp("", "example")
	if err != nil {
		return err
	}
	defer os.RemoveAll(directory)
	keyset, err := seal.GenerateKeyset()
	if err != nil {
		return err
	}
	keys, err := seal.Parse(keyset)
	if err != nil {
		return err
	}
	ctx := context.Background()
	store, err := sqlitestore.Open(ctx, filepath.Join(directory, "example.db"))
	if err != nil {
		return err
	}
	defer store.Close()
	engine, err := durable.New(ctx, walletCatalog, provider, store, durable.Config{
		Sealer: keys, Logger: slog.New(slog.DiscardHandler), DefaultPolicy: policy, PollInterval: time.Millisecond,
	})
	if err != nil {
		return err
	}
	engine.Start(ctx)
	defer engine.Stop(ctx)
	_, err = engine.Provision(ctx, &openbroker.ProvisionRequest{InstanceID: "mine", ServiceID: "wallet", PlanID: "small"})
	return err
}

func ExampleTask_Save() {
	err := provisionWith(slow{}, durable.Policy{BackoffMin: time.Millisecond})
	fmt.Println(err)
	// Output:
	// attempt 2 goes on with order 17
	// <nil>
}

// closed is a provider whose service is never available.
type closed struct{ wallet }

func (closed) Provision(_ context.Context, task *durable.Task, _ durable.Instance) (durable.ProvisionResult, error) {
	fmt.Println("attempt", task.Attempt())
	closed := openbroker.NewError(http.StatusServiceUnavailable, "", "The warehouse is closed.")
	return durable.ProvisionResult{}, durable.Retryable(closed, time.Millisecond)
}

func ExampleRetryable() {
	err := provisionWith(closed{}, durable.Policy{Attempts: 3, BackoffMin: time.Millisecond})
	fmt.Println(err)
	// Output:
	// attempt 1
	// attempt 2
	// attempt 3
	// 503 The warehouse is closed.
}

func ExamplePolicy() {
	// A plan with slow operations, whose failed instances stay for an operator.
	err := provisionWith(wallet{}, durable.Policy{Mode: durable.ModeAsynchronous, Cleanup: durable.CleanupManual, Deadline: 2 * time.Hour})
	fmt.Println(err)
	// Output:
	// 422 AsyncRequired: This service plan requires client support for asynchronous service operations.
}
