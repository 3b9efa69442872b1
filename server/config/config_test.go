package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/sqlitefile"
	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/server"
	"github.com/openbroker/openbroker/server/config"
)

func parse(t *testing.T, text string, variables map[string]string) *config.Config {
	t.Helper()
	c, err := config.Parse(filepath.Join(t.TempDir(), "openbroker.yaml"), []byte(text), environment(variables), providers(t))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n\n", "# nothing\n", "---\n", "\ufeff", "~"} {
		if _, err := config.Parse("c.yaml", []byte(text), environment(nil), providers(t)); err == nil || !strings.Contains(err.Error(), "c.yaml:1:1: the file is empty: add settings") {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"{}", "\ufeff{}", "---\n{}\n"} {
		c := parse(t, text, nil)
		if c.Listen != "" || c.Auth != nil || c.Provider != nil || c.Store != (config.Store{}) {
			t.Errorf("%q: %v", text, c.Listen)
		}
		engine, err := c.EngineConfig(sqlitefile.Catalog())
		if err != nil || len(engine.Policies) > 0 || engine.DefaultPolicy != (durable.Policy{}) || engine.Workers != 0 {
			t.Errorf("%q: engine %+v, %v", text, engine, err)
		}
		if s := c.ServerConfig(); s.Address != "" || s.TLS != nil || len(s.Options) > 0 || s.SkipParameterValidation {
			t.Errorf("%q: server %+v", text, s)
		}
		if catalog, err := c.ChangeCatalog(sqlitefile.Catalog()); err != nil || !reflect.DeepEqual(catalog, sqlitefile.Catalog()) {
			t.Errorf("%q: catalog %v", text, err)
		}
	}
}

