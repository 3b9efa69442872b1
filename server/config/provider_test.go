package config_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/sqlitefile"
	"github.com/openbroker/openbroker/server/config"
)

// A queue is the provider of a third party: the package does not know it.
type queueSettings struct {
	URL     provider.URL      `yaml:"url" required:"true" doc:"where it is"`
	Token   provider.Secret   `yaml:"token" doc:"how to log in"`
	Size    int               `yaml:"size" min:"1" default:"7" doc:"how large it is"`
	Bytes   int64             `yaml:"bytes" doc:"how much it may take"`
	Timeout provider.Duration `yaml:"timeout" default:"3s" doc:"how long it may take"`
	Home    provider.Path     `yaml:"home" default:"." doc:"where its files are"`
	Nested  struct {
		Mode string `yaml:"mode" enum:"fast,safe" default:"safe" doc:"how it works"`
	} `yaml:"nested" doc:"more of it"`
}

const queueCatalog = `services: [{id: q, name: queue, description: Queues., bindable: true, plans: [{id: qp, name: one, description: One queue.}]}]`

var queueDefinition = provider.Define(provider.Spec[queueSettings, struct{}]{
	Name: "queue", Doc: "queues", Catalog: queueCatalog,
	New: func(context.Context, queueSettings, provider.Host) (durable.Provider, error) {
		return durable.UnimplementedProvider{}, nil
	},
	Check: func(c queueSettings) error {
		if c.URL == "nowhere" {
			return &provider.FieldError{Field: "url", Err: errors.New("leads nowhere")}
		}
		return nil
	},
	CheckFiles: func(c queueSettings) error {
		if _, err := os.Stat(filepath.Join(string(c.Home), "queue.txt")); err != nil {
			return &provider.FieldError{Field: "home", Err: errors.New("has no queue.txt")}
		}
		return nil
	},
})

func providers(t *testing.T) *provider.Set {
	t.Helper()
	set, err := provider.NewSet(sqlitefile.Definition, queueDefinition)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestProviderSettings(t *testing.T) {
	t.Parallel()
	c := parse(t, `
providers:
  jobs: {queue: {url: https://q, token: "${env:TOKEN}", bytes: 5000000000, nested: {}}}
  mail: {queue: {url: https://m, size: 3, timeout: 1m, nested: {mode: fast}}}
`, map[string]string{"TOKEN": "hunter2"})
	jobs, _ := c.Providers["jobs"].Settings.(*queueSettings)
	mail, _ := c.Providers["mail"].Settings.(*queueSettings)
	if jobs == nil || mail == nil {
		t.Fatal("the settings have another type")
	}
	if jobs.URL != "https://q" || string(jobs.Token) != "hunter2" || jobs.Size != 7 || jobs.Bytes != 5000000000 || jobs.Timeout != provider.Duration(3*time.Second) || jobs.Nested.Mode != "safe" {
		t.Errorf("jobs: %+v", jobs)
	}
	if mail.Size != 3 || mail.Timeout != provider.Duration(time.Minute) || mail.Nested.Mode != "fast" || mail.Token != "" {
		t.Errorf("mail: %+v", mail)
	}
	group, err := c.Group()
	if err != nil || strings.Join(group.Names(), " ") != "jobs mail" {
		t.Errorf("the group is %v, %v", group, err)
	}
	if strings.Contains(slog.AnyValue(jobs.Token).String(), "hunter2") {
		t.Error("the token can be logged")
	}
}

func TestDefaultProvider(t *testing.T) {
	t.Parallel()
	group, err := config.Default(providers(t)).Group()
	if err != nil || strings.Join(group.Names(), " ") != "sqlitefile" {
		t.Errorf("the group is %v, %v", group, err)
	}
	set, err := provider.NewSet(queueDefinition)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.Default(set).Group(); err == nil || !strings.Contains(err.Error(), "the provider needs a configuration file: queue has no url, which is required") {
		t.Errorf("without a file the error is %v", err)
	}
	c, err := config.Parse("c.yaml", []byte("{}"), environment(nil), set)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Group(); err == nil || !strings.Contains(err.Error(), "provider is missing: queue has no url, which is required") {
		t.Errorf("the error is %v", err)
	}
}

// Secrets of providers need not be there for commands that only use the store.
func TestUnresolvedSecretOfProvider(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "openbroker.yaml")
	if err := os.WriteFile(path, []byte("providers: {jobs: {queue: {url: nowhere, token: '${file:gone}'}}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.LoadForStore(path, providers(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Unresolved("providers.jobs"); err == nil || !strings.Contains(err.Error(), "providers.jobs.queue.token needs the file gone") {
		t.Errorf("the error is %v", err)
	}
	if _, err := config.Load(path, providers(t)); err == nil {
		t.Error("a broker starts without the secret")
	}
}

// The files that settings name are checked with the other files. The default of a path
// is the directory of the configuration file.
func TestProviderFiles(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "openbroker.yaml")
	if err := os.WriteFile(path, []byte("providers: {jobs: {queue: {url: https://q}}, mail: {queue: {url: https://m, home: none}}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(directory, "queue.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path, providers(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CheckFiles(); err == nil || !strings.Contains(err.Error(), "openbroker.yaml:1:83: providers.mail.queue.home has no queue.txt") || strings.Contains(err.Error(), "jobs") {
		t.Errorf("the error is %v", err)
	}
}
