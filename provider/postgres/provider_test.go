package postgres_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/openbroker/openbroker/provider/internal/servicetest"
)

// schemaCatalog offers schemas of a shared database.
const schemaCatalog = `services:
  - id: 0c8f4e7e-1f0e-4c3b-9a4d-6a8c0d5d7e01
    name: postgresql-schema
    description: A schema in a shared database.
    bindable: true
    instances_retrievable: true
    bindings_retrievable: true
    plan_updateable: true
    plans:
      - id: 3f6d2a10-52c4-4b0d-8c8e-2d1f0b9a7e02
        name: small
        description: A schema for few connections.
        free: true
        binding_rotatable: true
        postgres: &schema {isolation: schema, connection_limit: 5}
      - id: 7b1e9c34-0d5f-4e6a-b2c7-9f8e6d5c4b03
        name: large
        description: A schema for more connections.
        free: true
        binding_rotatable: true
        postgres: {isolation: schema, connection_limit: 20}
`

// A variant is an account of the broker and a kind of instances.
type variant struct{ account, isolation string }

// variants are all of them: the superuser's sessions differ from those of an account that
// only may create databases and roles, and a schema from a database.
var variants = []variant{
	{plainAccount, "database"}, {plainAccount, "schema"}, {superuser, "database"}, {superuser, "schema"},
}

// start starts a server for a variant.
func (v variant) start(t *testing.T, settings ...string) *servicetest.Service {
	t.Helper()
	server := startServer(t, settings...)
	service := server.service(v.account)
	if v.isolation == "schema" {
		service.Catalog = schemaCatalog
		// The shared database stays, so that it must be there before.
		server.warmUp(t, service)
	}
	return service
}

// warmUp makes the broker create what it never deletes: the shared database.
func (s *testServer) warmUp(t *testing.T, service *servicetest.Service) {
	t.Helper()
	b := service.Start(t)
	if err := b.Provision(t, "warm-up", service.Small, nil); err != nil {
		t.Fatal(err)
	}
	if err := b.Deprovision(t, "warm-up", service.Small); err != nil {
		t.Fatal(err)
	}
}

func TestService(t *testing.T) {
	t.Parallel()
	for _, v := range variants {
		t.Run(v.account+" "+v.isolation, func(t *testing.T) {
			t.Parallel()
			s := v.start(t)
			// Their dumps need the server for themselves.
			for name, test := range map[string]func(*testing.T){
				"LifeCycle": s.LifeCycle, "Rotation": s.Rotation, "RemainingBindings": s.RemainingBindings,
				"Isolation": s.Isolation, "ReadOnlyBinding": s.ReadOnlyBinding,
			} {
				t.Run(name, test)
			}
		})
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	service := server.service(plainAccount)
	service.Settings = server.settings(plainAccount) // All defaults, with the limits of the server.
	service.Conformance(t)
}

func TestCrashes(t *testing.T) {
	t.Parallel()
	for _, v := range variants[:2] {
		t.Run(v.isolation, func(t *testing.T) {
			t.Parallel()
			v.start(t).Crashes(t)
		})
	}
}

func TestCancellations(t *testing.T) {
	t.Parallel()
	for _, v := range variants[:2] {
		t.Run(v.isolation, func(t *testing.T) {
			t.Parallel()
			v.start(t).Cancellations(t)
		})
	}
}

func TestRestarts(t *testing.T) {
	t.Parallel()
	variants[0].start(t).Restarts(t)
}

func TestAway(t *testing.T) {
	t.Parallel()
	variants[0].start(t).Away(t)
}

// The server logs every statement, and how long each took.
func TestLeaks(t *testing.T) {
	t.Parallel()
	variants[0].start(t, "log_statement=all", "log_min_duration_statement=0", "log_connections=on", "log_min_messages=debug1").Leaks(t, accountPassword)
}

// Many instances come and go at the same time. PGTEST_MANY has other numbers:
// "INSTANCES BINDINGS CLIENTS".
func TestMany(t *testing.T) {
	t.Parallel()
	instances, bindings, clients := 8, 3, 8
	if numbers := os.Getenv("PGTEST_MANY"); numbers != "" {
		if _, err := fmt.Sscan(numbers, &instances, &bindings, &clients); err != nil {
			t.Fatal(err)
		}
	}
	server := startServer(t)
	server.service(plainAccount, "connections: 24").Many(t, instances, bindings, clients)
}
