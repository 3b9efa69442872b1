package sqlitefile

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

// definitionName is the name of Definition, and the key of the settings of plans.
const definitionName = "sqlitefile"

// Settings are those of the configuration.
type Settings struct {
	Directory   provider.Directory `yaml:"directory" doc:"directory of the databases; instances in the data directory by default, instances-NAME for a provider with another name"`
	CreateDelay provider.Duration  `yaml:"create_delay" default:"0s" doc:"how long each provision waits before it creates the database, to simulate a slow service"`
}

// PlanSettings are those of plans.
type PlanSettings struct {
	MaxBytes int64 `yaml:"max_bytes" min:"4096" max:"17592186036224" doc:"maximum size of a database in bytes; the plans of the default catalog have their own"`
}

// Definition describes the provider.
var Definition = provider.Define(provider.Spec[Settings, PlanSettings]{
	Name:    definitionName,
	Doc:     "SQLite databases in files",
	Catalog: catalogYAML,
	New: func(_ context.Context, settings Settings, host provider.Host) (durable.Provider, error) {
		directory := string(settings.Directory)
		if directory == "" {
			directory = defaultDirectory(host)
		}
		return New(Config{Directory: directory, CreateDelay: time.Duration(settings.CreateDelay)})
	},
	CheckPlan: func(_ *openbroker.Service, plan *openbroker.Plan, settings PlanSettings) error {
		if _, ok := planPages(plan.ID, settings); !ok {
			return fmt.Errorf("it has no quota: add %s: {max_bytes: NUMBER}", definitionName)
		}
		return nil
	},
})

// defaultDirectory is a directory of its own for each provider of a process.
func defaultDirectory(host provider.Host) string {
	if host.Name == definitionName {
		return filepath.Join(host.Data, "instances")
	}
	return filepath.Join(host.Data, "instances-"+host.Name)
}
