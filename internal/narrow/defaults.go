package narrow

import (
	"maps"
	"slices"
)

// A Default is a default value that has changed.
type Default struct {
	// Pointer is its place in both schemas.
	Pointer string
	// Before and After are the values as JSON, shortened, or "none".
	Before, After string
}

// Defaults returns the defaults that differ at places that both schemas have, in the order of
// their pointers.
func Defaults(before, after []byte) []Default {
	old, err := decode(before)
	if err != nil {
		return nil
	}
	value, err := decode(after)
	if err != nil {
		return nil
	}
	var found []Default
	defaults(old, value, "", true, &found)
	return found
}

// defaults walks through both values. schema is true if they are schemas, and false if
// they map names to schemas.
func defaults(before, after any, pointer string, schema bool, found *[]Default) {
	old, ok := before.(map[string]any)
	if !ok {
		return
	}
	value, ok := after.(map[string]any)
	if !ok {
		return
	}
	if schema {
		was, had := old["default"]
		is, has := value["default"]
		if had != has || canonical(was) != canonical(is) {
			*found = append(*found, Default{Pointer: child(pointer, "default"), Before: shown(was, had), After: shown(is, has)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if schema && name != "properties" && name != "items" && name != "definitions" && name != "$defs" {
			continue
		}
		defaults(old[name], value[name], child(pointer, name), !schema || name == "items", found)
	}
}

func shown(value any, there bool) string {
	if !there {
		return "none"
	}
	return brief(value)
}
