// Package jsonpointer escapes the tokens of JSON pointers (RFC 6901, 3).
package jsonpointer

import "strings"

// Escape returns the token of a pointer for a name.
func Escape(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// Unescape returns the name for a token of a pointer.
func Unescape(token string) string {
	return strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
}
