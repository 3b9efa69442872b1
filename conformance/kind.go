package conformance

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A kind is a set of JSON values, such as "a non-empty string".
type kind struct {
	words string
	is    func(any) bool
}

var (
	aString  = kind{"a string", func(v any) bool { _, ok := v.(string); return ok }}
	aBoolean = kind{"a boolean", func(v any) bool { _, ok := v.(bool); return ok }}
	anObject = kind{"an object", func(v any) bool { _, ok := v.(map[string]any); return ok }}
	anArray  = kind{"an array", func(v any) bool { _, ok := v.([]any); return ok }}
	text     = kind{"a non-empty string", func(v any) bool { s, ok := v.(string); return ok && s != "" }}
	seconds  = kind{"a whole number of seconds", func(v any) bool {
		n, ok := v.(json.Number)
		if !ok {
			return false
		}
		count, err := strconv.ParseInt(string(n), 10, 64)
		return err == nil && count >= 0
	}}
	guid    = kind{"a GUID", func(v any) bool { s, ok := v.(string); return ok && guidPattern.MatchString(s) }}
	cliName = kind{"a string of letters, digits, periods and hyphens", func(v any) bool {
		s, ok := v.(string)
		return ok && cliPattern.MatchString(s)
	}}
	semver = kind{"a semantic version", func(v any) bool {
		s, ok := v.(string)
		return ok && semverPattern.MatchString(s)
	}}
	timestamp = kind{"a time like 2019-12-31T23:59:59.0Z", func(v any) bool { _, ok := parseTime(v); return ok }}
	aURL      = kind{"a URL with a scheme", func(v any) bool {
		s, _ := v.(string)
		u, err := url.Parse(s)
		return err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "" || u.Path != "")
	}}
	texts = kind{"an array of strings", func(v any) bool {
		array, ok := v.([]any)
		return ok && !slices.ContainsFunc(array, func(e any) bool { return !aString.is(e) })
	}}
)

var (
	guidPattern   = regexp.MustCompile(`^[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$`)
	cliPattern    = regexp.MustCompile(`^[0-9A-Za-z.-]+$`)
	semverPattern = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)` +
		`(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?` +
		`(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)
	timePattern = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$`)
)

// parseTime parses yyyy-mm-ddThh:mm:ss.sZ, the pattern of binding metadata.
func parseTime(v any) (time.Time, bool) {
	s, _ := v.(string)
	if !timePattern.MatchString(s) {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339Nano, s)
	return at, err == nil
}

// or returns the union of two kinds.
func (k kind) or(other kind) kind {
	return kind{k.words + " or " + other.words, func(v any) bool { return k.is(v) || other.is(v) }}
}

// null is the JSON value null. notNull is any other value.
var (
	null    = kind{"null", func(v any) bool { return v == nil }}
	notNull = kind{"not null", func(v any) bool { return v != nil }}
)

// oneOf returns the kind of these strings.
func oneOf(values ...string) kind {
	words := quoted(values)
	if len(values) > 1 {
		words = "one of " + words
	}
	return kind{words, func(v any) bool {
		s, ok := v.(string)
		return ok && slices.Contains(values, s)
	}}
}

// atMost returns the kind of strings of at most limit characters.
func atMost(limit int) kind {
	return kind{fmt.Sprintf("a string of at most %d characters", limit), func(v any) bool {
		s, ok := v.(string)
		return ok && len([]rune(s)) <= limit
	}}
}

func quoted(values []string) string {
	words := make([]string, len(values))
	for i, value := range values {
		words[i] = strconv.Quote(value)
	}
	return strings.Join(words, ", ")
}

// lookup finds a member by its path, such as "metadata.labels".
func lookup(value any, path string) (any, bool) {
	for name := range strings.SplitSeq(path, ".") {
		object, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, ok = object[name]; !ok {
			return nil, false
		}
	}
	return value, true
}

// show prints a JSON value for a message, shortened. It prints only the type of
// objects and arrays because their content may be secret.
func show(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case string:
		return strconv.Quote(clip(value, 80))
	case map[string]any:
		return "an object"
	case []any:
		return fmt.Sprintf("an array of %d", len(value))
	default:
		return clip(fmt.Sprint(value), 80)
	}
}
