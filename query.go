package openbroker

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// A query has the parameters of a query string, in order.
type query []parameter

type parameter struct{ name, value string }

// get returns the first value of a parameter, or "".
func (q query) get(name string) string {
	for i := range q {
		if q[i].name == name {
			return q[i].value
		}
	}
	return ""
}

// parseQuery appends the parameters of a query string. It splits only at & and keeps
// values that cannot be decoded: brokers choose the operation, which may contain
// semicolons and percent signs, and some platforms do not escape it.
func parseQuery(q query, raw string) query {
	for raw != "" {
		var pair string
		if pair, raw, _ = strings.Cut(raw, "&"); pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		q = append(q, parameter{unescapeQuery(name), unescapeQuery(value)})
	}
	return q
}

func unescapeQuery(s string) string {
	unescaped, err := url.QueryUnescape(s)
	if err != nil || !utf8.ValidString(unescaped) {
		return s
	}
	return unescaped
}
