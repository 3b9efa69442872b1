package catalog

import (
	"slices"

	"github.com/openbroker/openbroker"
)

// Check returns what the specification forbids in a catalog that is written in
// Go, and what the named platforms refuse; it returns nil if that is nothing. The
// error is [Errors], without positions: pointers say where.
func Check(c *openbroker.Catalog, platforms ...Platform) error {
	source, err := sourceOf(c)
	if err != nil {
		return err
	}
	found := Lint(source, platforms...)
	return unplaced(slices.DeleteFunc(found, func(f Finding) bool {
		// Without platforms, Lint speaks for all of them.
		return f.Severity != SeverityError || len(platforms) == 0 && len(f.Platforms) > 0
	})).err()
}

// unplaced takes away positions that mean nothing to the author of a catalog in Go.
func unplaced(found Errors) Errors {
	for i := range found {
		found[i].Position, found[i].Source = Position{}, ""
	}
	return found
}

// sourceOf returns the source of a catalog that is written in Go.
func sourceOf(c *openbroker.Catalog) (*Source, error) {
	if c == nil {
		c = &openbroker.Catalog{}
	}
	encoded, err := c.MarshalJSON()
	if err != nil {
		return nil, err
	}
	l := &loader{complete: true}
	if err := l.parseJSON("", encoded); err != nil { // No name: nobody sees these lines.
		return nil, err
	}
	return l.source(false)
}
