package paramcheck

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The bounds of a regular expression. The time to match grows with the length of the text
// times the size of the compiled pattern. "(.{1000}){9}" is short, but large when compiled.
const (
	maxPattern     = 4 << 10
	maxPatternSize = 10_000
)

// A pattern is a compiled regular expression and its size in instructions.
type pattern struct {
	*regexp.Regexp
	size int
}

var _ jsonschema.Regexp = (*pattern)(nil)

// A patternError is the reason why a regular expression cannot be used.
type patternError struct{ reason string }

func (e *patternError) Error() string { return e.reason }

// compilePattern compiles patterns for the compiler. The syntax is that of RE2, which
// lacks the constructs of ECMA-262 that take exponential time: look-ahead, look-behind and
// back references.
func compilePattern(text string) (jsonschema.Regexp, error) {
	if len(text) > maxPattern {
		return nil, &patternError{fmt.Sprintf("the pattern has %d bytes, more than %d", len(text), maxPattern)}
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	var wrong *syntax.Error
	if errors.As(err, &wrong) {
		return nil, &patternError{fmt.Sprintf("the pattern is not valid in RE2: %s in %q (RE2 has no look-ahead, look-behind and back references)", wrong.Code, shorten(wrong.Expr, maxShown))}
	}
	if err != nil {
		return nil, &patternError{"the pattern is not valid in RE2"}
	}
	size := instructions(parsed)
	if size > maxPatternSize {
		return nil, &patternError{fmt.Sprintf("the pattern is too large: with its repetitions it has %d instructions, more than %d", size, maxPatternSize)}
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		return nil, &patternError{"the pattern cannot be compiled"}
	}
	return &pattern{compiled, size}, nil
}

// instructions returns an upper bound of the size of a compiled pattern, without compiling
// it.
func instructions(e *syntax.Regexp) int {
	const limit = 100 * maxPatternSize
	size := 2 + len(e.Rune)
	for _, sub := range e.Sub {
		size = min(size+instructions(sub), limit)
	}
	if e.Op == syntax.OpRepeat {
		size *= max(e.Max, e.Min+1, 1)
	}
	return min(size, limit)
}
