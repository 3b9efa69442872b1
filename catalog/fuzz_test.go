package catalog_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/internal/catalogtest"
)

// LoadSource reads or refuses any file. Writing and reading a catalog again does not
// change it.
func FuzzLoad(f *testing.F) {
	catalogtest.AddSeeds(f, "..")
	f.Fuzz(func(t *testing.T, data []byte, isJSON bool) {
		s := catalogtest.ParseFuzzed(t, data, isJSON)
		if s == nil {
			return
		}
		c, err := s.Catalog()
		if err != nil {
			var list catalog.Errors
			if c != nil || !errors.As(err, &list) {
				t.Fatalf("%v with %v", c, err)
			}
			catalogtest.CheckFindings(t, data, list)
			return
		}
		first, err := c.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := catalog.ParseSource("again.json", first)
		if err != nil {
			t.Fatalf("%v: %s", err, first)
		}
		c, err = again.Catalog()
		if err != nil {
			t.Fatalf("%v: %s", err, first)
		}
		second, err := c.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Errorf("first\n%s\nthen\n%s", first, second)
		}
	})
}
