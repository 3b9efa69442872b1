package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
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
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // The byte order mark of some editors.
	directory, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	document := newDocument(name, data)
	problems := document.problems()
	config := &Config{document: document}
	body, err := parse(data)
	if err != nil {
		problems.list = append(problems.list, document.syntaxProblem(err))
		return nil, problems.err()
	}
	if body != nil {
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

// parse returns the body of the one document of the file, nil if it is empty.
func parse(data []byte) (body ast.Node, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the YAML cannot be parsed")
		}
	}()
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, err
	}
	for _, document := range file.Docs {
		if document.Body == nil {
			continue
		}
		if body != nil {
			return nil, &yaml.SyntaxError{Message: "the file has a second document: keep one", Token: document.Body.GetToken()}
		}
		body = document.Body
	}
	return body, nil
}
