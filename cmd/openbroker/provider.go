package main

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
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

// prepare returns the catalog of the configuration and the settings of the engine. It
// changes nothing.
func prepare(settings *config.Config, warn func(catalog.Finding)) (*openbroker.Catalog, durable.Config, error) {
	c, err := readServed(settings, warn)
	if err != nil {
		return nil, durable.Config{}, err
	}
	if err := checkSchemas(settings, c); err != nil {
		return nil, durable.Config{}, err
	}
	engine, err := settings.EngineConfig(c)
	return c, engine, err
}

// checkSchemas refuses schemas that cannot validate parameters: requests for their
// plans would be answered with 500.
func checkSchemas(settings *config.Config, c *openbroker.Catalog) error {
	if settings.API.SkipParameterValidation {
		return nil
	}
	if err := catalog.ValidateSchemas(c); err != nil {
		return fmt.Errorf("the catalog has schemas that cannot validate parameters: correct them, or set api.skip_parameter_validation to true:\n%w", err)
	}
	return nil
}

// prepareAdmin is prepare for the admin commands, which also work with a broken catalog
// file: then they use the catalog that was served last.
func prepareAdmin(settings *config.Config, stderr io.Writer) (*openbroker.Catalog, durable.Config, error) {
	c, engine, err := prepare(settings, ignoreWarnings)
	if err == nil || settings.Catalog == nil || settings.Catalog.File == "" {
		return c, engine, err
	}
	last, missing := lastCatalog(settings)
	if missing != nil {
		return nil, durable.Config{}, err
	}
	complain(stderr, "openbroker: the catalog file cannot be used; names are those of the catalog that was served last; see openbroker config check")
	engine, err = settings.EngineConfig(last)
	return last, engine, err
}

// prepareStart is prepare for serving. If the catalog file cannot be used, it returns
// the catalog that was served last, with the fault of the file: a broker that went down
// must be able to start again.
func prepareStart(settings *config.Config, warn func(catalog.Finding)) (c *openbroker.Catalog, engine durable.Config, fault, err error) {
	c, engine, err = prepare(settings, warn)
	if err == nil || settings.Catalog == nil || settings.Catalog.File == "" {
		return c, engine, nil, err
	}
	last, missing := lastCatalog(settings)
	if missing != nil || sqlitefile.Check(last) != nil || checkSchemas(settings, last) != nil {
		return nil, engine, nil, err
	}
	engine, misfit := settings.EngineConfig(last)
	if misfit != nil {
		return nil, engine, nil, err
	}
	return last, engine, err, nil
}

// ignoreWarnings is for commands that do not check the catalog.
func ignoreWarnings(catalog.Finding) {}

// readServed returns the catalog to serve. It fails if the provider cannot serve it.
func readServed(settings *config.Config, warn func(catalog.Finding)) (*openbroker.Catalog, error) {
	c, err := settings.ReadCatalog(sqlitefile.Catalog(), warn)
	if err != nil {
		return nil, err
	}
	if err := sqlitefile.Check(c); err != nil {
		return nil, fmt.Errorf("the provider sqlitefile cannot serve the catalog: %w", err)
	}
	return c, nil
}
