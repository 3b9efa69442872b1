package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/openbroker/openbroker/internal/settings"
	"github.com/openbroker/openbroker/internal/tree"
	"github.com/openbroker/openbroker/provider"
)

// A Provider is the settings of a provider, under the name of its definition.
type Provider struct {
	Definition provider.Definition
	// Settings are those of [provider.Definition.Settings], decoded.
	Settings any
}

// Providers are several providers, by the names that services of the catalog use.
type Providers map[string]Provider

// providerDecoders decode the settings of providers into the types of their definitions.
func providerDecoders(d *settings.Decoder, set *provider.Set) map[reflect.Type]func(*tree.Node, *tree.Member, reflect.Value, settings.Field) {
	return map[reflect.Type]func(*tree.Node, *tree.Member, reflect.Value, settings.Field){
		reflect.TypeFor[Provider](): func(node *tree.Node, member *tree.Member, v reflect.Value, f settings.Field) {
			var p Provider
			d.Union(node, member, f, set.Names(), func(name string) any {
				if p.Settings == nil {
					p.Definition, _ = set.Definition(name)
					p.Settings = p.Definition.Settings()
				}
				return p.Settings
			})
			v.Set(reflect.ValueOf(p))
		},
	}
}

// named returns the configured providers by their paths in the file.
func (c *Config) named() map[string]provider.Named {
	all := map[string]provider.Named{}
	if c.Provider != nil {
		all["provider"] = provider.Named{Name: c.Provider.Definition.Name(), Definition: c.Provider.Definition, Settings: c.Provider.Settings}
	}
	for name, p := range c.Providers {
		all["providers."+name] = provider.Named{Name: name, Definition: p.Definition, Settings: p.Settings}
	}
	return all
}

func (c *Config) checkProviders(report reporter) {
	if c.Provider != nil && c.Providers != nil {
		report("provider", "and providers exclude each other: move it to providers, under a name of its own")
	}
	if c.Providers != nil && len(c.Providers) == 0 {
		report("providers", "has no provider: add one, or remove it")
	}
	named := c.named()
	for _, path := range slices.Sorted(maps.Keys(named)) {
		p := named[path]
		if err := provider.ValidName(p.Name); path != "provider" && err != nil {
			report(path, "is no name for a provider: it %v", err)
			continue
		}
		switch {
		case p.Settings == nil:
			report(path, "has no provider: add the settings of one of %s, such as %[2]s: {}", strings.Join(c.providers.Names(), ", "), c.providers.Names()[0])
		case c.Unresolved(path) == nil:
			reportSettings(report, path+"."+p.Definition.Name(), p.Definition.Check(p.Settings))
		}
	}
}

// checkProviderFiles reports what is wrong with the files that settings of providers name.
func (c *Config) checkProviderFiles(report reporter) {
	named := c.named()
	for _, path := range slices.Sorted(maps.Keys(named)) {
		p := named[path]
		if c.Unresolved(path) == nil {
			reportSettings(report, path+"."+p.Definition.Name(), p.Definition.CheckFiles(p.Settings))
		}
	}
}

// reportSettings reports what a definition says about its settings.
func reportSettings(report reporter, path string, err error) {
	var field *provider.FieldError
	switch {
	case err == nil:
	case errors.As(err, &field):
		report(path+"."+field.Field, "%v", field.Err)
	default:
		report(path, "is not usable: %v", err)
	}
}

// ProviderSet returns the definitions that the configuration was read with.
func (c *Config) ProviderSet() *provider.Set { return c.providers }

// Group returns the configured providers; without any, the first of the set, under its
// own name and with its default settings. The error is [Errors] if a file lacks the
// settings that this provider requires.
func (c *Config) Group() (*provider.Group, error) {
	named, set := c.named(), c.providers
	if len(named) == 0 {
		first := set.Definitions()[0]
		p := provider.Named{Name: first.Name(), Definition: first, Settings: first.Settings()}
		err := defaultSettings(first, p.Settings)
		if err != nil && c.document == nil {
			return nil, fmt.Errorf("the provider needs a configuration file: %w; openbroker config schema describes the file", err)
		}
		if err != nil {
			problems := collect(c.document)
			problems.report("", "provider is missing: %v", err)
			return nil, problems.err()
		}
		return provider.NewGroup(set, p)
	}
	members := make([]provider.Named, 0, len(named))
	for _, path := range slices.Sorted(maps.Keys(named)) {
		members = append(members, named[path])
	}
	return provider.NewGroup(set, members...)
}

// defaultSettings sets settings that no file has.
func defaultSettings(d provider.Definition, into any) error {
	document := settings.NewDocument("", nil)
	decoder := &settings.Decoder{Document: document, Problems: document.Collector(), Defaults: true}
	decoder.DecodeAt(&tree.Node{Kind: tree.Object}, d.Name(), "", into)
	if problems := decoder.Problems.Problems(); len(problems) > 0 {
		messages := make([]string, len(problems))
		for i := range problems {
			messages[i] = problems[i].Message
		}
		return errors.New(strings.Join(messages, "; "))
	}
	return d.Check(into)
}
