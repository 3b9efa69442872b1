package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/openbroker/openbroker/internal/tree"
)

// Load reads a catalog from a file or a directory. The pointer (RFC 6901) leads to the
// catalog in a file; empty means the whole file.
func Load(path, pointer string) (*Source, error) {
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
		l.display = "" // Do not prefix names with "./" if the given path has none.
	}
	if l.root, err = os.OpenRoot(l.directory); err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	defer l.root.Close() //nolint:errcheck // It was only read.
	for _, name := range names {
		// Follow symbolic links out of the directory: the user names these files.
		data, err := readRegular(filepath.Join(l.directory, name), tree.MaxSize, os.Stat, os.Open)
		if err != nil {
			return nil, fmt.Errorf("read the catalog: %w", err)
		}
		if err := l.parse(name, data); err != nil {
			return nil, err
		}
	}
	return l.source(info.IsDir()), nil
}

// Parse reads a catalog from the content of one file that is not on disk: as JSON if the
// name ends in .json, else as YAML.
func Parse(name string, data []byte) (*Source, error) {
	l := &loader{}
	if err := l.parse(name, data); err != nil {
		return nil, err
	}
	return l.source(false), nil
}

// Generate reads the JSON of a catalog that was written in Go.
func Generate(encoded []byte) (*Source, error) {
	l := &loader{complete: true}
	if err := l.parseJSON("", encoded); err != nil {
		return nil, err
	}
	s := l.source(false)
	s.generated = true
	return s, nil
}

// A loader puts files together.
type loader struct {
	directory string
	// display is the prefix of the names of files, if not empty.
	display string
	root    *os.Root // Nil without a directory to read from.
	// at leads to the catalog in its file.
	at []string

	// complete means that the document must be a catalog, and not a service or a list.
	complete bool

	documents []*document
	schemas   map[string]*schemaFile
	referred  int // Bytes of all schemas in files, once for each reference.
	faults    []Fault
}

// A document is one file of a catalog.
type document struct {
	name string
	// node is the catalog or service in the file; whole is everything in the file.
	node, whole *tree.Node
}

// parse adds a file.
func (l *loader) parse(name string, data []byte) error {
	node, err := tree.Parse(l.displayed(name), data)
	return l.add(name, node, err)
}

// parseJSON adds a JSON file with any name.
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

// syntax adds the faults of a file that has no document. Their lines stay hidden,
// because any of them may hold a secret.
func (l *loader) syntax(err error) {
	var faults tree.Errors
	if !errors.As(err, &faults) {
		faults = tree.Errors{{Message: err.Error()}}
	}
	for _, fault := range faults {
		l.faults = append(l.faults, Fault{Rule: "syntax", At: &Place{At: fault.Place}, Message: "the file " + fault.Message, Hidden: true})
	}
}

// fault adds a fault with a place in a document.
func (l *loader) fault(rule string, at *Place, format string, args ...any) {
	l.faults = append(l.faults, Fault{Rule: rule, At: at, Message: fmt.Sprintf(format, args...)})
}

// source joins the files.
func (l *loader) source(directory bool) *Source {
	for _, document := range l.documents {
		l.include(document)
	}
	s := &Source{root: l.join(directory), secret: &secretLines{}}
	for _, document := range l.documents {
		s.secret.documents = append(s.secret.documents, document.whole)
	}
	s.faults = l.faults
	return s
}

// read returns the content of a file that a catalog names. The file must be inside the
// directory of the catalog, also after following symbolic links.
func (l *loader) read(name string, limit int) ([]byte, error) {
	return readRegular(filepath.FromSlash(name), limit, l.root.Stat, l.root.Open)
}

// readRegular returns the content of a regular file of at most limit bytes. It does not
// open other files: opening a named pipe would block until something writes to it.
func readRegular(name string, limit int, stat func(string) (fs.FileInfo, error), open func(string) (*os.File, error)) ([]byte, error) {
	if info, err := stat(name); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
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
