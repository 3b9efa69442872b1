package openbroker

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// parseQuery reads a query string. It splits at & only and takes what cannot be
// decoded as it stands: an operation is the broker's own string, which may have
// semicolons and percent signs, and some platforms do not escape it.
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
