package main

import (
	"path/filepath"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/sqlitefile"
	"github.com/openbroker/openbroker/server/config"
)

// newProvider makes the configured provider.
func newProvider(settings *config.Config, data string) (durable.Provider, error) {
	c := sqlitefile.Config{}
	if settings.Provider != nil && settings.Provider.SQLiteFile != nil {
		c.Directory = string(settings.Provider.SQLiteFile.Directory)
		c.CreateDelay = time.Duration(settings.Provider.SQLiteFile.CreateDelay)
	}
	if c.Directory == "" {
		c.Directory = filepath.Join(data, "instances")
	}
	return sqlitefile.New(c)
}

// prepare works out, without doing anything, what the configuration makes of the
// provider's catalog, and how the engine is to run it.
func prepare(settings *config.Config) (*openbroker.Catalog, durable.Config, error) {
	catalog, err := settings.ChangeCatalog(sqlitefile.Catalog())
	if err != nil {
		return nil, durable.Config{}, err
	}
	engine, err := settings.EngineConfig(catalog)
	return catalog, engine, err
}
