package conformance

import (
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
)

// formats has an example of each supported format.
var formats = map[string]string{
	"date-time": "2030-01-01T00:00:00Z", "date": "2030-01-01", "time": "00:00:00Z", "duration": "PT1H",
	"email": "conformance@example.com", "hostname": "conformance.example.com",
	"ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "uri": "https://example.com/conformance",
	"uri-reference": "/conformance", "uuid": "05bc4ec0-0000-4000-8000-000000000000", "regex": "^a$",
	"json-pointer": "/a",
}

// string generates a string with the length, pattern or format that the schema
// requires.
func (g *generator) string(schema map[string]any) string {
	least := min(integerOf(schema["minLength"], 0), maxGenerateLength)
	most := min(integerOf(schema["maxLength"], maxGenerateLength), maxGenerateLength)
	if pattern, ok := schema["pattern"].(string); ok {
		if value, ok := fromPattern(pattern, least, g.variant); ok {
			return value
		}
	}
	if format, ok := schema["format"].(string); ok && formats[format] != "" {
		return formats[format]
	}
	value := "conformance"
	if g.variant > 0 {
		value = strconv.Itoa(g.variant) + "conformance"
	}
	for len(value) < least {
		value += "x"
	}
	return value[:max(min(len(value), most), 0)]
}

// fromPattern generates a string that matches a regular expression. It reports
// false for a pattern that package regexp does not support.
func fromPattern(pattern string, least, variant int) (string, bool) {
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return "", false
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", false
	}
	// Add repetitions until the string is long enough.
	for extra := range 64 {
		var b strings.Builder
		build(&b, parsed.Simplify(), extra, variant, 0)
		value := b.String()
		if len(value) > maxGenerateLength {
			return "", false
		}
		if len([]rune(value)) >= least && expression.MatchString(value) {
			return value, true
		}
	}
	return "", false
}

// build writes a string that matches an expression. It repeats each repeatable
// part extra times more than required.
func build(b *strings.Builder, expression *syntax.Regexp, extra, variant, depth int) {
	if depth > 64 || b.Len() > maxGenerateLength {
		return
	}
	times := func(sub *syntax.Regexp, count int) {
		for range min(count, maxGenerateLength) {
			build(b, sub, extra, variant, depth+1)
		}
	}
	switch expression.Op {
	case syntax.OpLiteral:
		b.WriteString(string(expression.Rune))
	case syntax.OpCharClass:
		b.WriteRune(pick(expression.Rune, variant))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('a' + byte(variant%26)) //nolint:gosec // The remainder is below 26.
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range expression.Sub {
			build(b, sub, extra, variant, depth+1)
		}
	case syntax.OpAlternate:
		build(b, expression.Sub[min(variant, len(expression.Sub)-1)], extra, variant, depth+1)
	case syntax.OpStar, syntax.OpQuest:
		if expression.Op == syntax.OpQuest {
			times(expression.Sub[0], min(extra, 1))
		} else {
			times(expression.Sub[0], extra)
		}
	case syntax.OpPlus:
		times(expression.Sub[0], 1+extra)
	default:
	}
}

// pick chooses a character of a class of ranges, preferably a letter or digit.
func pick(ranges []rune, variant int) rune {
	var plain []rune
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := max(ranges[i], '0'); r <= min(ranges[i+1], 'z') && len(plain) <= variant; r++ {
			if r <= '9' || r >= 'a' || r >= 'A' && r <= 'Z' {
				plain = append(plain, r)
			}
		}
	}
	if len(plain) > 0 {
		return plain[min(variant, len(plain)-1)]
	}
	if len(ranges) == 0 {
		return 'x'
	}
	return ranges[0]
}
