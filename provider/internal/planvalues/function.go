package planvalues

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/openbroker/openbroker/internal/narrow"
)

// A function is a function of templates.
type function struct {
	// use is how it is used, for messages.
	use string
	// least and most bound the number of arguments; most is 0 if there is no bound.
	least, most int
	// absent says that arguments may be missing or null.
	absent bool
	// decides, unless nil, is the truth of an argument that is the result, so that the
	// arguments after it are not evaluated.
	decides *bool
	call    func(arguments []any) (any, error)
}

// functions are all functions, by name. docs/plans.md describes them.
var functions = map[string]*function{
	"default":    {use: "default VALUE X", least: 2, most: 2, absent: true, call: defaulted},
	"lower":      onText("lower X", strings.ToLower),
	"upper":      onText("upper X", strings.ToUpper),
	"trim":       onText("trim X", strings.TrimSpace),
	"trimPrefix": onTexts("trimPrefix TEXT X", func(prefix, s string) string { return strings.TrimPrefix(s, prefix) }),
	"trimSuffix": onTexts("trimSuffix TEXT X", func(suffix, s string) string { return strings.TrimSuffix(s, suffix) }),
	"replace":    {use: "replace OLD NEW X", least: 3, most: 3, call: replaced},
	"truncate":   {use: "truncate N X", least: 2, most: 2, call: truncated},
	"label":      onText("label X", labelOf),
	"slug":       onTexts("slug SEPARATOR X", slugOf),
	"join":       {use: "join SEPARATOR LIST", least: 2, most: 2, call: joined},
	"json":       {use: "json X", least: 1, most: 1, call: func(arguments []any) (any, error) { return encoded(arguments[0]), nil }},
	"urlencode":  onText("urlencode X", urlEncoded),
	"b64":        onText("b64 X", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }),
	"sha256hex":  onText("sha256hex X", hashed),
	"index":      {use: "index X KEY...", least: 2, call: indexed},
	"eq":         {use: "eq X Y", least: 2, most: 2, call: func(arguments []any) (any, error) { return equal(arguments[0], arguments[1]) }},
	"ne":         {use: "ne X Y", least: 2, most: 2, call: different},
	"not":        {use: "not X", least: 1, most: 1, call: negated},
	"and":        {use: "and X Y...", least: 2, decides: new(bool), call: last},
	"or":         {use: "or X Y...", least: 2, decides: truth(), call: last},
}

// insteadOf says what to use for functions that text/template has.
var insteadOf = map[string]string{
	"print": "{{ X }}", "printf": "text around {{ X }}", "println": "{{ X }}", "html": "the text itself", "js": "json",
	"urlquery": "urlencode", "call": "no functions as values", "len": "if for an empty text or list", "slice": "truncate",
}

func truth() *bool {
	yes := true
	return &yes
}

func onText(use string, f func(string) string) *function {
	return &function{use: use, least: 1, most: 1, call: func(arguments []any) (any, error) {
		s, err := textOf(arguments[0])
		if err != nil {
			return nil, err
		}
		return f(s), nil
	}}
}

func onTexts(use string, f func(first, second string) string) *function {
	return &function{use: use, least: 2, most: 2, call: func(arguments []any) (any, error) {
		s, err := textsOf(arguments)
		if err != nil {
			return nil, err
		}
		return f(s[0], s[1]), nil
	}}
}

func defaulted(arguments []any) (any, error) {
	if _, err := present(arguments[1]); err != nil || arguments[1] == "" {
		return arguments[0], nil //nolint:nilerr // The error is why the default is wanted.
	}
	return arguments[1], nil
}

func replaced(arguments []any) (any, error) {
	s, err := textsOf(arguments)
	if err != nil {
		return nil, err
	}
	before, after, in := s[0], s[1], s[2]
	if before == "" {
		return nil, wrongf("replace needs a text to replace")
	}
	if len(in)+strings.Count(in, before)*(len(after)-len(before)) > maxOutput {
		return nil, tooLong()
	}
	return strings.ReplaceAll(in, before, after), nil
}

func truncated(arguments []any) (any, error) {
	n, ok := countOf(arguments[0])
	if !ok {
		return nil, wrongf(needsCount)
	}
	s, err := textOf(arguments[1])
	if err != nil {
		return nil, err
	}
	for i := range s {
		if n == 0 {
			return s[:i], nil
		}
		n--
	}
	return s, nil
}

