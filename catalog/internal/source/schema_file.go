package source

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/openbroker/openbroker/internal/tree"
)

// fileReference is the field that stands for the content of a file.
const fileReference = "$file"

// maxSchemaFile bounds a file with a schema. It is sixteen times the limit of the
// specification, so that the rule about large schemas can report it.
const maxSchemaFile = 1 << 20

// A schemaFile is a file that a catalog refers to.
type schemaFile struct {
	node *tree.Node // Nil if it cannot be used.
	size int
}

// include replaces references to files with schemas by the content of the files.
func (l *loader) include(d *document) {
	at := Root(d.node)
	if isService(d.node) && !l.complete {
		l.includeService(d, at)
		return
	}
	for service := range at.Member("services").Elements() {
		l.includeService(d, service)
	}
}

func (l *loader) includeService(d *document, service *Place) {
	for plan := range service.Member("plans").Elements() {
		for schema := range Schemas(plan) {
			if schema.Node == nil || len(schema.Node.Members) != 1 || schema.Node.Members[0].Name != fileReference {
				continue
			}
			reference := schema.Member(fileReference)
			if node := l.schemaFile(d, reference); node != nil {
				for i := range schema.Parent.Node.Members {
					if member := &schema.Parent.Node.Members[i]; member.Value == schema.Node {
						member.Value = node
					}
				}
			}
		}
	}
}

// schemaFile returns the content of the file that a reference names, or nil.
func (l *loader) schemaFile(d *document, reference *Place) *tree.Node {
	refuse := func(format string, args ...any) *tree.Node {
		l.fault("file-reference", reference, format, args...)
		return nil
	}
	given, ok := reference.Text()
	if !ok {
		return refuse("%s must be a string with the path of a file", fileReference)
	}
	if l.root == nil {
		return refuse("%s cannot be used in a catalog that is not a file", fileReference)
	}
	name := path.Join(path.Dir(d.name), given)
	if path.IsAbs(given) || name == ".." || strings.HasPrefix(name, "../") {
		return refuse("%s %q is outside the directory of the catalog", fileReference, given)
	}
	file := l.schemas[name]
	if file == nil {
		file = &schemaFile{}
		l.schemas[name] = file
		data, err := l.read(name, maxSchemaFile)
		var failed *fs.PathError
		switch {
		case errors.As(err, &failed):
			return refuse("%s %q cannot be read: %v", fileReference, given, failed.Err)
		case err != nil:
			return refuse("%s %q cannot be read: %v", fileReference, given, err)
		}
		node, err := tree.Parse(l.displayed(name), data)
		if err != nil {
			l.syntax(err)
			return nil
		}
		file.node, file.size = node, len(data)
	}
	if l.referred += file.size; l.referred > tree.MaxSize {
		return refuse("the catalog with its schemas is larger than %d bytes", tree.MaxSize)
	}
	return file.node
}
