package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/postgres"
	"github.com/openbroker/openbroker/seal"
)

// startOn starts a broker whose records are in a file, and returns it with what ends it.
func startOn(t *testing.T, file string, keys *seal.Keyring, settings postgres.Settings) (*durable.Engine, func()) {
	t.Helper()
	set, err := provider.NewSet(postgres.Definition)
	if err != nil {
		t.Fatal(err)
	}
	settings.Connections, settings.Overcommit = 10, 1
	group, err := provider.NewGroup(set, provider.Named{Name: "postgres", Definition: postgres.Definition, Settings: &settings})
	if err != nil {
		t.Fatal(err)
	}
	offered, err := group.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	providers, err := group.Start(t.Context(), provider.Host{})
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlitestore.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := durable.New(t.Context(), offered, providers, store, durable.Config{Sealer: keys, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), DefaultPolicy: durable.Policy{
		Mode: durable.ModeSynchronous, BackoffMin: 10 * time.Millisecond,
	}})
	if err != nil {
		t.Fatal(err)
	}
	engine.Start(context.WithoutCancel(t.Context()))
	end := sync.OnceFunc(func() {
		engine.Stop(context.WithoutCancel(t.Context()))
		if err := errors.Join(providers.Close(), store.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(end)
	return engine, end
}

// The broker goes on under another account, which is a member of the former one, as
// docs/services/postgresql.md describes.
func TestReplacedAccount(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	before := server.mustDump(t)
	text, err := seal.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "openbroker.db")
	settings := func(account string) postgres.Settings {
		s := postgres.Settings{URL: provider.URL(server.url(account, accountPassword, "postgres")), Template: "template0"}
		if server.major < 15 {
			s.Template = templateDatabase
		}
		return s
	}
	engine, end := startOn(t, file, keys, settings(plainAccount))
	offered, err := engine.Catalog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	service, small, large := offered.Services[0].ID, offered.Services[0].Plans[0].ID, offered.Services[0].Plans[1].ID
	bind := func(id string) *pgx.Conn {
		t.Helper()
		request := &openbroker.BindRequest{InstanceID: "i", BindingID: id, ServiceID: service, PlanID: small}
		request.SetParameterValidator(nil)
		bound, err := engine.Bind(t.Context(), request)
		if err != nil {
			t.Fatalf("bind: %v", err)
		}
		return connect(t, fmt.Sprint(bound.Credentials["uri"]))
	}
	if _, err := engine.Provision(t.Context(), &openbroker.ProvisionRequest{InstanceID: "i", ServiceID: service, PlanID: small}); err != nil {
		t.Fatal(err)
	}
	app := bind("one")
	do(t, app, "CREATE TABLE t (n int)", "INSERT INTO t VALUES (1)")
	end()

	server.exec(t, "postgres", "CREATE ROLE successor LOGIN CREATEDB CREATEROLE PASSWORD '"+accountPassword+"'",
		"GRANT "+plainAccount+" TO successor", "ALTER ROLE "+plainAccount+" NOLOGIN")
	engine, end = startOn(t, file, keys, settings("successor"))
	update := &openbroker.UpdateRequest{InstanceID: "i", ServiceID: service, PlanID: large}
	update.SetParameterValidator(nil)
	if _, err := engine.Update(t.Context(), update); err != nil {
		t.Errorf("update: %v", err)
	}
	small = large
	two := bind("two")
	do(t, two, "ALTER TABLE t ADD COLUMN m int")
	for _, id := range []string{"one", "two"} {
		if _, err := engine.Unbind(t.Context(), &openbroker.UnbindRequest{InstanceID: "i", BindingID: id, ServiceID: service, PlanID: small}); err != nil {
			t.Errorf("unbind: %v", err)
		}
	}
	if _, err := app.Exec(t.Context(), "SELECT 1"); err == nil {
		t.Error("the session goes on")
	}
	if _, err := engine.Deprovision(t.Context(), &openbroker.DeprovisionRequest{InstanceID: "i", ServiceID: service, PlanID: small}); err != nil {
		t.Errorf("deprovision: %v", err)
	}
	end()
	server.exec(t, "postgres", "DROP ROLE successor", "ALTER ROLE "+plainAccount+" LOGIN")
	server.unchanged(t, before)
}

// A database or a role of somebody else is not adopted.
func TestForeignResources(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	service := server.service(plainAccount)
	b := service.Start(t)
	tn := newTenant(t, server, service, b, "tenant")
	tn.deprovision(t)
	for what, statements := range map[string][2]string{
		"database":   {"CREATE DATABASE " + tn.database, "DROP DATABASE " + tn.database},
		"owner role": {"CREATE ROLE " + tn.owner, "DROP ROLE " + tn.owner},
	} {
		server.exec(t, "postgres", statements[0])
		if err := b.Provision(t, "tenant", "small", nil); status(err) != 409 {
			t.Errorf("a %s is there: %v", what, err)
		}
		server.exec(t, "postgres", statements[1])
	}
}

// A member of the owner role that is no binding, such as an analyst's, stays.
func TestMembersOfOperators(t *testing.T) {
	t.Parallel()
	tn := tenantOn(t)
	tn.server.exec(t, "postgres", "CREATE ROLE analyst LOGIN", "GRANT "+tn.reader+" TO analyst")
	tn.bind(t, "one", nil)
	tn.deprovision(t)
	if got := tn.server.query(t, "postgres", "SELECT rolcanlogin::text FROM pg_roles WHERE rolname = 'analyst'"); got != "true" {
		t.Errorf("the role of an operator is %q", got)
	}
}

// Bind says that its database is missing, and a retry of unbind and deprovision accepts
// what is gone.
func TestDeletedByOthers(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	service := server.service(plainAccount)
	b := service.Start(t)
	before := server.mustDump(t)
	tn := newTenant(t, server, service, b, "tenant")
	credentials := tn.bind(t, "one", nil)
	server.exec(t, "postgres", "DROP DATABASE "+tn.database+" WITH (FORCE)")
	if _, err := b.Bind(t, "tenant", "two", "small", nil); err == nil {
		t.Error("a bind to a missing database succeeds")
	}
	server.exec(t, "postgres", "DROP ROLE "+fmt.Sprint(credentials["username"]))
	tn.unbind(t, "one")
	tn.deprovision(t)
	server.unchanged(t, before)
}

// Unknown parameters are refused with their names.
func TestParameters(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	service := server.service(plainAccount)
	service.Catalog = catalogWith("{}", "{}") // Without schemas.
	b := service.Start(t)
	if err := b.Provision(t, "tenant", "small", map[string]any{"sise": 1}); status(err) != 400 || !strings.Contains(err.Error(), "sise") {
		t.Errorf("a parameter of an instance: %v", err)
	}
	if err := b.Provision(t, "tenant", "small", nil); err != nil {
		t.Fatal(err)
	}
	for _, parameters := range []map[string]any{{"mode": "r"}, {"mode": nil}, {"mode": 1}, {"Mode": "ro"}, {"mode": "ro", "more": 1}} {
		if _, err := b.Bind(t, "tenant", "one", "small", parameters); status(err) != 400 {
			t.Errorf("the parameters %v: %v", parameters, err)
		}
	}
}
