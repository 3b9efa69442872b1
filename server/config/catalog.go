package config

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/provider"
)

// Catalog configures the source of the catalog and changes to it.
type Catalog struct {
	File          Path               `yaml:"file" doc:"file or directory with the catalog, in YAML or JSON, in place of the provider's catalog; read again when it changes"`
	AllowBreaking bool               `yaml:"allow_breaking" default:"false" doc:"accept a changed file even if it breaks existing instances"`
	PollInterval  Duration           `yaml:"poll_interval" default:"30s" doc:"how often the file is read without a notification of the file system"`
	Services      map[string]Service `yaml:"services" doc:"changes to services, by service id or name"`
}

func (c *Catalog) check(report reporter) {
	if c.File != "" {
		return
	}
	if c.AllowBreaking {
		report("catalog.allow_breaking", "needs file")
	}
	if c.PollInterval != 0 {
		report("catalog.poll_interval", "needs file")
	}
}

// ReadCatalog returns the catalog to serve: the one of the file, or else those of the
// providers, with the changes applied. It calls warn with the warnings of [catalog.Load].
// The error is that of [catalog.Load], [catalog.Errors] if the providers cannot serve the
// catalog, or [Errors].
func (c *Config) ReadCatalog(warn ...func(catalog.Finding)) (*openbroker.Catalog, error) {
	group, err := c.Group()
	if err != nil {
		return nil, err
	}
	given, err := c.givenCatalog(group, warn)
	if err != nil {
		return nil, err
	}
	return c.ChangeCatalog(given)
}

// givenCatalog returns the catalog without the changes.
func (c *Config) givenCatalog(group *provider.Group, warn []func(catalog.Finding)) (*openbroker.Catalog, error) {
	if c.Catalog == nil || c.Catalog.File == "" {
		return group.Catalog()
	}
	source, err := catalog.LoadSource(string(c.Catalog.File))
	if err != nil {
		return nil, err
	}
	given, err := source.Valid(warn...)
	if err != nil {
		return nil, err
	}
	return given, group.CheckSource(source, warn...)
}

// Service describes changes to a service. Fields that are not set stay unchanged.
type Service struct {
	Name        string          `yaml:"name" doc:"name that platforms show; unique among all their brokers"`
	Description string          `yaml:"description" doc:"a short description"`
	Tags        []string        `yaml:"tags" doc:"replaces the tags"`
	Metadata    map[string]any  `yaml:"metadata" doc:"merged into the metadata, by top-level name"`
	Plans       map[string]Plan `yaml:"plans" doc:"changes to plans, by plan id or name"`
}

// Plan describes changes to a plan. Fields that are not set stay unchanged.
type Plan struct {
	Name                   string         `yaml:"name" doc:"name that platforms show; unique within the service"`
	Description            string         `yaml:"description" doc:"a short description"`
	Free                   *bool          `yaml:"free" doc:"whether the plan is free of charge"`
	MaximumPollingDuration Duration       `yaml:"maximum_polling_duration" doc:"how long platforms poll an operation, in whole seconds"`
	Metadata               map[string]any `yaml:"metadata" doc:"merged into the metadata, by top-level name"`
}

// ChangeCatalog returns a copy of the given catalog with the changes of the file. The
// error is [Errors] if a change names an unknown service or plan, or makes the
// catalog invalid.
func (c *Config) ChangeCatalog(given *openbroker.Catalog) (*openbroker.Catalog, error) {
	if c.Catalog == nil {
		return given, nil
	}
	problems := collect(c.document)
	changed := &openbroker.Catalog{Services: slices.Clone(given.Services), Extensions: given.Extensions}
	for _, name := range slices.Sorted(maps.Keys(c.Catalog.Services)) {
		path := "catalog.services." + name
		i := slices.IndexFunc(given.Services, func(s openbroker.Service) bool { return s.ID == name || s.Name == name })
		if i < 0 {
			problems.report(path, "is not a service of the catalog")
			continue
		}
		change := c.Catalog.Services[name]
		change.apply(&changed.Services[i], path, problems)
	}
	if err := changed.Validate(); err != nil && problems.Empty() {
		problems.report("catalog", "makes the catalog invalid: %v", err)
	}
	return changed, problems.err()
}

func (s *Service) apply(service *openbroker.Service, path string, problems *collector) {
	replace(&service.Name, s.Name)
	replace(&service.Description, s.Description)
	if s.Tags != nil {
		service.Tags = s.Tags
	}
	merge(&service.Metadata, s.Metadata, path, problems)
	given := service.Plans
	service.Plans = slices.Clone(given)
	for _, name := range slices.Sorted(maps.Keys(s.Plans)) {
		path := path + ".plans." + name
		i := slices.IndexFunc(given, func(p openbroker.Plan) bool { return p.ID == name || p.Name == name })
		if i < 0 {
			problems.report(path, "is not a plan of the service")
			continue
		}
		change := s.Plans[name]
		change.apply(&service.Plans[i], path, problems)
	}
}

func (p *Plan) apply(plan *openbroker.Plan, path string, problems *collector) {
	replace(&plan.Name, p.Name)
	replace(&plan.Description, p.Description)
	if p.Free != nil {
		plan.Free = p.Free
	}
	if p.MaximumPollingDuration > 0 {
		seconds := int(max(time.Duration(p.MaximumPollingDuration).Round(time.Second), time.Second) / time.Second)
		plan.MaximumPollingDuration = &seconds
	}
	merge(&plan.Metadata, p.Metadata, path, problems)
}

func replace(field *string, value string) {
	if value != "" {
		*field = value
	}
}

// merge replaces the metadata by a copy with the changes.
func merge[M any](metadata **M, changes map[string]any, path string, problems *collector) {
	if len(changes) == 0 {
		return
	}
	fields := map[string]any{}
	merged := new(M)
	encoded, err := json.Marshal(*metadata)
	if err == nil && *metadata != nil {
		err = json.Unmarshal(encoded, &fields)
	}
	if err == nil {
		maps.Copy(fields, changes)
		encoded, err = json.Marshal(fields)
	}
	if err == nil {
		err = json.Unmarshal(encoded, merged)
	}
	if err != nil {
		problems.report(path+".metadata", "cannot be merged: %v", err)
		return
	}
	*metadata = merged
}
