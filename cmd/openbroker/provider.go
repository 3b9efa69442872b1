package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/server/config"
)

// startProviders makes the configured providers.
func startProviders(ctx context.Context, settings *config.Config, logger *slog.Logger) (*provider.Dispatcher, error) {
	group, err := settings.Group()
	if err != nil {
		return nil, err
	}
	return group.Start(ctx, provider.Host{Data: string(settings.Data), Logger: logger})
}

// checkProviders returns why the configured providers cannot serve a catalog.
func checkProviders(settings *config.Config, c *openbroker.Catalog) error {
	group, err := settings.Group()
	if err != nil {
		return err
	}
	return group.CheckCatalog(c)
}

// prepare returns the catalog of the configuration and the settings of the engine. It
// changes nothing.
func prepare(settings *config.Config, warn func(catalog.Finding)) (*openbroker.Catalog, durable.Config, error) {
	c, err := settings.ReadCatalog(warn)
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
	if missing != nil || checkProviders(settings, last) != nil || checkSchemas(settings, last) != nil {
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
