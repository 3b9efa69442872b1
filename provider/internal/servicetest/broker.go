package servicetest

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/client"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/seal"
	"github.com/openbroker/openbroker/server/config"
)

// patience bounds how long a test waits for an operation. It only ends tests that hang.
const patience = 30 * time.Minute

// A Broker is a broker with the provider, and a platform that uses it.
type Broker struct {
	// Engine is the broker without HTTP.
	Engine *durable.Engine
	// Providers has the provider, for example as a lister of its resources.
	Providers *provider.Dispatcher
	// Client is the platform.
	Client *client.Client

	service *Service
	set     *provider.Set
	offer   *openbroker.Service
	log     *logBuffer
	hooks   *hooks
}

// Start starts a broker that ends with the test.
func (s *Service) Start(t *testing.T) *Broker {
	t.Helper()
	b := &Broker{service: s, log: &logBuffer{}, hooks: &hooks{}}
	settings := b.settings(t)
	group, err := settings.Group()
	if err != nil {
		t.Fatal(err)
	}
	offered, err := settings.ReadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	b.offer = &offered.Services[0]
	logger := slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if b.Providers, err = group.Start(t.Context(), provider.Host{Data: t.TempDir(), Logger: logger}); err != nil {
		t.Fatal(err)
	}
	keyset, err := seal.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := seal.Parse(keyset)
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "openbroker.db"))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := settings.EngineConfig(offered)
	if err != nil {
		t.Fatal(err)
	}
	engine.Sealer, engine.Logger, engine.PollInterval = keys, logger, 100*time.Millisecond
	// Requests wait, so that a test does not.
	engine.DefaultPolicy = durable.Policy{SyncWait: 30 * time.Second, BackoffMin: 10 * time.Millisecond, BackoffMax: 200 * time.Millisecond}
	if b.Engine, err = durable.New(t.Context(), offered, &hooked{Dispatcher: b.Providers, hooks: b.hooks}, store, engine); err != nil {
		t.Fatal(err)
	}
	b.Engine.Start(context.WithoutCancel(t.Context()))
	listener := httptest.NewServer(openbroker.NewHandler(b.Public(), openbroker.WithLogger(logger),
		openbroker.WithAuthenticator(&auth.None{}), openbroker.WithParameterValidation(catalog.NewValidator())))
	t.Cleanup(func() {
		listener.Close()
		b.Engine.Stop(context.WithoutCancel(t.Context()))
		if err := errors.Join(b.Providers.Close(), store.Close()); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the log of the broker ends with:\n%s", b.log.tail())
		}
	})
	b.Client, err = client.New(listener.URL, client.WithRequestTimeout(patience),
		client.WithPollInterval(10*time.Millisecond, 100*time.Millisecond), client.WithMaximumPollingDuration(patience))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// settings returns the configuration, read from a file.
func (b *Broker) settings(t *testing.T) *config.Config {
	t.Helper()
	set, err := provider.NewSet(b.service.Definition)
	if err != nil {
		t.Fatal(err)
	}
	b.set = set
	directory := t.TempDir()
	text := "provider:\n  " + b.service.Definition.Name() + ":\n    " + strings.ReplaceAll(strings.TrimSpace(b.service.Settings), "\n", "\n    ") + "\n"
	if b.service.Catalog != "" {
		text += "catalog: {file: catalog.yaml}\n"
		if err := os.WriteFile(filepath.Join(directory, "catalog.yaml"), []byte(b.service.Catalog), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(directory, "openbroker.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load(file, set)
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

// Public returns the broker as platforms see it.
func (b *Broker) Public() openbroker.Broker { return &public{Engine: b.Engine, set: b.set} }

// public hides the fields for providers from platforms, as serve does.
type public struct {
	*durable.Engine
	set *provider.Set
}

// Catalog returns the catalog without the fields for providers.
func (p *public) Catalog(ctx context.Context) (*openbroker.Catalog, error) {
	full, err := p.Engine.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	return p.set.Public(full), nil
}

// plan returns the id of a plan of the first service.
func (b *Broker) plan(t *testing.T, name string) string {
	t.Helper()
	for i := range b.offer.Plans {
		if b.offer.Plans[i].Name == name {
			return b.offer.Plans[i].ID
		}
	}
	t.Fatalf("the service %s has no plan %q", b.offer.Name, name)
	return ""
}
