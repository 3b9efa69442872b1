package tree

import (
	"bytes"
	"path/filepath"
	"strings"
	"sync"
	"unicode/utf8"
)

// MaxSize bounds a document, in bytes.
const MaxSize = 32 << 20

// maxDepth bounds the nesting of values.
const maxDepth = 200

// maxValues bounds the values of a document: a value of two bytes in the file takes a
// hundred times as much memory.
const maxValues = 1 << 20

// A File is the content of a document.
type File struct {
	Name string
	data []byte

	once  sync.Once
	lines [][]byte
}

// Line returns a line of the file, counted from 1, without its end. A missing line is
// empty.
func (f *File) Line(number int) string {
	f.once.Do(func() { f.lines = bytes.Split(f.data, []byte{'\n'}) })
	if number < 1 || number > len(f.lines) {
		return ""
	}
	return strings.ToValidUTF8(strings.TrimSuffix(string(f.lines[number-1]), "\r"), "\ufffd")
}

// An Error is a fault of a document or of a value in it.
type Error struct {
	Place
	Message string
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Errors are all faults of a document, in the order of the file.
type Errors []*Error

// Error returns the first message.
func (e Errors) Error() string { return e[0].Message }

// Unwrap returns the faults, so that errors.As finds an [*Error].
func (e Errors) Unwrap() []error {
	list := make([]error, len(e))
	for i := range e {
		list[i] = e[i]
	}
	return list
}

// Parse reads the content of a file: as JSON if its name ends in .json, else as
// YAML. The error is [Errors].
func Parse(name string, data []byte) (*Node, error) {
	if strings.EqualFold(filepath.Ext(name), ".json") {
		return ParseJSON(name, data)
	}
	file := newFile(name, data)
	node, faults, err := parse(file, parseYAML)
	switch {
	case err != nil:
		return nil, err
	case node == nil:
		return nil, Errors{{Place{file, 1, 1}, "is empty"}}
	case len(faults) > 0:
		return nil, faults
	}
	return node, nil
}

// ParseJSON is [Parse] for JSON under any name.
func ParseJSON(name string, data []byte) (*Node, error) {
	node, _, err := parse(newFile(name, data), parseJSON)
	return node, err
}

// ParseYAML is [Parse] for YAML under any name. It leaves values and names that are not
// plain in the tree, with their faults. It returns nil for a document without a value.
func ParseYAML(name string, data []byte) (*Node, error) {
	node, _, err := parse(newFile(name, data), parseYAML)
	return node, err
}

func newFile(name string, data []byte) *File {
	return &File{Name: name, data: bytes.TrimPrefix(data, []byte("\ufeff"))} // The byte order mark of some editors.
}

// parse returns the tree, and the faults in it.
func parse(file *File, as func(*File) (*Node, Errors, *Error)) (*Node, Errors, error) {
	data := file.data
	if len(data) > MaxSize {
		return nil, nil, Errors{{Place{file, 1, 1}, "is larger than 32 MiB: check whether it is the right file"}}
	}
	if valid := validPrefix(data); valid < len(data) {
		return nil, nil, Errors{{file.at(valid), "is not UTF-8: save it in that encoding"}}
	}
	node, faults, err := as(file)
	if err != nil {
		return nil, nil, Errors{err}
	}
	return node, faults, nil
}

func validPrefix(data []byte) int {
	if utf8.Valid(data) {
		return len(data)
	}
	i := 0
	for i < len(data) {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		i += size
	}
	return i
}

// at returns the place of an offset.
func (f *File) at(offset int) Place {
	before := f.data[:min(max(offset, 0), len(f.data))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return Place{f, bytes.Count(before, []byte{'\n'}) + 1, utf8.RuneCount(before[start:]) + 1}
}
