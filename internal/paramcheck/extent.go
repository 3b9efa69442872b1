package paramcheck

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// maxDepth bounds the nesting of parameters and of schemas.
const maxDepth = 100

// maxNumber bounds the digits of a number and its power of ten. "1e999999999" is short, but
// comparing it needs gigabytes of memory.
const maxNumber = 400

// unit is what one step can process at most: bytes of text per instruction of a pattern, or
// digits of a number.
const unit = 64

// An extent is the size of a JSON value: mass in steps for visiting each of its values once,
// and bytes of text.
type extent struct{ mass, bytes int }

// extentOf returns the extent of the value itself, without its members and elements.
func extentOf(value any) extent {
	switch value := value.(type) {
	case map[string]any:
		e := extent{mass: 1 + len(value)}
		for name := range value {
			e.bytes += len(name)
		}
		return e
	case []any:
		return extent{mass: 1 + len(value)}
	case string:
		return extent{1, len(value)}
	case json.Number:
		digits, _ := numberSize(string(value))
		return extent{1 + digits/unit, 0}
	default:
		return extent{1, 0}
	}
}

// A misfit is a value that prevents the validation.
type misfit struct {
	path   []string
	reason string
}

func (m *misfit) Error() string { return pointer(m.path, nil) + ": " + m.reason }

// measure adds the extent of a value and all values in it to total. It returns the first
// value that is nested too deeply, or is too large a number.
func measure(value any, total *extent) error {
	if m := measureAt(value, maxDepth, total); m != nil {
		for i, j := 0, len(m.path)-1; i < j; i, j = i+1, j-1 {
			m.path[i], m.path[j] = m.path[j], m.path[i]
		}
		return m
	}
	return nil
}

// measureAt returns the path of a misfit in reverse.
func measureAt(value any, depth int, total *extent) *misfit {
	e := extentOf(value)
	total.mass += e.mass
	total.bytes += e.bytes
	switch value := value.(type) {
	case map[string]any:
		if depth == 0 {
			return &misfit{reason: "is nested too deeply"}
		}
		for _, name := range sortedNames(value) {
			if m := measureAt(value[name], depth-1, total); m != nil {
				m.path = append(m.path, name)
				return m
			}
		}
	case []any:
		if depth == 0 {
			return &misfit{reason: "is nested too deeply"}
		}
		for i, element := range value {
			if m := measureAt(element, depth-1, total); m != nil {
				m.path = append(m.path, strconv.Itoa(i))
				return m
			}
		}
	case json.Number:
		if _, ok := numberSize(string(value)); !ok {
			return &misfit{reason: fmt.Sprintf("is a number with more than %d digits, or with a larger power of ten", maxNumber)}
		}
	}
	return nil
}

// numberSize returns the number of digits of a number when it is written out, and whether
// that is within the bound.
func numberSize(text string) (int, bool) {
	mantissa, exponent := text, ""
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa, exponent = text[:i], strings.TrimLeft(text[i+1:], "+-")
	}
	power := 0
	if exponent != "" {
		var err error
		if power, err = strconv.Atoi(exponent); err != nil || power > maxNumber {
			return 2 * maxNumber, false
		}
	}
	return len(mantissa) + power, len(mantissa) <= maxNumber
}
