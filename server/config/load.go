package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/openbroker/openbroker/internal/settings"
	"github.com/openbroker/openbroker/internal/tree"
	"github.com/openbroker/openbroker/provider"
)

// Default returns the configuration of a broker without a file.
func Default(providers *provider.Set) *Config { return &Config{providers: providers} }

// Load reads the configuration file at path. The settings of providers are those of
// the set. The error is [Errors] if the file can be read but has problems.
func Load(path string, providers *provider.Set) (*Config, error) { return load(path, providers) }

// LoadForStore is [Load] for programs that use only the store. References in the
// sections auth, tls, encryption, console and of providers may be missing; see
// [Config.Unresolved].
func LoadForStore(path string, providers *provider.Set) (*Config, error) {
	return load(path, providers, "auth", "tls", "encryption", "console", "provider", "providers")
}

func load(path string, providers *provider.Set, optional ...string) (*Config, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > settings.MaxFileSize {
		err = fmt.Errorf("%s has %d bytes, more than %d: it is not a configuration file", path, info.Size(), settings.MaxFileSize)
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path) //nolint:gosec // G304: the operator chooses the path of the configuration.
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return parse(path, data, os.LookupEnv, providers, optional)
}

// Parse is [Load] for the content of a file with the given name, which appears in
// errors. Relative paths are relative to its directory. lookUp returns environment
// variables. The error is [Errors].
func Parse(name string, data []byte, lookUp func(variable string) (string, bool), providers *provider.Set) (*Config, error) {
	return parse(name, data, lookUp, providers, nil)
}

func parse(name string, data []byte, lookUp func(variable string) (string, bool), providers *provider.Set, optional []string) (*Config, error) {
	directory, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	body, err := tree.ParseYAML(name, data)
	document := settings.NewDocument(name, body)
	problems := collect(document)
	config := &Config{document: document, providers: providers}
	if err != nil {
		problems.Syntax(err)
		return nil, problems.err()
	}
	if body == nil || body.Kind == tree.Null {
		problems.Add(settings.Place{}, "", "the file is empty: add settings, or write {} for the defaults")
		return nil, problems.err()
	}
	d := &settings.Decoder{
		Document: document, Problems: problems.Collector, Directory: directory, LookUp: lookUp, Optional: optional,
		Secrets: map[reflect.Type]func(string) bool{reflect.TypeFor[Store](): hasPassword},
		Numbers: map[string]func(string) error{"listen": CheckListen},
	}
	d.Custom = providerDecoders(d, providers)
	d.Decode(body, config)
	// The decoder does not know a path in a URL.
	if config.Store.SQLite != "" {
		config.Store.SQLite = d.Absolute(string(config.Store.SQLite))
	}
	// A value that could not be decoded is zero, and would cause wrong reports.
	if problems.Empty() {
		config.check(problems.report)
	}
	if err := problems.err(); err != nil {
		return nil, err
	}
	return config, nil
}

// Unresolved returns the error of the first reference in a section that
// [LoadForStore] could not resolve, or nil.
func (c *Config) Unresolved(section string) error {
	if c.document == nil {
		return nil
	}
	for _, m := range c.document.Unresolved {
		if m.Path == section || strings.HasPrefix(m.Path, section+".") || strings.HasPrefix(m.Path, section+"[") {
			problems := collect(c.document)
			problems.report(m.Path, "%v", m.Err)
			return problems.err()
		}
	}
	return nil
}