// The example file loads, and the catalog has the services and plans that it names.
func TestExampleFile(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../examples/config/openbroker.yaml")
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	if err := os.Mkdir(filepath.Join(directory, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	const hash = "$2a$04$N3t3jT0zFz1gqB9R3b1wJeWm8M3c3H0V0ZJ7v6H1G7Q1s7mY8m2hS"
	if err := os.WriteFile(filepath.Join(directory, "secrets", "cloud-controller.bcrypt"), []byte(hash+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse(filepath.Join(directory, "openbroker.yaml"), data, environment(map[string]string{
		"CLOUD_CONTROLLER_PASSWORD": "one", "DATABASE_PASSWORD": "two",
	}), providers(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(c.Auth.Basic[0].Password) + string(c.Auth.Basic[1].PasswordHash) + string(c.Store.PostgreSQL); got != "one"+hash+"postgres://openbroker:two@db.internal/openbroker" {
		t.Errorf("resolved: %s", got)
	}
	s := c.ServerConfig()
	if s.Address != "0.0.0.0:8443" || *s.TLS != (server.TLS{
		CertFile: filepath.Join(directory, "tls/tls.crt"), KeyFile: filepath.Join(directory, "tls/tls.key"),
		ClientCAFile: filepath.Join(directory, "tls/platforms.crt"), ClientCertOptional: true,
	}) || s.DrainDelay != 5*time.Second || s.ShutdownGrace != 15*time.Second || len(s.Options) != 1 {
		t.Errorf("server: %+v, TLS %+v", s, s.TLS)
	}
	catalog, err := c.ChangeCatalog(sqlitefile.Catalog())
	if err != nil {
		t.Fatal(err)
	}
	service := &catalog.Services[0]
	if service.Description != "SQLite databases for small applications." || service.Metadata.SupportURL != "https://support.example.com" ||
		service.Metadata.DisplayName != "SQLite" || service.Plans[1].Metadata.Bullets[1] != "Ask before you keep more than ten" || service.Plans[1].Metadata.DisplayName != "large" {
		t.Errorf("service: %+v", service)
	}
	engine, err := c.EngineConfig(catalog)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]durable.Policy{sqlitefile.LargePlanID: {Mode: durable.ModeAsynchronous, Deadline: 10 * time.Minute}}
	if engine.Workers != 32 || engine.Retention != 720*time.Hour || !reflect.DeepEqual(engine.Policies, want) || engine.DefaultPolicy.SyncWait != 2*time.Second {
		t.Errorf("engine: %+v", engine)
	}
}

// Every field of the file reaches its target: all values are different and not zero.
func TestEngineFields(t *testing.T) {
	t.Parallel()
	c := parse(t, `
engine: {replica: r, workers: 2, platform_workers: 1, lease: 3s, poll_interval: 4s, retry_after: 5s, max_wait: 6s, stop_grace: 7s, cleanup_timeout: 8s,
  deleted_grace: 9s, failure_grace: 12s, retention: 10s, sweep_interval: 11s, unbind_expired: true}
policies:
  default: {mode: synchronous, binding_mode: automatic, sync_wait: 12s, deadline: 13s, attempts: 14, backoff_min: 15s, backoff_max: 16s,
    cleanup: manual, parallel_bindings: false, remaining_bindings: refuse}
  plans: {sqlite/small: {mode: automatic}, `+sqlitefile.LargePlanID+`: {mode: asynchronous}}
`, nil)
	got, err := c.EngineConfig(sqlitefile.Catalog())
	if err != nil {
		t.Fatal(err)
	}
	want := durable.Config{
		Replica: "r", Workers: 2, PlatformWorkers: 1, Lease: 3 * time.Second, PollInterval: 4 * time.Second, RetryAfter: 5 * time.Second, MaxWait: 6 * time.Second,
		StopGrace: 7 * time.Second, CleanupTimeout: 8 * time.Second, DeletedGrace: 9 * time.Second, FailureGrace: 12 * time.Second, Retention: 10 * time.Second,
		SweepInterval: 11 * time.Second, UnbindExpired: true,
		DefaultPolicy: durable.Policy{
			Mode: durable.ModeSynchronous, BindingMode: durable.ModeAutomatic, SyncWait: 12 * time.Second, Deadline: 13 * time.Second, Attempts: 14,
			BackoffMin: 15 * time.Second, BackoffMax: 16 * time.Second, Cleanup: durable.CleanupManual, ParallelBindings: new(false), RemainingBindings: durable.RemainingBindingsRefuse,
		},
		Policies: map[string]durable.Policy{sqlitefile.SmallPlanID: {Mode: durable.ModeAutomatic}, sqlitefile.LargePlanID: {Mode: durable.ModeAsynchronous}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	// A new field of the engine needs a field here, or an exception.
	for i := range reflect.TypeFor[durable.Config]().NumField() {
		name := reflect.TypeFor[durable.Config]().Field(i).Name
		if !slices.Contains([]string{"Sealer", "Logger", "Observer"}, name) && reflect.ValueOf(want).Field(i).IsZero() {
			t.Errorf("durable.Config.%s cannot be configured", name)
		}
	}
	for i := range reflect.TypeFor[durable.Policy]().NumField() {
		if reflect.ValueOf(want.DefaultPolicy).Field(i).IsZero() {
			t.Errorf("durable.Policy.%s cannot be configured", reflect.TypeFor[durable.Policy]().Field(i).Name)
		}
	}
}

func TestServerFields(t *testing.T) {
	t.Parallel()
	c := parse(t, `
listen: "[::1]:0"
prefix: /osb
platform_prefix: true
api: {minimum_version: "2.14", missing_version_status: 412, skip_version_check: true, skip_organization_check: true, skip_parameter_validation: true, max_body_size: 2048}
shutdown: {drain_delay: 1s, grace: 2s, operation_grace: 3s}
`, nil)
	s := c.ServerConfig()
	if s.Address != "[::1]:0" || s.Prefix != "/osb" || s.DrainDelay != time.Second || s.ShutdownGrace != 2*time.Second || len(s.Options) != 6 || !s.SkipParameterValidation ||
		time.Duration(c.Shutdown.OperationGrace) != 3*time.Second {
		t.Errorf("server: %+v", s)
	}
}

func TestCatalogProblems(t *testing.T) {
	t.Parallel()
	text := `policies:
  plans:
    huge: {mode: synchronous}
    small: {mode: synchronous}
    sqlite/small: {mode: automatic}
catalog:
  services:
    mysql: {name: x}
    sqlite:
      plans:
        huge: {free: false}
        small: {metadata: {bullets: 3, costs: [{amount: {usd: 1.5}, unit: MONTHLY}]}, maximum_polling_duration: 1500ms, free: false}
`
	c, err := config.Parse("openbroker.yaml", []byte(text), environment(nil), providers(t))
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.EngineConfig(sqlitefile.Catalog())
	if want := `openbroker.yaml:3:11: policies.plans.huge is not a plan of the catalog, which has ["` + sqlitefile.LargePlanID + `" "` + sqlitefile.SmallPlanID + `" "large" "small" "sqlite/large" "sqlite/small"]
    3 |     huge: {mode: synchronous}
      |           ^
openbroker.yaml:5:19: policies.plans.sqlite/small is a plan that already has a policy under another name
    5 |     sqlite/small: {mode: automatic}
      |                   ^`; fmt.Sprint(err) != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	given := sqlitefile.Catalog()
	changed, err := c.ChangeCatalog(given)
	if want := `openbroker.yaml:8:12: catalog.services.mysql is not a service of the catalog
    8 |     mysql: {name: x}
      |            ^
openbroker.yaml:11:15: catalog.services.sqlite.plans.huge is not a plan of the service
   11 |         huge: {free: false}
      |               ^`; fmt.Sprint(err) != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	plan := changed.Services[0].Plans[0]
	if *plan.MaximumPollingDuration != 2 || plan.IsFree() || plan.Metadata.Costs[0].Amount["usd"] != 1.5 || string(plan.Metadata.Extensions["bullets"]) != "3" {
		t.Errorf("plan: %+v %+v", plan, plan.Metadata)
	}
	if !reflect.DeepEqual(given, sqlitefile.Catalog()) {
		t.Error("ChangeCatalog changed the given catalog")
	}
	c = parse(t, "catalog: {services: {sqlite: {plans: {small: {name: large}}}}}", nil)
	if _, err = c.ChangeCatalog(sqlitefile.Catalog()); err == nil || !strings.Contains(err.Error(), `makes the catalog invalid: services[0].plans[1]: plan name "large" is already used`) {
		t.Errorf("two plans with the same name: %v", err)
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	variables := map[string]string{"A": "a", "NESTED": "${env:A}", "LINES": "x\ny\n"}
	for text, want := range map[string]string{
		"plain":                   "plain",
		"${env:A}":                "a",
		"${env:A}${env:A}-$${x}":  "aa-${x}",
		"$2y$12$abc":              "$2y$12$abc",
		"${env:NESTED}":           "${env:A}",
		"$$${env:A}":              "$${env:A}",
		"${env:LINES}":            "x\ny\n",
		"cost $5 {not} a }":       "cost $5 {not} a }",
		"${file:secret}${env:A}":  "from the file\nits seconda",
		"${file:sub/../secret}.x": "from the file\nits second.x",
	} {
		directory := t.TempDir()
		if err := os.WriteFile(filepath.Join(directory, "secret"), []byte("from the file\nits second\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		c, err := config.Parse(filepath.Join(directory, "c.yaml"), []byte("engine: {replica: "+string(quoted)+"}"), environment(variables), providers(t))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if c.Engine.Replica != want {
			t.Errorf("%s: got %q, want %q", text, c.Engine.Replica, want)
		}
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for text, want := range map[string]config.Store{
		"sqlite:a.db":                  {SQLite: config.Path(filepath.Join(directory, "a.db"))},
		"sqlite:/b/a.db":               {SQLite: "/b/a.db"},
		"postgres://u:p@h/d?x=y":       {PostgreSQL: "postgres://u:p@h/d?x=y"},
		"postgresql:///d?host=/socket": {PostgreSQL: "postgresql:///d?host=/socket"},
	} {
		c, err := config.Parse(filepath.Join(directory, "c.yaml"), []byte("store: "+text), environment(nil), providers(t))
		if err != nil || c.Store != want {
			t.Errorf("%s: %v, %v", text, c, err)
		}
	}
	for _, text := range []string{"", "sqlite", "sqlite:", "sqlite://a.db", "a.db", "postgres:d", "mysql://h", "SQLITE:a"} {
		if err := new(config.Store).UnmarshalText([]byte(text)); err == nil || strings.Contains(err.Error(), "a.db") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	keyset, err := seal.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	c := parse(t, `{store: "postgres://u:hunter2@h/d", auth: {basic: [{username: u, password: hunter2}]}, encryption: {keyset: "${env:KEYSET}"}}`,
		map[string]string{"KEYSET": string(keyset)})
	var log bytes.Buffer
	logger, err := c.NewLogger(&log)
	if err != nil {
		t.Fatal(err)
	}
	logger.Info("x", slog.Any("store", c.Store), slog.Any("password", c.Auth.Basic[0].Password))
	printed := log.String() + fmt.Sprintf("%v %+v %#v %s %q %x %s", c, c.Auth, c.Auth.Basic, c.Encryption.Keyset, c.Auth.Basic[0].Password, c.Auth.Basic[0].Password, c.Store)
	if strings.Contains(printed, "hunter2") || strings.Contains(printed, fmt.Sprintf("%x", "hunter2")) || !strings.Contains(printed, "[redacted]") || strings.Contains(printed, string(keyset)) {
		t.Errorf("printed %s", printed)
	}
}

func TestLogger(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger, err := parse(t, "log: {level: warn, format: json}", nil).NewLogger(&out)
	if err != nil {
		t.Fatal(err)
	}
	logger.Info("no")
	logger.Warn("yes")
	var record map[string]any
	if err := json.Unmarshal(out.Bytes(), &record); err != nil || record["msg"] != "yes" {
		t.Errorf("%s: %v", out.String(), err)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "openbroker.yaml")
	if _, err := config.Load(path, providers(t)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if err := os.WriteFile(path, bytes.Repeat([]byte("#\n"), 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(path, providers(t)); err == nil || !strings.Contains(err.Error(), "it is not a configuration file") {
		t.Errorf("a large file: %v", err)
	}
	if err := os.WriteFile(path, []byte("\ufefflisten: ':1'\r\nlog:\r\n  level: debug\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := config.Load(path, providers(t)); err != nil || c.Listen != ":1" || c.Log.Level != "debug" {
		t.Errorf("with CRLF and a byte order mark: %v", err)
	}
}

// The documented defaults are the real ones.
func TestDefaults(t *testing.T) {
	t.Parallel()
	api, err := openbroker.ParseVersion(tagOf[config.API](t, "MinimumVersion"))
	if err != nil || api.String() != "2.13" {
		t.Errorf("minimum version %v, %v", api, err)
	}
	for got, want := range map[string]string{
		tagOf[config.Config](t, "Listen"):           server.DefaultAddress,
		tagOf[config.Shutdown](t, "Grace"):          server.DefaultShutdownGrace.String(),
		tagOf[config.Shutdown](t, "OperationGrace"): config.DefaultOperationGrace.String(),
	} {
		if got != want {
			t.Errorf("default %s, want %s", got, want)
		}
	}
}

func tagOf[T any](t *testing.T, field string) string {
	t.Helper()
	found, ok := reflect.TypeFor[T]().FieldByName(field)
	if !ok {
		t.Fatalf("no field %s", field)
	}
	return found.Tag.Get("default")
}
