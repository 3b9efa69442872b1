package rules

import (
	"slices"

	"github.com/openbroker/openbroker/catalog/internal/source"
	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/tree"
)

// fileRules are about files, before anything is known of catalogs.
var fileRules = []Rule{
	{
		ID: "syntax", Severity: SeverityError,
		Clause:  "docs/catalog.md, Files",
		Summary: "A file is a UTF-8 document in strict JSON or plain YAML.",
		Fix:     "Correct the file at this place; a JSON file must be named *.json.",
	},
	{
		ID: "not-a-catalog", Severity: SeverityError,
		Clause:  "docs/catalog.md, Directories",
		Summary: "Each file of a catalog's directory is a catalog, a service or a JSON Schema.",
		Fix:     "Complete the file, or move it elsewhere, such as into a directory below this one.",
	},
	{
		ID: "extension-conflict", Severity: SeverityError,
		Clause:  "docs/catalog.md, Directories",
		Summary: "The files of a directory agree about the extension fields of the catalog.",
		Fix:     "Keep the field in one of the files.",
	},
	{
		ID: "file-reference", Severity: SeverityError,
		Clause:  "docs/catalog.md, Schemas in files of their own",
		Summary: "A $file names a readable file in the directory of the catalog.",
		Fix:     "Give the path of a YAML or JSON file with the schema, relative to this file.",
	},
	{
		ID: "duplicate-key", Severity: SeverityError,
		Clause: "RFC 8259, 4", Link: "https://www.rfc-editor.org/rfc/rfc8259#section-4",
		Summary: "A field occurs once in its object.",
		Fix:     "Remove one of the two: readers do not agree about which counts.",
		check: func(c *checked, report report) {
			if !hasRepeated(c.Node) {
				return
			}
			visit(c.Place, func(at *source.Place) {
				for i, first := range at.Node.Repeated() {
					report(at.Key(i), "%s is already on line %d", excerpt.Brief(first.Name), first.Line)
				}
			})
		},
		decoding: true,
	},
}

// visit calls each for the value and all values in it.
func visit(at *source.Place, each func(*source.Place)) {
	each(at)
	if at.Is(tree.Object) {
		for member := range at.Members() {
			visit(member, each)
		}
		return
	}
	for element := range at.Elements() {
		visit(element, each)
	}
}

// hasRepeated reports whether a name occurs twice in any object of the value. It
// is there because it is much cheaper than to visit places.
func hasRepeated(node *tree.Node) bool {
	for range node.Repeated() {
		return true
	}
	for i := range node.Members {
		if hasRepeated(node.Members[i].Value) {
			return true
		}
	}
	return slices.ContainsFunc(node.Elements, hasRepeated)
}
