package config

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/openbroker/openbroker/internal/tree"
)

// maxFileSize bounds the configuration and the files that it refers to.
const maxFileSize = 1 << 20

// Load reads the configuration file at path. The error is [Errors] if the file
// can be read and something is wrong with it.
func Load(path string) (*Config, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxFileSize {
		err = fmt.Errorf("%s has %d bytes, more than %d: it is some other file", path, info.Size(), maxFileSize)
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path) //nolint:gosec // G304: the operator says where the configuration is.
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return Parse(path, data, os.LookupEnv)
}

// Parse is [Load] for the content of a file; errors call it name, and relative
// paths are relative to the directory of name. The environment is what lookUp
// says. The error is [Errors].
func Parse(name string, data []byte, lookUp func(variable string) (string, bool)) (*Config, error) {
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
	if body != nil && body.Kind != tree.Null {
		d := &decoder{document: document, problems: problems, directory: directory, lookUp: lookUp}
		d.decode(body, config)
	}
	// What could not be decoded is zero: more about it would be confusing.
	if len(problems.list) == 0 {
		config.check(problems.report)
	}
	if err := problems.err(); err != nil {
		return nil, err
	}
	return config, nil
}
