package catalog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/openbroker/openbroker/internal/tree"
)

// A Source is a catalog as it is written: it knows where each value is. It does
// not change, and may be used by several goroutines.
type Source struct {
	// root is the catalog object, with the services of all files.
	root    *tree.Node
	private *private
	// header came with the catalog of a running broker; served says that it is one.
	header http.Header
	served bool

	once   sync.Once
	places *checked
}

// Load reads a catalog from a YAML or JSON file, or from a directory.
//
// Of a directory, all files *.yaml, *.yml and *.json count that are not hidden,
// sorted by name. Each is a catalog, with services, or one service; services
// are joined in this order. JSON Schemas, which say "$schema", are left out.
// Instead of a schema of parameters, {$file: PATH} names a YAML or JSON file that has it,
// relative to the file that says so, and not outside of the directory.
//
// A file that is a list of services is a catalog too.
//
// The error is [Errors] if the files can be read, but are no documents, or
// cannot be joined. What else is wrong is for [Lint] and [Source.Catalog].
func Load(path string) (*Source, error) { return LoadAt(path, "") }

// LoadAt is [Load] for a catalog that is a part of a file, such as of the
// configuration of a broker. The pointer (RFC 6901) leads to the catalog, to a list
// of services or to a service; an empty one is the whole file.
func LoadAt(path, pointer string) (*Source, error) {
	tokens, err := parsePointer(pointer)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	if info.IsDir() && len(tokens) > 0 {
		return nil, fmt.Errorf("%s is a directory: a JSON pointer leads into one file", path)
	}
	l := &loader{directory: path, at: tokens, schemas: map[string]*schemaFile{}}
	var names []string
	if !info.IsDir() {
		l.directory = filepath.Dir(path)
		names = []string{filepath.Base(path)}
	} else if names, err = catalogFiles(path); err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	l.display = l.directory
	if !info.IsDir() && filepath.Base(path) == path {
		l.display = "" // Do not put ./ before what was given without it.
	}
	if l.root, err = os.OpenRoot(l.directory); err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	defer l.root.Close() //nolint:errcheck // It was only read.
	for _, name := range names {
		// The user names these, wherever their symbolic links lead.
		data, err := readRegular(filepath.Join(l.directory, name), tree.MaxSize, os.Stat, os.Open)
		if err != nil {
			return nil, fmt.Errorf("read the catalog: %w", err)
		}
		if err := l.parse(name, data); err != nil {
			return nil, err
		}
	}
	return l.source(info.IsDir())
}

// Parse is [Load] for the content of one file that is not on disk, and cannot
// refer to others. It is JSON if the name ends in .json, else YAML. The error is
// [Errors].
func Parse(name string, data []byte) (*Source, error) {
	l := &loader{}
	if err := l.parse(name, data); err != nil {
		return nil, err
	}
	return l.source(false)
}

// A loader puts files together.
type loader struct {
	directory string
	// display is what names of files begin with, if not empty.
	display string
	root    *os.Root // Nil if there is none to read from.
	// at leads to the catalog in its file.
	at []string

	// complete says that the document is a catalog, whatever it looks like.
	complete bool

	documents []*document
	schemas   map[string]*schemaFile
	referred  int // Bytes of all schemas in files, once for each mention.
	problems  Errors
}

// A document is one file of a catalog.
type document struct {
	name string
	// node is the catalog or service in the file, whole all that is in it.
	node, whole *tree.Node
}

// parse adds a file.
func (l *loader) parse(name string, data []byte) error {
	node, err := tree.Parse(l.displayed(name), data)
	return l.add(name, node, err)
}

// parseJSON adds a file that is JSON whatever its name.
func (l *loader) parseJSON(name string, data []byte) error {
	node, err := tree.ParseJSON(name, data)
	return l.add(name, node, err)
}

func (l *loader) add(name string, node *tree.Node, err error) error {
	if err != nil {
		l.syntax(err)
		return nil
	}
	part, err := follow(node, l.at)
	if err != nil {
		return fmt.Errorf("%s %w", l.displayed(name), err)
	}
	if !l.complete && isServiceList(part) {
		part = catalogOf(part)
	}
	l.documents = append(l.documents, &document{name, part, node})
	return nil
}

func (l *loader) displayed(name string) string {
	if l.display == "" {
		return name
	}
	return filepath.Join(l.display, filepath.FromSlash(name))
}

// syntax adds problems for which there is no document. Their lines are not
// shown: nobody knows what in them is a secret.
func (l *loader) syntax(err error) {
	var faults tree.Errors
	if !errors.As(err, &faults) {
		faults = tree.Errors{{Message: err.Error()}}
	}
	for _, fault := range faults {
		problem := ruleByID("syntax").finding(&place{at: fault.Place}, "the file %s", fault.Message)
		problem.file = nil
		l.problems = append(l.problems, problem)
	}
}

// problem adds a problem with a place in a document.
func (l *loader) problem(rule string, at *place, format string, args ...any) {
	l.problems = append(l.problems, ruleByID(rule).finding(at, format, args...))
}

// source joins the files.
func (l *loader) source(directory bool) (*Source, error) {
	for _, document := range l.documents {
		l.include(document)
	}
	joined := l.join(directory)
	s := &Source{root: joined, private: &private{}}
	for _, document := range l.documents {
		s.private.documents = append(s.private.documents, document.whole)
	}
	if err := s.finish(l.problems).err(); err != nil {
		return nil, err
	}
	return s, nil
}

// read returns the content of a file that a catalog names, which is not outside of
// its directory, by symbolic links neither.
func (l *loader) read(name string, limit int) ([]byte, error) {
	return readRegular(filepath.FromSlash(name), limit, l.root.Stat, l.root.Open)
}

// readRegular returns the content of a file that has at most limit bytes. What is no
// regular file is not even opened: a named pipe would wait for somebody to write.
func readRegular(name string, limit int, stat func(string) (fs.FileInfo, error), open func(string) (*os.File, error)) ([]byte, error) {
	if info, err := stat(name); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	file, err := open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // It was only read.
	data, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err == nil && len(data) > limit {
		err = fmt.Errorf("%s has more than %d bytes", name, limit)
	}
	return data, err
}
