package paramcheck

import (
	"bytes"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// MaxWork is the bound of a validation.
const MaxWork = maxWork

// A Probe gives tests access to the validation of a schema.
type Probe struct {
	text []byte
	s    *Schema
}

// NewProbe fails if the schema does not compile.
func NewProbe(text []byte) (*Probe, error) {
	s, err := Compile(text)
	return &Probe{text, s}, err
}

// Check calls Check of the schema.
func (p *Probe) Check(parameters []byte) error { return p.s.Check(parameters) }

// FastPath reports whether the fast path accepts parameters.
func (p *Probe) FastPath(parameters []byte) bool {
	return p.s.fast != nil && p.s.fast.accepts(parameters)
}

// Library returns the verdict of the library alone, for affordable parameters.
func (p *Probe) Library(parameters []byte) error {
	root, _, err := compileText(p.text)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(parameters))
	if err != nil {
		return err
	}
	return root.Validate(value)
}

// Work returns how many parts of the schema were applied to values, and the estimate of
// steps; ok is false if the estimate is too high.
func (p *Probe) Work(parameters []byte) (taken, foreseen int, ok bool) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(parameters))
	var total extent
	if err != nil || measure(value, &total) != nil || !p.s.affordable(value, total) {
		return 0, 0, false
	}
	w := &walk{facts: p.s.facts, memo: map[visit]int{}}
	foreseen = w.cost(p.s.root, newNode(value))
	counted := &counter{}
	for part := range p.s.facts {
		part.Extensions = append(part.Extensions, counted)
	}
	_ = p.s.root.Validate(value)
	for part := range p.s.facts {
		part.Extensions = part.Extensions[:len(part.Extensions)-1]
	}
	return counted.n, foreseen, true
}

type counter struct{ n int }

func (c *counter) Validate(*jsonschema.ValidatorContext, any) { c.n++ }

// LibraryFindsDuplicates reports whether a part leaves uniqueItems to the library.
func (p *Probe) LibraryFindsDuplicates() bool {
	for part := range p.s.facts {
		if part.UniqueItems {
			return true
		}
	}
	return false
}
