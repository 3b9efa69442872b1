package openbroker

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// parseQuery parses a query string. It splits only at & and keeps values that
// cannot be decoded: brokers choose the operation, which may contain semicolons and
// percent signs, and some platforms do not escape it.
func parseQuery(raw string) url.Values {
	if raw == "" {
		return nil
	}
	query := url.Values{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		query.Add(unescapeQuery(name), unescapeQuery(value))
	}
	return query
}

func unescapeQuery(s string) string {
	unescaped, err := url.QueryUnescape(s)
	if err != nil || !utf8.ValidString(unescaped) {
		return s
	}
	return unescaped
}
