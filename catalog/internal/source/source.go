package source

import (
	"net/http"
	"sync"

	"github.com/openbroker/openbroker/internal/tree"
)

// A Source is the text of a catalog. It is immutable, and safe for concurrent use.
type Source struct {
	// root is the catalog object, with the services of all files.
	root *tree.Node
	// faults are the reasons why the files are not a catalog.
	faults []Fault
	secret *secretLines
	// header came with the catalog of a running broker.
	header http.Header
	// served marks the response of a running broker.
	served bool
	// generated marks a source without a file, whose positions are meaningless.
	generated bool

	once    sync.Once
	catalog *Catalog
}

// A Fault is a reason why files are not a catalog.
type Fault struct {
	// Rule is the id of the rule that the file breaks.
	Rule string
	At   *Place
	// Message describes the fault.
	Message string
	// Hidden keeps the line out of messages, because it may hold a secret.
	Hidden bool
}

// Faults returns the reasons why the files are not a catalog. With faults, callers must
// use only [Source.Hides] of the source.
func (s *Source) Faults() []Fault { return s.faults }

// Root returns the place of the catalog itself.
func (s *Source) Root() *Place { return Root(s.root) }

// Name is the name of the file, or of the first one. It may be empty.
func (s *Source) Name() string {
	if s.root.File == nil {
		return ""
	}
	return s.root.File.Name
}

// Generated reports whether the source was generated from a value in Go, so that its
// positions are meaningless.
func (s *Source) Generated() bool { return s.generated }

// Hides reports whether a line may hold a secret.
func (s *Source) Hides(file *tree.File, line int) bool { return s.secret.hides(file, line) }

// DefinedJSON returns the catalog as JSON without the fields that the specification
// defines and that are null.
func (s *Source) DefinedJSON() []byte { return withoutNull(s.root, CatalogShape).JSON() }

// withoutNull returns the object without the known fields that are null.
func withoutNull(node *tree.Node, s *Shape) *tree.Node {
	if s == nil || node.Kind != tree.Object {
		return node
	}
	kept := *node
	kept.Members = make([]tree.Member, 0, len(node.Members))
	for _, member := range node.Members {
		known := s.Field(member.Name)
		if known == nil {
			kept.Members = append(kept.Members, member)
			continue
		}
		switch {
		case member.Value.Kind == tree.Null:
			continue
		case known.Shape != nil && member.Value.Kind == tree.Array:
			list := *member.Value
			list.Elements = make([]*tree.Node, len(member.Value.Elements))
			for i, element := range member.Value.Elements {
				list.Elements[i] = withoutNull(element, known.Shape)
			}
			member.Value = &list
		default:
			member.Value = withoutNull(member.Value, known.Shape)
		}
		kept.Members = append(kept.Members, member)
	}
	return &kept
}