const needsCount = "truncate needs a number of characters"

// countOf returns the first argument of truncate, and whether it is one.
func countOf(argument any) (int, bool) {
	number, _ := argument.(json.Number)
	n, err := strconv.Atoi(string(number))
	return n, err == nil && n >= 0
}

// maxLabel is the longest value of a label that platforms accept.
const maxLabel = 63

func labelOf(s string) string {
	s = runs(s, "-", func(c byte) bool { return isAlphanumeric(c) || c == '-' || c == '_' || c == '.' })
	s = strings.TrimLeft(s, "-_.")
	return strings.TrimRight(s[:min(len(s), maxLabel)], "-_.")
}

func slugOf(separator, s string) string {
	s = runs(s, "\x00", isAlphanumeric)
	return strings.ReplaceAll(strings.ToLower(strings.Trim(s, "\x00")), "\x00", separator)
}

// runs replaces each run of bytes that are not kept.
func runs(s, by string, kept func(c byte) bool) string {
	var out strings.Builder
	inRun := false
	for i := range len(s) {
		switch {
		case kept(s[i]):
			out.WriteByte(s[i])
			inRun = false
		case !inRun:
			out.WriteString(by)
			inRun = true
		}
	}
	return out.String()
}

func isAlphanumeric(c byte) bool {
	return c < utf8.RuneSelf && (unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c)))
}

func joined(arguments []any) (any, error) {
	separator, err := textOf(arguments[0])
	if err != nil {
		return nil, err
	}
	list, ok := arguments[1].([]any)
	if !ok {
		return nil, wrongf("join needs a list, not %s", kindOf(arguments[1]))
	}
	texts := make([]string, len(list))
	size := 0
	for i, element := range list {
		if texts[i], err = textOf(element); err != nil {
			return nil, err
		}
		if size += len(texts[i]) + len(separator); size > maxOutput+len(separator) {
			return nil, tooLong()
		}
	}
	return strings.Join(texts, separator), nil
}

// urlEncoded encodes all bytes but the unreserved ones (RFC 3986, 2.3), so that the
// result is right in each part of a URL.
func urlEncoded(s string) string {
	const digits = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(s) {
		if c := s[i]; isAlphanumeric(c) || strings.IndexByte("-._~", c) >= 0 {
			out.WriteByte(c)
		} else {
			out.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return out.String()
}

func hashed(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func indexed(arguments []any) (any, error) {
	value := arguments[0]
	for i, key := range arguments[1:] {
		switch container := value.(type) {
		case map[string]any:
			name, ok := key.(string)
			if !ok {
				return nil, wrongf("index needs a name for an object, not %s", kindOf(key))
			}
			value = member(container, name, "")
		case []any:
			number, _ := key.(json.Number)
			n, err := strconv.Atoi(string(number))
			if err != nil || n < 0 {
				return nil, wrongf("index needs a number from 0 for a list, not %s", kindOf(key))
			}
			if n >= len(container) || container[n] == nil {
				return absent{null: n < len(container)}, nil
			}
			value = container[n]
		case absent:
			return value, nil
		default:
			return nil, wrongf("index needs an object or a list, not %s (argument %d)", kindOf(value), i+1)
		}
	}
	return value, nil
}

func equal(a, b any) (bool, error) {
	if kindOf(a) != kindOf(b) {
		return false, wrongf("eq and ne compare values of one type, not %s with %s", kindOf(a), kindOf(b))
	}
	switch a := a.(type) {
	case json.Number:
		b, _ := b.(json.Number)
		return narrow.Same([]byte(a), []byte(b)), nil
	case string, bool:
		return a == b, nil
	default:
		return false, wrongf("eq and ne compare texts, numbers and booleans, not %s", kindOf(a))
	}
}

func different(arguments []any) (any, error) {
	same, err := equal(arguments[0], arguments[1])
	return !same, err
}

func negated(arguments []any) (any, error) {
	truth, err := isTrue(arguments[0])
	return !truth, err
}

func last(arguments []any) (any, error) { return arguments[len(arguments)-1], nil }
