package tree

import "iter"

// A Kind is the JSON type of a value.
type Kind uint8

// The kinds of values.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
	// Invalid is a value that JSON cannot represent; see [Node.Fault].
	Invalid
)

// String returns the type with its article, as in "an object".
func (k Kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object", "not a plain value"}[k]
}

// A Place is the beginning of a value or name in a file. Line and Column count from 1,
// Column in characters.
type Place struct {
	File         *File
	Line, Column int
}

// A Node is a value of a document.
type Node struct {
	Place
	Kind Kind
	// Text is the text of a string, the literal of a number in JSON, or true or false.
	Text string
	// Members are the members of an object, in the order of the file. Names may be
	// repeated.
	Members []Member
	// Elements are the elements of an array.
	Elements []*Node
	// Fault describes the fault of an invalid value, as in "has a tag".
	Fault string
	// raw is the text of the value in a JSON document.
	raw []byte
}

// A Member is a name in an object, and its value.
type Member struct {
	// Place is the place of the name.
	Place
	Name  string
	Value *Node
	// Fault describes the fault of an invalid name.
	Fault string
}

// Member returns the value of the first member with the name, or nil. The node may be nil,
// or not an object.
func (n *Node) Member(name string) *Node {
	if n == nil {
		return nil
	}
	for i := range n.Members {
		if n.Members[i].Name == name {
			return n.Members[i].Value
		}
	}
	return nil
}

// Is reports whether the node is not nil and has the kind.
func (n *Node) Is(kind Kind) bool { return n != nil && n.Kind == kind }

// Unique yields the members of an object without repeated names.
func (n *Node) Unique() iter.Seq[*Member] {
	return func(yield func(*Member) bool) {
		var repeated map[int]bool // Nearly always empty.
		for i := range n.Repeated() {
			if repeated == nil {
				repeated = map[int]bool{}
			}
			repeated[i] = true
		}
		for i := range n.Members {
			if !repeated[i] && !yield(&n.Members[i]) {
				return
			}
		}
	}
}

// Repeated yields the indexes of the members with repeated names, each with the first member
// of that name.
func (n *Node) Repeated() iter.Seq2[int, *Member] {
	return func(yield func(int, *Member) bool) {
		if len(n.Members) <= 16 { // Faster than a map.
			for i := range n.Members {
				for j := range i {
					if n.Members[j].Name == n.Members[i].Name {
						if !yield(i, &n.Members[j]) {
							return
						}
						break
					}
				}
			}
			return
		}
		first := make(map[string]*Member, len(n.Members))
		for i := range n.Members {
			member := &n.Members[i]
			if earlier, ok := first[member.Name]; ok {
				if !yield(i, earlier) {
					return
				}
				continue
			}
			first[member.Name] = member
		}
	}
}
