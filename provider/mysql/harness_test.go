package mysql_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/servicetest"
	"github.com/openbroker/openbroker/provider/mysql"
)

// patience bounds waits. It only ends tests that hang.
const patience = 30 * time.Minute

// catalogWith returns a catalog with the plans small and large with the settings.
func catalogWith(small, large string) string {
	return `services:
  - id: 3a1f5b9e-2d64-4c0e-9d07-5e8f0f5b7a01
    name: mysql
    description: A database.
    bindable: true
    instances_retrievable: true
    bindings_retrievable: true
    plan_updateable: true
    plans:
      - {id: 3a1f5b9e-2d64-4c0e-9d07-5e8f0f5b7a02, name: small, description: Small., binding_rotatable: true, mysql: ` + small + `}
      - {id: 3a1f5b9e-2d64-4c0e-9d07-5e8f0f5b7a03, name: large, description: Large., binding_rotatable: true, mysql: ` + large + `}
`
}

// A broker is a broker with the provider, and an instance i of the plan small.
type broker struct {
	*servicetest.Broker
}

// startBroker starts a broker, and creates the instance.
func startBroker(t *testing.T, service *servicetest.Service) broker {
	t.Helper()
	b := broker{service.Start(t)}
	if err := b.Provision(t, "i", "small", nil); err != nil {
		t.Fatal(err)
	}
	return b
}

// bind creates a binding of the instance.
func (b broker) bind(t *testing.T, id string, fields map[string]any) openbroker.Credentials {
	t.Helper()
	credentials, err := b.Bind(t, "i", id, "small", fields)
	if err != nil {
		t.Fatal(err)
	}
	return credentials
}

func (b broker) unbind(t *testing.T, id string) {
	t.Helper()
	if err := b.Unbind(t, "i", id, "small"); err != nil {
		t.Fatal(err)
	}
}

func (b broker) deprovision(t *testing.T) {
	t.Helper()
	if err := b.Deprovision(t, "i", "small"); err != nil {
		t.Fatal(err)
	}
}

// login opens the connection of an application, until the test ends.
func login(t *testing.T, credentials openbroker.Credentials) *sql.DB {
	t.Helper()
	db, err := open(credentials)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// run executes statements as an application.
func run(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// value returns the only value of a query.
func value(t *testing.T, db *sql.DB, query string, args ...any) string {
	t.Helper()
	var found sql.NullString
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&found); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return found.String
}

// refusedLogin returns why the credentials cannot log in.
func refusedLogin(t *testing.T, credentials openbroker.Credentials) error {
	t.Helper()
	err := login(t, credentials).PingContext(t.Context())
	if err == nil {
		t.Error("an application can log in")
		err = errors.New("no error")
	}
	return err
}

// waitFor waits until a condition holds.
func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("%s did not happen", what)
		}
	}
}

// unchanged fails the test if the server has other things than before.
func (s *server) unchanged(t *testing.T, before []string) {
	t.Helper()
	after, err := s.dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("the server had\n%q\nand has\n%q", before, after)
	}
}

func (s *server) mustDump(t *testing.T) []string {
	t.Helper()
	lines, err := s.dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// settings are those of the provider with the broker's account.
func (s *server) settings() mysql.Settings {
	return mysql.Settings{URL: provider.URL(s.url("broker", brokerPassword)), Connections: 2}
}

// start makes the provider, and returns it with its log.
func start(t *testing.T, settings mysql.Settings) (*provider.Dispatcher, *logBuffer, error) {
	t.Helper()
	set, err := provider.NewSet(mysql.Definition)
	if err != nil {
		t.Fatal(err)
	}
	group, err := provider.NewGroup(set, provider.Named{Name: "mysql", Definition: mysql.Definition, Settings: &settings})
	if err != nil {
		t.Fatal(err)
	}
	log := &logBuffer{}
	d, err := group.Start(t.Context(), provider.Host{Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err == nil {
		t.Cleanup(func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return d, log, err
}

// A logBuffer keeps a log.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// checkCatalog returns why the provider cannot serve a catalog.
func checkCatalog(t *testing.T, text string) error {
	t.Helper()
	set, err := provider.NewSet(mysql.Definition)
	if err != nil {
		t.Fatal(err)
	}
	group, err := provider.NewGroup(set, provider.Named{Name: "mysql", Definition: mysql.Definition, Settings: &mysql.Settings{}})
	if err != nil {
		t.Fatal(err)
	}
	source, err := catalog.ParseSource("catalog.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return group.CheckSource(source)
}
