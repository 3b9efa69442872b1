package rules

import (
	"slices"

	"github.com/openbroker/openbroker/catalog/internal/source"
	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/tree"
)

// fileRules are about files as documents.
var fileRules = []Rule{
	{
		ID: "syntax", Severity: SeverityError,
		Clause:  "docs/catalog.md, Files",
		Summary: "A file is a UTF-8 document in strict JSON or plain YAML.",
		Fix:     "Correct the file at this position. The name of a JSON file must end in .json.",
	},
	{
		ID: "not-a-catalog", Severity: SeverityError,
		Clause:  "docs/catalog.md, Directories",
		Summary: "Each file in the directory of a catalog is a catalog, a service or a JSON Schema.",
		Fix:     "Complete the file, or move it elsewhere, such as into a subdirectory.",
	},
	{
		ID: "extension-conflict", Severity: SeverityError,
		Clause:  "docs/catalog.md, Directories",
		Summary: "The files of a directory have the same values for extension fields of the catalog.",
		Fix:     "Keep the field in one file only.",
	},
	{
		ID: "file-reference", Severity: SeverityError,
		Clause:  "docs/catalog.md, Schemas in files of their own",
		Summary: "A $file names a readable file in the directory of the catalog.",
		Fix:     "Enter the path of a YAML or JSON file with the schema, relative to this file.",
	},
	{
		ID: "duplicate-key", Severity: SeverityError,
		Clause: "RFC 8259, 4", Link: "https://www.rfc-editor.org/rfc/rfc8259#section-4",
		Summary: "A field occurs once in its object.",
		Fix:     "Remove one of the two: parsers disagree about which one counts.",
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

// visit calls each for a value and all values in it.
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

// hasRepeated reports whether a name occurs twice in any object of the value. It is much
// cheaper than visiting all places.
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
