package simulator_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/simulator"
)

// provisionTwice stands for the platform under test. It retries after a 503.
func provisionTwice(url string) error {
	body := fmt.Sprintf(`{"service_id":%q,"plan_id":%q,"organization_guid":"o","space_guid":"s"}`, simulator.ServiceID, simulator.SyncPlanID)
	for range 2 {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodPut, url+"/v2/service_instances/orders", strings.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set(openbroker.HeaderAPIVersion, "2.17")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusServiceUnavailable {
			return nil
		}
	}
	return nil
}

// A test of a platform: the broker is unavailable once, and the test reads the
// requests of the platform.
func Example() {
	directory, err := os.MkdirTemp("", "simulator") // In a test: t.TempDir()
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	ctx := context.Background()
	store, err := sqlitestore.Open(ctx, filepath.Join(directory, "simulator.db"))
	if err != nil {
		panic(err)
	}
	defer store.Close()
	keys, err := seal.LoadOrCreate(filepath.Join(directory, "keyset.json"))
	if err != nil {
		panic(err)
	}
	broker, err := simulator.New(ctx, store, simulator.Config{
		Engine: durable.Config{Sealer: keys},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	defer broker.Stop(ctx)
	server := httptest.NewServer(broker)
	defer server.Close()

	fault := simulator.Fault{On: simulator.OnProvision, Plan: "sync", Times: 1, Status: http.StatusServiceUnavailable}
	if err := broker.SetFaults(fault); err != nil {
		panic(err)
	}
	if err := provisionTwice(server.URL); err != nil {
		panic(err)
	}
	for _, r := range broker.Requests() {
		fmt.Println(r.Operation, r.InstanceID, r.Status)
	}
	// Output:
	// provision orders 503
	// provision orders 201
}
