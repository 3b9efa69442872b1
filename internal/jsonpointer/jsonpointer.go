// Package jsonpointer escapes the tokens of JSON pointers (RFC 6901, 3).
package jsonpointer

import "strings"

// Escape returns a name as the token of a pointer that means it.
func Escape(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// Unescape returns the name that a token means.
func Unescape(token string) string {
	return strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
}
