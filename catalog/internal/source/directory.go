package source

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/tree"
)

// catalogFiles returns the sorted names of the files in a directory that may be parts of a
// catalog.
func catalogFiles(directory string) ([]string, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || strings.HasPrefix(name, ".") {
			continue
		}
		if slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(name))) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, errors.New(directory + " has no *.yaml, *.yml or *.json file")
	}
	return names, nil
}

// join returns the catalog object of all files.
func (l *loader) join(directory bool) *tree.Node {
	if len(l.documents) == 0 {
		return &tree.Node{Kind: tree.Object}
	}
	if l.complete || !directory && !isService(l.documents[0].node) {
		return l.documents[0].node
	}
	first := l.documents[0].node
	services := &tree.Node{Kind: tree.Array, Place: first.Place}
	joined := &tree.Node{Kind: tree.Object, Place: first.Place, Members: []tree.Member{{Place: first.Place, Name: "services", Value: services}}}
	for _, document := range l.documents {
		switch node := document.node; {
		case isService(node):
			services.Elements = append(services.Elements, node)
		case node.Member("services") != nil:
			l.joinCatalog(joined, services, node)
		case node.Member("$schema") != nil || l.schemas[document.name] != nil:
			// A schema of parameters.
		default:
			l.fault("not-a-catalog", Root(node), "the file is neither a catalog with services nor a service with id, name and plans")
		}
	}
	if len(services.Elements) == 0 && !slices.ContainsFunc(l.documents, func(d *document) bool { return d.node.Member("services") != nil }) && len(l.faults) == 0 {
		l.fault("not-a-catalog", Root(first), "no file of the directory is a catalog or a service: all are JSON Schemas")
	}
	return joined
}

// joinCatalog adds the services and the extension fields of a file.
func (l *loader) joinCatalog(joined, services, node *tree.Node) {
	repeated := map[int]bool{}
	for i := range node.Repeated() {
		repeated[i] = true
	}
	for i := range node.Members {
		member := &node.Members[i]
		earlier := joined.Member(member.Name)
		switch {
		case repeated[i]:
			joined.Members = append(joined.Members, *member) // The rule duplicate-key reports it.
		case member.Name == "services" && member.Value.Kind == tree.Array:
			services.Elements = append(services.Elements, member.Value.Elements...)
		case member.Name == "services":
			l.fault("type-array", Root(node).Member("services"), "services must be an array, not %s", member.Value.Kind)
		case earlier == nil:
			joined.Members = append(joined.Members, *member)
		case !bytes.Equal(earlier.JSON(), member.Value.JSON()):
			l.fault("extension-conflict", Root(node).Member(member.Name), "%s of the catalog has another value in %s", excerpt.Brief(member.Name), earlier.File.Name)
		}
	}
}

// isService reports whether a document is a service instead of a catalog.
func isService(node *tree.Node) bool {
	if node.Member("services") != nil || node.Member("$schema") != nil {
		return false
	}
	if node.Member("plans") != nil {
		return true
	}
	known := 0
	for _, name := range []string{"id", "name", "bindable"} {
		if node.Member(name) != nil {
			known++
		}
	}
	return known > 1
}
