package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/openbroker/openbroker/internal/tree"
)

// maxFileSize limits the size of the configuration and of referenced files, in bytes.
const maxFileSize = 1 << 20

// Load reads the configuration file at path. The error is [Errors] if the file can be
// read but has problems.
func Load(path string) (*Config, error) { return load(path) }

// LoadForStore is [Load] for programs that use only the store. References in the
// sections auth, tls and encryption may be missing; see [Config.Unresolved].
func LoadForStore(path string) (*Config, error) { return load(path, "auth", "tls", "encryption") }

func load(path string, optional ...string) (*Config, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxFileSize {
		err = fmt.Errorf("%s has %d bytes, more than %d: it is not a configuration file", path, info.Size(), maxFileSize)
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path) //nolint:gosec // G304: the operator chooses the path of the configuration.
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return parse(path, data, os.LookupEnv, optional)
}

// Parse is [Load] for the content of a file with the given name, which appears in
// errors. Relative paths are relative to its directory. lookUp returns environment
// variables. The error is [Errors].
func Parse(name string, data []byte, lookUp func(variable string) (string, bool)) (*Config, error) {
	return parse(name, data, lookUp, nil)
}

func parse(name string, data []byte, lookUp func(variable string) (string, bool), optional []string) (*Config, error) {
	directory, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	body, err := tree.ParseYAML(name, data)
	document := newDocument(name, body)
	problems := document.problems()
	config := &Config{document: document}
	if err != nil {
		problems.syntax(err)
		return nil, problems.err()
	}
	if body == nil || body.Kind == tree.Null {
		problems.add(place{}, "", "the file is empty: add settings, or write {} for the defaults")
		return nil, problems.err()
	}
	d := &decoder{document: document, problems: problems, directory: directory, lookUp: lookUp, optional: optional}
	d.decode(body, config)
	// A value that could not be decoded is zero, and would cause wrong reports.
	if len(problems.list) == 0 {
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
	for _, m := range c.document.unresolved {
		if m.path == section || strings.HasPrefix(m.path, section+".") || strings.HasPrefix(m.path, section+"[") {
			problems := c.document.problems()
			problems.report(m.path, "%v", m.err)
			return problems.err()
		}
	}
	return nil
}
