package setup

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/app/internal/output"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/server/config"
)

// CheckInstances returns an error if instances have a provider that is not configured.
func CheckInstances(ctx context.Context, settings *config.Config, store durable.Store, sealer durable.Sealer) error {
	group, err := settings.Group()
	if err != nil {
		return err
	}
	return durable.CheckProviders(ctx, store, sealer, group)
}

// StartProviders makes the configured providers.
func StartProviders(ctx context.Context, settings *config.Config, logger *slog.Logger) (*provider.Dispatcher, error) {
	group, err := settings.Group()
	if err != nil {
		return nil, err
	}
	return group.Start(ctx, provider.Host{Data: string(settings.Data), Logger: logger})
}

// CheckProviders returns why the configured providers cannot serve a catalog.
func CheckProviders(settings *config.Config, c *openbroker.Catalog) error {
	group, err := settings.Group()
	if err != nil {
		return err
	}
	return group.CheckCatalog(c)
}

// Prepare returns the catalog of the configuration and the settings of the engine. It
// changes nothing.
func Prepare(settings *config.Config, warn func(catalog.Finding)) (*openbroker.Catalog, durable.Config, error) {
	c, err := settings.ReadCatalog(warn)
	if err != nil {
		return nil, durable.Config{}, err
	}
	if err := CheckSchemas(settings, c); err != nil {
		return nil, durable.Config{}, err
	}
	engine, err := settings.EngineConfig(c)
	return c, engine, err
}

// CheckSchemas refuses schemas that cannot validate parameters: requests for their
// plans would be answered with 500.
func CheckSchemas(settings *config.Config, c *openbroker.Catalog) error {
	if settings.API.SkipParameterValidation {
		return nil
	}
	if err := catalog.ValidateSchemas(c); err != nil {
		return fmt.Errorf("the catalog has schemas that cannot validate parameters: correct them, or set api.skip_parameter_validation to true:\n%w", err)
	}
	return nil
}

// PrepareAdmin is Prepare for the admin commands, which also work with a broken catalog
// file: then they use the catalog that was served last.
func PrepareAdmin(settings *config.Config, stderr output.Messages) (*openbroker.Catalog, durable.Config, error) {
	c, engine, err := Prepare(settings, ignoreWarnings)
	if err == nil || settings.Catalog == nil || settings.Catalog.File == "" {
		return c, engine, err
	}
	last, missing := LastCatalog(settings)
	if missing != nil {
		return nil, durable.Config{}, err
	}
	stderr.Complain("the catalog file cannot be used; names are those of the catalog that was served last; see openbroker config check")
	engine, err = settings.EngineConfig(last)
	return last, engine, err
}

// PrepareStart is Prepare for serving. If the catalog file cannot be used, it returns
// the catalog that was served last, with the fault of the file: a broker that went down
// must be able to start again.
func PrepareStart(settings *config.Config, warn func(catalog.Finding)) (c *openbroker.Catalog, engine durable.Config, fault, err error) {
	c, engine, err = Prepare(settings, warn)
	if err == nil || settings.Catalog == nil || settings.Catalog.File == "" {
		return c, engine, nil, err
	}
	last, missing := LastCatalog(settings)
	if missing != nil || CheckProviders(settings, last) != nil || CheckSchemas(settings, last) != nil {
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
